internal import III
internal import Transcripts
internal import UV

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// `iii-dev replay`: plays the engine's side of a recording to a command, and reports the first difference.
struct ReplayCommand {
  private let options: ReplayOptions
  private let console: Console

  init(_ options: ReplayOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    if options.wantsHelp {
      console.writeOut(Help.text(of: .replay))
      return .success
    }
    let replay = try Self.load(options.file)
    let loop = try Loop(name: "iii-dev replay")
    let session = Lock<LoopBound<ReplaySession>?>(nil)
    let options = options
    let result: Result<ReplaySession.End, Failure> = await withCheckedContinuation { continuation in
      loop.post {
        do throws(Failure) {
          let playing = ReplaySession(replay, options, on: loop) { continuation.resume(returning: .success($0)) }
          session.withLock { $0 = LoopBound(playing, on: loop) }
          try playing.start()
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    _ = await loop.stop()
    session.withLock { $0 = nil }
    let end = try result.get()
    if let difference = end.difference {
      console.error("Error: the worker does something else than in \(options.file)\n\(difference)")
      return .failure
    }
    guard end.status == .success else {
      console.error(
        "Error: the worker did all that is in \(options.file), but its command ended with \(end.status.rawValue)")
      return end.status
    }
    console.error("replayed \(options.file): no difference")
    return .success
  }

  private static func load(_ path: String) throws(Failure) -> Replay {
    let bytes: [UInt8]
    do throws(UVError) { bytes = try FileBytes.read(path, limit: 1 << 30) } catch {
      throw Failure(text: "cannot read the recording \(path): \(error.reason)")
    }
    do throws(Transcript.Unreadable) {
      return try Replay(Transcript(parsing: String(decoding: bytes, as: UTF8.self)))
    } catch {
      throw Failure(text: "\(path) is no recording of iii-dev record: \(error.description)")
    }
  }
}

/// A listener that plays an engine, and the command that connects to it. Confined to its loop.
private final class ReplaySession {
  struct End: Sendable {
    let difference: String?
    let status: ExitStatus
  }

  private let options: ReplayOptions
  private let loop: Loop
  private var ended: ((End) -> Void)?
  private var replay: Replay
  private var connections: [Int: ReplayConnection] = [:]
  private var lastConnection = 0
  private var command: ChildCommand?
  private var difference: String?
  /// How many things workers have done.
  private var events = 0
  private var status: ExitStatus?
  /// Whether this process has ended the command.
  private var hasEndedCommand = false
  private let patience: LoopTimer

  /// How long a command whose recording is played to its end may go on, before it is told to end.
  private static let grace = UInt64(5_000_000_000)

  init(_ replay: Replay, _ options: ReplayOptions, on loop: Loop, _ ended: @escaping (End) -> Void) {
    self.replay = replay
    self.options = options
    self.loop = loop
    self.ended = ended
    patience = LoopTimer(on: loop)
  }

  func start() throws(Failure) {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: 0) else { return }
    let listener: TCPListener
    do throws(UVError) {
      listener = try TCPListener.listen(on: loop, at: address) { [self] in accepted($0) }
    } catch {
      throw Failure(text: "cannot listen at \(address): \(error)")
    }
    let url = "ws://\(listener.address)"
    command = try ChildCommand(options.command, variables: [("III_URL", url)], on: loop) { [self] end in
      commandEnded(ExitStatus(of: end))
    }
    wait()
  }

  private func accepted(_ stream: TCPStream) {
    lastConnection += 1
    let number = lastConnection
    let connection = ReplayConnection(stream) { [self] event in happened(event, at: number) }
    connections[number] = connection
    connection.start()
  }

  private func happened(_ event: ReplayConnection.Event, at number: Int) {
    events += 1
    switch event {
    // Telemetry differs in each run and is not in recordings.
    case .opened("/otel", _): connections[number]?.accept()
    case .opened(let path, let query): perform(replay.opened(number, path: path + (query.map { "?\($0)" } ?? "")))
    case .message(let message): perform(replay.received(message.json, from: number))
    case .ended:
      connections[number] = nil
      perform(replay.closed(number))
    }
  }

  private func perform(_ actions: [Replay.Action]) {
    for action in actions {
      switch action {
      case .accept(let number): connections[number]?.accept()
      case .refuse(let number, let status, let body): connections[number]?.refuse(status, body)
      case .send(let number, let message): connections[number]?.send(message)
      case .close(let number, let code, let reason): connections.removeValue(forKey: number)?.close(code, reason)
      case .finish: break
      case .fail(let difference):
        self.difference = difference.description
        endCommand()
      }
    }
    if difference == nil { wait() }
  }

  /// Waits for what comes next, for as long as the options say; a command that has only to end is told to after a moment.
  private func wait() {
    guard !hasEndedCommand, status == nil else { return }
    if replay.awaitsOnlyEnds {
      patience.start(afterNanoseconds: Self.grace) { [self] in endCommand() }
    } else {
      patience.start(afterNanoseconds: options.timeoutMilliseconds * 1_000_000) { [self] in
        perform(replay.ended("nothing came for \(options.timeoutMilliseconds) ms"))
      }
    }
  }

  private func endCommand() {
    patience.stop()
    guard !hasEndedCommand else { return }
    hasEndedCommand = true
    if status == nil { command?.end(by: SIGTERM) } else { finish() }
  }

  private func commandEnded(_ status: ExitStatus) {
    self.status = status
    guard difference == nil, !hasEndedCommand else { return finish() }
    readRest(status)
  }

  /// Waits until nothing more comes of the bytes that the command has left behind.
  private func readRest(_ status: ExitStatus) {
    let seen = events
    patience.start(afterNanoseconds: 100_000_000) { [self] in
      if events != seen { return readRest(status) }
      perform(replay.ended("the command has ended with status \(status.rawValue)"))
      finish()
    }
  }

  private func finish() {
    patience.stop()
    let ended = ended
    self.ended = nil
    ended?(End(difference: difference, status: hasEndedCommand ? .success : status ?? .success))
  }
}

/// The command line of `replay`.
struct ReplayOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(
      name: "--timeout-ms", value: "MS", help: "How long to wait for the worker's next message (default: 30000)"),
    .help,
  ]

  private(set) var file = ""
  private(set) var command: [String] = []
  private(set) var timeoutMilliseconds: UInt64 = 30_000
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
    let parsed = try ParsedArguments(Array(arguments[..<end]), options: Self.definitions)
    wantsHelp = parsed.has("--help")
    command = Array(arguments[end...].dropFirst())
    if wantsHelp { return }
    if let text = parsed["--timeout-ms"] {
      guard let number = UInt64(text), number > 0, number <= 86_400_000 else {
        throw UsageError(message: "option '--timeout-ms': '\(text)' is not a number of milliseconds from 1 to 86400000")
      }
      timeoutMilliseconds = number
    }
    guard let file = parsed.operands.first else {
      throw UsageError(message: "missing FILE: iii-dev replay FILE -- COMMAND …")
    }
    if parsed.operands.count > 1 {
      throw UsageError(
        message:
          "unexpected argument '\(parsed.operands[1])': the command goes behind `--`, as in -- \(parsed.operands[1])")
    }
    self.file = file
    if command.isEmpty { throw UsageError(message: "missing COMMAND: iii-dev replay FILE -- COMMAND …") }
  }
}
