internal import III
internal import IIIMockEngine

/// `iii-dev bench`: what calls through an engine take, whichever engine it is.
struct BenchCommand {
  private let options: BenchOptions
  private let console: Console

  init(_ options: BenchOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    if options.wantsHelp {
      console.writeOut(Help.text(of: .bench))
      return .success
    }
    let callee = try await connect("iii-dev bench callee")
    let caller = try await connect("iii-dev bench caller")
    let functionID = "iii-dev::bench::\(callee.workerID ?? "echo")"
    try callee.registerFunction(functionID) { (payload: BenchPayload) async in payload }
    do {
      // The callee calls it first: the engine handles its messages in their order, so the function is there afterwards.
      let payload = BenchPayload(text: String(repeating: "x", count: options.bytes))
      _ = try await callee.trigger(functionID, payload: payload, as: BenchPayload.self)
      console.out(
        "\(IIIConnectionError.redacted(options.url)): calls of \(options.bytes) bytes from one worker to another and back, "
          + "\(options.seconds) s each")
      console.out(Self.line("callers", "rate", "p50", "p99"))
      for callers in Self.callers {
        _ = try await measure(callers, .milliseconds(200), caller, functionID, payload)  // warms up
        let span = Duration.milliseconds(Int64(options.seconds * 1000))
        console.out(try await measure(callers, span, caller, functionID, payload).line(callers))
      }
    } catch let error as IIIInvocationError {
      throw Failure(text: "a call failed: \(error)")
    }
    await caller.shutdown()
    await callee.shutdown()
    return .success
  }

  private static let callers = [1, 16, 64]

  private func connect(_ name: String) async throws(Failure) -> III {
    var settings = InitOptions(workerName: name)
    settings.reconnection.maxRetries = 0
    do {
      return try await registerWorker(options.url, options: settings)
    } catch {
      throw Failure(text: "cannot connect to \(IIIConnectionError.redacted(options.url)): \(error)")
    }
  }

  /// So many callers for a while; each waits for its result before it calls again.
  private func measure(
    _ callers: Int, _ span: Duration, _ worker: III, _ functionID: String, _ payload: BenchPayload
  ) async throws -> BenchResult {
    let begin = ContinuousClock.now
    let end = begin + span
    let times = try await withThrowingTaskGroup(of: [Int64].self) { group in
      for _ in 0..<callers {
        group.addTask {
          var times: [Int64] = []
          var last = ContinuousClock.now
          // Once at least, however late the task begins.
          repeat {
            _ = try await worker.trigger(functionID, payload: payload, as: BenchPayload.self)
            let now = ContinuousClock.now
            times.append(Int64(clamping: (now - last).nanoseconds))
            last = now
          } while last < end
          return times
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    return BenchResult(times, within: ContinuousClock.now - begin)
  }

  fileprivate static func line(_ callers: String, _ rate: String, _ p50: String, _ p99: String) -> String {
    func right(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(width - text.count, 2)) + text
    }
    return right(callers, 7) + right(rate, 14) + right(p50, 13) + right(p99, 13)
  }
}

private struct BenchPayload: Codable, Sendable {
  var text: String
}

/// The times of calls, in nanoseconds.
struct BenchResult: Equatable {
  private(set) var rate: Double
  private(set) var p50: Int64
  private(set) var p99: Int64

  init(_ times: [Int64], within span: Duration) {
    let sorted = times.sorted()
    func at(_ share: Double) -> Int64 { sorted.isEmpty ? 0 : sorted[Int(Double(sorted.count - 1) * share)] }
    p50 = at(0.5)
    p99 = at(0.99)
    rate = Double(times.count) / max(Double(span.nanoseconds) / 1e9, 1e-9)
  }

  func line(_ callers: Int) -> String {
    func microseconds(_ nanoseconds: Int64) -> String { "\(nanoseconds / 1000).\(nanoseconds % 1000 / 100) µs" }
    return BenchCommand.line("\(callers)", "\(Int(rate)) /s", microseconds(p50), microseconds(p99))
  }
}

/// The command line of `bench`.
struct BenchOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(name: "--seconds", value: "S", help: "How long each number of callers is measured (default: 2)"),
    OptionDefinition(
      name: "--bytes", value: "N", help: "The size of the text that is sent and returned (default: 300)"),
    .help,
  ]

  /// The engine's address.
  private(set) var url: String
  private(set) var seconds = 2.0
  private(set) var bytes = 300
  private(set) var wantsHelp = false

  init(_ arguments: [String], environment: Variables = .process) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    wantsHelp = parsed.has("--help")
    guard parsed.operands.count < 2 else { throw UsageError(message: "expected: iii-dev bench [ADDRESS] [OPTIONS]") }
    url = try TriggerOptions.url(address: parsed.operands.first, port: nil, variable: environment["III_URL"])
    if let text = parsed["--seconds"] {
      guard let value = Double(text), (0.1...3600).contains(value) else {
        throw UsageError(message: "option '--seconds': '\(text)' is not a number of seconds (0.1 to 3600)")
      }
      seconds = value
    }
    if let text = parsed["--bytes"] {
      guard let value = Int(text), (0...10_000_000).contains(value) else {
        throw UsageError(message: "option '--bytes': '\(text)' is not a number of bytes (0 to 10000000)")
      }
      bytes = value
    }
  }
}
