internal import III

/// The functions with which a test in any language reads and sets the items of streams. A strict engine does not have them.
enum StreamControl: String, BuiltInFamily {
  case set = "mock::streams::set"
  case get = "mock::streams::get"
  case list = "mock::streams::list"

  var description: String {
    switch self {
    case .set: "Set an item of a stream, as stream::set does"
    case .get: "Get an item of a stream"
    case .list:
      "List the items of a group with their ids; without a group the groups of a stream; without both, all streams"
    }
  }

  var inputName: String {
    switch self {
    case .set: StreamFunction.set.inputName
    case .get: StreamFunction.get.inputName
    case .list: "StreamItemsInput"
    }
  }

  var fields: [BuiltInField] {
    let item: [BuiltInField] = ["stream_name", "group_id", "item_id"].map { .init($0, .string, isRequired: true) }
    switch self {
    case .set: return item + [.init("data", .any, isRequired: true)]
    case .get: return item
    case .list: return [.init("stream_name", .string), .init("group_id", .string)]
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

extension StreamWorker {
  /// Executes a `mock::streams::…` function.
  func control(
    _ kind: StreamControl, _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    try input.refuseUnknown(function.fields)
    switch kind {
    case .set: return try perform(.set, function, call, kernel)
    case .get: return try perform(.get, function, call, kernel)
    case .list:
      let (stream, group) = (try input.string("stream_name"), try input.string("group_id"))
      guard stream != nil || group == nil else {
        throw .init(reason: "`group_id` names a group of a stream: `stream_name` is missing")
      }
      guard stream != nil else { return try perform(.listAll, function, call, kernel) }
      return group == nil
        ? try perform(.listGroups, function, call, kernel) : try list(function, call, kernel)
    }
  }

  /// The items of a group with their ids, which are not known of a stream that a function or another engine serves.
  private func list(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try StreamInput(call.data, named: function.inputName, fields: StreamFunction.list.fields)
    let isCustom = StreamFunction.list.customID(for: input.stream).map { kernel.functions.route($0) != nil } ?? false
    guard !isCustom, let storage else {
      return try perform(.list, function, call, kernel) { $0.namingNoKeys("item_id") }
    }
    guard let host else { return .failure(.stopped) }
    let answer = PendingAnswer(host)
    storage.items(input) { answer.give(.bytes($0)) }
    return answer.reply
  }
}

/// An answer that is there when the function returns, or follows later.
final class PendingAnswer {
  private let host: BuiltInHost
  private var given: BuiltInReply?
  private var token: ReplyToken?

  init(_ host: BuiltInHost) { self.host = host }

  func give(_ reply: BuiltInReply) { if let token { host.reply(token, reply) } else { given = reply } }

  /// What the function returns. Read once.
  var reply: BuiltInReply {
    if let given { return given }
    let later = host.laterReply()
    token = later
    return .later(later)
  }
}
