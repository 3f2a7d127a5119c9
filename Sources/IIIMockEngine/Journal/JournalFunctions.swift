internal import III

/// The functions with which a test in any language reads the journal. A strict engine does not have them.
enum JournalFunction: String, BuiltInFamily {
  case list = "mock::journal::list"
  case wait = "mock::journal::wait"
  case verify = "mock::journal::verify"
  case clear = "mock::journal::clear"

  var description: String {
    switch self {
    case .list: "List entries of the journal that match a filter, oldest first, or the calls of a function"
    case .wait: "Wait until a function was called, or calls of it have ended, so often"
    case .verify: "Check how often a function was called; the error says what was called instead"
    case .clear: "Forget all entries and set the counts of calls to zero"
    }
  }

  var inputName: String {
    switch self {
    case .list: "JournalListInput"
    case .wait: "JournalWaitInput"
    case .verify: "JournalVerifyInput"
    case .clear: "JournalClearInput"
    }
  }

  var fields: [BuiltInField] {
    switch self {
    case .list:
      [
        .init("invocations", .bool), .init("event", .string), .init("type", .string), .init("direction", .string),
        .init("function_id", .string), .init("worker_name", .string), .init("after", .u64), .init("limit", .usize),
      ]
    case .wait:
      [
        .init("function_id", .string, isRequired: true), .init("count", .usize), .init("completed", .bool),
        .init("timeout_ms", .u64),
      ]
    case .verify:
      [
        .init("function_id", .string, isRequired: true), .init("times", .usize), .init("at_least", .usize),
        .init("at_most", .usize),
      ]
    case .clear: []
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

/// The worker `mock`, as far as the journal is concerned.
final class JournalFunctionsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: JournalFunctionsSettings.workerName, functions: JournalFunction.manifestFunctions)

  private var host: BuiltInHost?
  private let functions = JournalFunction.allCases

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard let host else { return .nothing }
    let input = try call.input(of: function)
    try input.check(function.fields)
    try input.refuseUnknown(function.fields)
    switch functions[function.number] {
    case .list: return try list(input, host)
    case .wait:
      let pattern = WildcardPattern(try input.requiredString("function_id"))
      let count = max(input.count("count") ?? 1, 1)
      let isCompletion = input.member("completed") == true
      let limit = Duration.milliseconds(Int64(clamping: input.unsigned("timeout_ms") ?? 10_000))
      return host.replyLater { core in
        try await core.wait(
          for: isCompletion ? .completion(pattern, count: count) : .invocation(pattern, count: count), within: limit)
        let calls = await core.calls(of: pattern)
        return ["called": .int(calls.invoked), "ended": .int(calls.ended)]
      }
    case .verify: return try verify(input, host)
    case .clear:
      return host.replyLater { core in
        await core.clearJournal()
        return ["success": true]
      }
    }
  }

  private func list(_ input: BuiltInInput, _ host: BuiltInHost) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let filter = try JournalFilter(input)
    let after = input.unsigned("after") ?? 0
    let limit = input.count("limit") ?? 1000
    let functionID = try input.string("function_id")
    let listsCalls = input.member("invocations") == true
    return host.replyLater { core in
      let snapshot = await core.journal(after: after)
      let entries = JournalDecoder(snapshot).entries
      let dropped = JSONValue.uint(snapshot.dropped)
      if listsCalls {
        let calls = InvocationList(entries, of: WildcardPattern(functionID ?? "*")).all
        return ["invocations": .array(calls.suffix(limit).map(\.json)), "dropped": dropped]
      }
      return ["entries": .array(entries.filter(filter.matches).suffix(limit).map(\.json)), "dropped": dropped]
    }
  }

  private func verify(_ input: BuiltInInput, _ host: BuiltInHost) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let id = try input.requiredString("function_id")
    let times = input.count("times")
    let lower = times ?? input.count("at_least") ?? (input.count("at_most") == nil ? 1 : 0)
    let upper = times ?? input.count("at_most")
    guard lower <= upper ?? lower else {
      throw .init(reason: "`at_least` is above `at_most`")
    }
    return host.replyLater { core in
      let called = await core.calls(of: WildcardPattern(id)).invoked
      if called >= lower && called <= upper ?? .max { return ["success": true, "called": .int(called)] }
      let expected = upper.map { CallVerification.expectation(lower...$0) } ?? CallVerification.expectation(lower...)
      throw MockEngineError.verificationFailed(await core.verification(of: id, expected: expected).text)
    }
  }
}

extension JournalFilter {
  private static let events = ["opened", "refused", "closed", "frame", "denied", "ignored", "fault", "note"]

  /// A filter of `mock::journal::list`. Unknown names are errors, because they would match nothing.
  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    self.init(function: try input.string("function_id"), worker: try input.string("worker_name"))
    if let name = try input.string("event") {
      guard Self.events.contains(name) else { throw .unknown(name, in: "event", Self.events) }
      eventName = name
    }
    if let name = try input.string("direction") {
      direction = JournalFrame.Direction(rawValue: name)
      let names = JournalFrame.Direction.allCases.map(\.rawValue)
      guard direction != nil else { throw .unknown(name, in: "direction", names) }
    }
    if let name = try input.string("type") {
      type = MessageType(rawValue: name)
      if type == nil { form = JournalFrame.Form(rawValue: name) }
      let names = MessageType.allCases.map(\.rawValue) + ["text", "binary"]
      guard type != nil || form != nil else { throw .unknown(name, in: "type", names) }
    }
  }
}

extension BuiltInInput.Mismatch {
  /// A text that is none of the names that a member may have.
  static func unknown(_ text: String, in member: String, _ names: [String]) -> BuiltInInput.Mismatch {
    let meant = NearestName.of(text, among: names).map { "; did you mean `\($0)`?" } ?? ""
    return .init(
      reason:
        "unknown `\(member)`: `\(text)`, expected one of \(names.map { "`\($0)`" }.joined(separator: ", "))\(meant)")
  }
}

extension BuiltInInput {
  /// Refuses members that a function does not read: a filter that is misspelled would match everything.
  func refuseUnknown(_ fields: [BuiltInField]) throws(Mismatch) {
    let names = fields.map(\.name)
    // Only the engine adds names that begin so.
    for key in object.keys where !names.contains(key) && !key.hasPrefix("_") {
      let meant = NearestName.of(key, among: names).map { "; did you mean `\($0)`?" } ?? ""
      let known = names.isEmpty ? "there are none" : "expected " + names.map { "`\($0)`" }.joined(separator: ", ")
      throw Mismatch(reason: "unknown field `\(key)`, \(known)\(meant)")
    }
  }
}

/// Every engine that is not strict has the functions.
struct JournalFunctionsSettings: BuiltInSettings {
  static let workerName = "mock"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { JournalFunctionsWorker() }
}
