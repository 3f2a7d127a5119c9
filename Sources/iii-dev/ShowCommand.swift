internal import III
internal import IIIMockEngine

/// `iii-dev functions`, `workers`, `triggers`, `state`, `streams`, `logs`, `traces` and `status`: what a running engine has.
///
/// They call functions that every engine has, and those of this engine where it has them.
struct ShowCommand {
  private let options: ShowOptions
  private let console: Console

  init(_ options: ShowOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    guard !options.wantsHelp else {
      console.writeOut(Help.text(of: CommandTable.verb(of: options.subject)))
      return .success
    }
    var engine = EngineCaller(url: options.url, timeout: .seconds(30))
    engine.workerName = Self.workerName
    if options.follows { return try await LogFollower(engine, options, console: console).run() }
    let options = options
    let answer = try await engine.call { call throws(Failure) in
      do throws(Failure) {
        return try await Self.ask(options, call)
      } catch {
        guard error.isUnknownFunction else { throw error }
        throw Failure(text: "this engine does not have the built-in worker \(options.subject.worker)")
      }
    }
    if options.isJSON {
      console.out(PrettyJSON.text(answer))
    } else {
      for line in ShowTables(options, isColoured: console.isColoured).lines(answer) { console.out(line) }
    }
    return .success
  }

  /// The name of this connection, which listings leave out.
  static let workerName = "iii-dev show"

  // MARK: Asking

  private static func ask(
    _ options: ShowOptions, _ call: EngineCaller.Call
  ) async throws(Failure) -> JSONValue {
    var input: JSONObject = [:]
    switch options.subject {
    case .functions, .triggers:
      if options.showsAll { input["include_internal"] = true }
      if let text = options[0] { input["search"] = .string(text) }
      let function = options.subject == .functions ? EngineFunctions.listFunctions : "engine::registered-triggers::list"
      return try await call(function, .object(input))
    case .workers:
      if let text = options[0] { input["search"] = .string(text) }
      return try await workers(.object(input), showsAll: options.showsAll, call)
    case .state: return try await state(options, call)
    case .streams: return try await streams(options, call)
    case .logs: return try await call("engine::logs::list", logInput(options))
    case .traces:
      if let id = options[0] {
        let tree = try await call("engine::traces::tree", ["trace_id": .string(id)])
        guard tree["roots"]?.arrayValue?.isEmpty == false else {
          throw Failure(text: "the engine has no spans of trace '\(id)': `iii-dev traces` lists the traces it has")
        }
        return tree
      }
      input = ["limit": .int(Int64(options.limit)), "sort_order": "desc"]
      if options.showsAll { input["include_internal"] = true }
      return try await call("engine::traces::list", .object(input))
    case .status: return try await status(call)
    }
  }

  static func logInput(_ options: ShowOptions) -> JSONValue {
    var input: JSONObject = ["limit": .int(Int64(options.limit))]
    if let level = options.level { input["severity_min"] = .int(Int64(level.severity)) }
    return .object(input)
  }

  private static func workers(
    _ input: JSONValue, showsAll: Bool, _ call: EngineCaller.Call
  ) async throws(Failure) -> JSONValue {
    let rows = try await call("engine::workers::list", input)["workers"]?.arrayValue ?? []
    return [
      "workers": .array(
        rows.filter { row in
          row["name"]?.stringValue != workerName && (showsAll || row["runtime"]?.stringValue != "engine")
        })
    ]
  }

  private static func state(_ options: ShowOptions, _ call: EngineCaller.Call) async throws(Failure) -> JSONValue {
    guard let scope = options[0] else { return try await call("state::list_groups", [:]) }
    guard let key = options[1] else {
      let input: JSONValue = ["scope": .string(scope)]
      if let entries = try await optional("mock::state::list", input, call) { return entries }
      return try await call("state::list", input)
    }
    let value = try await call("state::get", ["scope": .string(scope), "key": .string(key)])
    guard value != .null else { throw Failure(text: "scope '\(scope)' has no key '\(key)', or its value is null") }
    return value
  }

  private static func streams(_ options: ShowOptions, _ call: EngineCaller.Call) async throws(Failure) -> JSONValue {
    guard let stream = options[0] else { return try await call("stream::list_all", [:]) }
    var input: JSONObject = ["stream_name": .string(stream)]
    guard let group = options[1] else { return try await call("stream::list_groups", .object(input)) }
    input["group_id"] = .string(group)
    guard let item = options[2] else {
      if let entries = try await optional("mock::streams::list", .object(input), call) { return entries }
      return try await call("stream::list", .object(input))
    }
    input["item_id"] = .string(item)
    let value = try await call("stream::get", .object(input))
    guard value != .null else {
      throw Failure(text: "group '\(group)' of stream '\(stream)' has no item '\(item)', or its value is null")
    }
    return value
  }

  /// What this engine tells of itself; of another one what its listings show.
  private static func status(_ call: EngineCaller.Call) async throws(Failure) -> JSONValue {
    let connected = try await workers([:], showsAll: false, call)["workers"] ?? []
    var status: JSONObject
    if case .object(let own)? = try await optional("mock::engine::status", [:], call) {
      status = own
      // This connection is none that anybody asks for.
      if case .int(let count)? = status["workers"] { status["workers"] = .int(count - 1) }
      if case .object(var kinds)? = status["connections"], case .int(let count)? = kinds["worker"] {
        kinds["worker"] = .int(count - 1)
        status["connections"] = .object(kinds)
      }
    } else {
      let functions = try await call(EngineFunctions.listFunctions, [:])["functions"]?.arrayValue ?? []
      let triggers = try await call("engine::registered-triggers::list", [:])["registered_triggers"]?.arrayValue ?? []
      let health = try await optional("engine::health::check", [:], call)
      status = [
        "version": health?["version"] ?? .null, "workers": .int(Int64(connected.arrayValue?.count ?? 0)),
        "functions": .int(Int64(functions.count)), "triggers": .int(Int64(triggers.count)),
      ]
    }
    status["connected"] = connected
    if let queues = try await optional("mock::queues::list", [:], call) {
      status["queues"] = queues["queues"] ?? []
    }
    return .object(status)
  }

  /// The answer of a function that some engines do not have; `nil` from those.
  private static func optional(
    _ functionID: String, _ input: JSONValue, _ call: EngineCaller.Call
  ) async throws(Failure) -> JSONValue? {
    do throws(Failure) { return try await call(functionID, input) } catch {
      guard error.isUnknownFunction else { throw error }
      return nil
    }
  }
}

extension ShowOptions.Subject {
  /// The part of the engine that has what is shown.
  fileprivate var worker: String {
    switch self {
    case .state: "iii-state"
    case .streams: "iii-stream"
    case .logs, .traces: "iii-observability"
    case .functions, .workers, .triggers, .status: "iii-engine-functions"
    }
  }
}

extension EngineLogLevel {
  /// The severity number of OpenTelemetry with which the level begins.
  var severity: Int {
    switch self {
    case .trace: 1
    case .debug: 5
    case .info: 9
    case .warn: 13
    case .error, .off: 17
    }
  }
}
