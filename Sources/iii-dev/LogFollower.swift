internal import III
internal import IIIMockEngine

/// `iii-dev logs --follow`: what the engine has, then each record as it is logged, by a trigger of type `log`.
struct LogFollower {
  private let engine: EngineCaller
  private let options: ShowOptions
  private let console: Console

  init(_ engine: EngineCaller, _ options: ShowOptions, console: Console) {
    self.engine = engine
    self.options = options
    self.console = console
  }

  /// Returns when the connection ends.
  func run() async throws(Failure) -> ExitStatus {
    let worker = try await engine.connect()
    do {
      try await follow(worker)
    } catch {
      await worker.shutdown()
      throw error
    }
    await worker.shutdown()
    throw Failure(text: "the connection to \(IIIConnectionError.redacted(options.url)) has ended")
  }

  private func follow(_ worker: III) async throws(Failure) {
    let (records, feed) = AsyncStream.makeStream(of: JSONValue.self)
    try subscribe(worker, feed)
    // Its answer comes after the engine has taken the trigger.
    do throws(Failure) {
      _ = try await engine.call("engine::triggers::info", ["id": "log"], on: worker, within: engine.timeout)
    } catch {
      throw Failure(text: "this engine has no triggers of type log: its iii-observability is off\n\(error.text)")
    }
    let answer = try await engine.call(
      "engine::logs::list", ShowCommand.logInput(options), on: worker, within: engine.timeout)
    let listed = (answer["logs"]?.arrayValue ?? []).reversed()
    for record in listed { show(record) }
    let states = worker.connectionStates
    let watch = Task {
      for await state in states where state != .connected { break }
      feed.finish()
    }
    // What was logged between the trigger and the listing is in both.
    var shown = Set(listed.map(LogFollower.identity))
    for await record in records where shown.remove(LogFollower.identity(record)) == nil {
      if let level = options.level, EngineLogLevel(severity: LogFollower.severity(record)) < level { continue }
      show(record)
    }
    watch.cancel()
  }

  private func subscribe(_ worker: III, _ feed: AsyncStream<JSONValue>.Continuation) throws(Failure) {
    // Another one that follows has its own.
    let id = "iii-dev::logs::\(UUID128.random())"
    do {
      try worker.registerFunction(id, concurrency: .serial) { (record: JSONValue) async in
        feed.yield(record)
        return JSONValue.null
      }
      try worker.registerTrigger(type: "log", functionID: id, config: [:])
    } catch {
      throw Failure(text: "the log cannot be followed: \(error)")
    }
  }

  private func show(_ record: JSONValue) {
    console.out(
      options.isJSON
        ? record.jsonString() : ShowTables(options, isColoured: console.isColoured).record(record))
  }

  private static func severity(_ record: JSONValue) -> Int32 {
    if case .int(let number)? = record["severity_number"] { Int32(clamping: number) } else { 0 }
  }

  /// The members that tell records apart, as text.
  private static func identity(_ record: JSONValue) -> String {
    ["timestamp_unix_nano", "observed_timestamp_unix_nano", "span_id", "severity_number", "body"]
      .map { (record[$0] ?? .null).jsonString() }.joined(separator: " ")
  }
}
