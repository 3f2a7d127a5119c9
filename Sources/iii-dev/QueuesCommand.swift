internal import III
internal import IIIMockEngine

/// `iii-dev queues`: shows the queues of a running engine and controls them.
struct QueuesCommand {
  private let options: QueuesOptions
  private let console: Console

  init(_ options: QueuesOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() async throws -> ExitStatus {
    guard !options.wantsHelp else {
      console.writeOut(Help.text(of: .queues))
      return .success
    }
    let engine = EngineCaller(url: options.url, timeout: .seconds(30))
    let (function, input) = (options.verb.function, options.input)
    let answer = try await engine.call { call throws(Failure) in
      do throws(Failure) {
        return try await call(function, input)
      } catch {
        guard error.isUnknownFunction else { throw error }
        throw Failure(
          text: "this engine does not show its queues: it is a strict one, has no iii-queue, or is not iii-dev")
      }
    }
    if options.isJSON {
      console.out(PrettyJSON.text(answer))
    } else {
      for line in QueuesCommand.lines(answer, options) { console.out(line) }
    }
    // One message that was named and is not there.
    return options.id != nil && (answer["redriven"] == 0 || answer["discarded"] == 0) ? .failure : .success
  }

  // MARK: Tables

  static func lines(_ answer: JSONValue, _ options: QueuesOptions) -> [String] {
    switch options.verb {
    case .list: return list(answer)
    case .show:
      return jobs(answer, "jobs", ["ID", "STATE", "ATTEMPT", "FUNCTION", "PAYLOAD"]) { job in
        [
          TextTable.cell(job["id"]), TextTable.cell(job["state"]), TextTable.cell(job["attempt"]),
          TextTable.cell(job["function_id"]), TextTable.short(job["payload"]),
        ]
      }
    case .dead:
      return jobs(answer, "dead_letters", ["ID", "DELIVERIES", "FUNCTION", "ERROR", "PAYLOAD"]) { job in
        [
          TextTable.cell(job["id"]), TextTable.cell(job["attempt"]), TextTable.cell(job["function_id"]), reason(job),
          TextTable.short(job["payload"]),
        ]
      }
    case .redrive: return ["redriven: \(TextTable.cell(answer["redriven"]))"]
    case .discard: return ["discarded: \(TextTable.cell(answer["discarded"]))"]
    case .clear: return ["removed: \(TextTable.cell(answer["removed"]))"]
    case .pause: return ["\(options.queue ?? "") is paused"]
    case .resume: return ["\(options.queue ?? "") delivers again"]
    }
  }

  private static func list(_ answer: JSONValue) -> [String] {
    guard case .array(let queues)? = answer["queues"], !queues.isEmpty else { return ["there are no queues"] }
    return TextTable.lines(
      ["QUEUE", "TYPE", "WAITING", "IN FLIGHT", "RETRYING", "DEAD", ""],
      queues.map { queue in
        [
          TextTable.cell(queue["name"]), TextTable.cell(queue["type"]), TextTable.cell(queue["waiting"]),
          TextTable.cell(queue["in_flight"]),
          TextTable.cell(queue["delayed"]), TextTable.cell(queue["dead"]), queue["is_paused"] == true ? "paused" : "",
        ]
      })
  }

  private static func jobs(
    _ answer: JSONValue, _ member: String, _ titles: [String], _ row: (JSONValue) -> [String]
  ) -> [String] {
    guard case .array(let jobs)? = answer[member], !jobs.isEmpty else {
      return [member == "jobs" ? "no jobs" : "no dead letters"]
    }
    var lines = TextTable.lines(titles, jobs.map(row))
    if case .int(let count)? = answer["count"], Int(count) > jobs.count {
      lines.append("… and \(Int(count) - jobs.count) more: `--offset`, `--limit`")
    }
    return lines
  }

  /// Why a job is a dead letter: the last delivery says more than the queue's own error.
  private static func reason(_ job: JSONValue) -> String {
    if case .array(let history)? = job["history"], let error = history.last?["error"], error != .null {
      return "\(TextTable.cell(error["code"])): \(TextTable.cell(error["message"]))"
    }
    return TextTable.cell(job["error"])
  }
}

/// The command line of `queues`.
struct QueuesOptions: Equatable {
  enum Verb: String, CaseIterable {
    case list, show, dead, redrive, discard, clear, pause, resume

    var function: String { "mock::queues::\(rawValue)" }
    /// Whether it may name a message.
    var takesID: Bool { self == .redrive || self == .discard }
    var takesPage: Bool { self == .show || self == .dead }
  }

  static let definitions: [OptionDefinition] = [
    .json,
    OptionDefinition(name: "--offset", value: "N", help: "Leave out the first N rows of show and dead"),
    OptionDefinition(name: "--limit", value: "N", help: "Print N rows of show and dead at most (default: 50)"),
    .address, .port, .help,
  ]

  private(set) var verb = Verb.list
  private(set) var queue: String?
  private(set) var id: String?
  private(set) var isJSON = false
  private(set) var offset: Int?
  private(set) var limit: Int?
  private(set) var url: String
  private(set) var wantsHelp = false

  init(_ arguments: [String], environment: Variables = .process) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    wantsHelp = parsed.has("--help")
    isJSON = parsed.has("--json")
    url = try TriggerOptions.url(parsed, environment: environment)
    offset = try parsed.count("--offset")
    limit = try parsed.count("--limit")
    if wantsHelp { return }
    var operands = parsed.operands[...]
    if let word = operands.popFirst() {
      guard let verb = Verb(rawValue: word) else {
        let meant = NearestName.of(word, among: Verb.allCases.map(\.rawValue)).map { "; did you mean '\($0)'?" } ?? ""
        throw UsageError(message: "'queues' has no command '\(word)'\(meant)")
      }
      self.verb = verb
    }
    if verb != .list {
      guard let name = operands.popFirst() else {
        throw UsageError(message: "expected: iii-dev queues \(verb.rawValue) QUEUE\(verb.takesID ? " [ID]" : "")")
      }
      queue = name
    }
    if verb.takesID { id = operands.popFirst() }
    if let more = operands.first { throw UsageError(message: "unexpected argument '\(more)'") }
    if !verb.takesPage, offset != nil || limit != nil {
      throw UsageError(message: "options '--offset' and '--limit' belong to 'show' and 'dead'")
    }
  }

  /// The input of the engine's function.
  var input: JSONValue {
    var input = JSONObject()
    if let queue { input["queue"] = .string(queue) }
    if let id { input["id"] = .string(id) }
    if let offset { input["offset"] = .int(Int64(offset)) }
    if let limit { input["limit"] = .int(Int64(limit)) }
    return .object(input)
  }
}
