internal import III

/// The functions with which a test in any language looks at channels and disturbs them. A strict engine does not have them.
enum ChannelControl: String, BuiltInFamily {
  case list = "mock::channels::list"
  case cut = "mock::channels::cut"
  case slow = "mock::channels::slow"

  var description: String {
    switch self {
    case .list: "List the channels that have not ended, the oldest first"
    case .cut: "Reset the connection of one end of a channel (`end`: `writer` or `reader`), or those of both"
    case .slow: "Limit how many bytes in a second the reader of a channel is sent; without a number, end the limit"
    }
  }

  var inputName: String {
    switch self {
    case .list: "ChannelsListInput"
    case .cut: "ChannelsCutInput"
    case .slow: "ChannelsSlowInput"
    }
  }

  var fields: [BuiltInField] {
    let id = BuiltInField("channel_id", .string, isRequired: true)
    return switch self {
    case .list: []
    case .cut: [id, .init("end", .string)]
    case .slow: [id, .init("bytes_per_second", .usize)]
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

/// The worker `mock`, as far as channels are concerned.
final class ChannelControlsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: ChannelControlsSettings.workerName, functions: ChannelControl.manifestFunctions)

  private let functions = ChannelControl.allCases
  private var host: BuiltInHost?

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    try input.check(function.fields)
    try input.refuseUnknown(function.fields)
    guard let host else { return .nothing }
    let kind = functions[function.number]
    if kind == .list {
      return host.replyLater { core in
        ["channels": .array(try await MockEngine.ChannelControls(core: core).list().map(\.json))]
      }
    }
    let id = try input.requiredString("channel_id")
    if kind == .cut {
      let end = try self.end(input)
      return host.replyLater { core in
        ["cut": .int(Int64(try await MockEngine.ChannelControls(core: core).cut(id, end)))]
      }
    }
    let rate = input.count("bytes_per_second")
    guard rate != 0 else { throw .init(reason: "`bytes_per_second` must be above 0") }
    return host.replyLater { core in
      try await MockEngine.ChannelControls(core: core).slow(id, bytesPerSecond: rate)
      return ["success": true]
    }
  }

  private func end(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> MockEngine.ChannelControls.End? {
    guard let text = try input.string("end") else { return nil }
    guard let end = MockEngine.ChannelControls.End(rawValue: text) else {
      throw .unknown(text, in: "end", MockEngine.ChannelControls.End.allCases.map(\.rawValue))
    }
    return end
  }
}

extension MockEngine.ChannelStatus {
  fileprivate var json: JSONValue {
    [
      "channel_id": .string(id), "worker_id": creator.map { .string($0.id) } ?? .null,
      "worker_name": creator?.name.map { .string($0) } ?? .null, "buffer_size": .int(Int64(capacity)),
      "writer": .string(writer.rawValue), "reader": .string(reader.rawValue),
      "buffered_bytes": .int(Int64(bufferedBytes)), "messages_passed": .int(Int64(messagesPassed)),
      "bytes_per_second": bytesPerSecond.map { .int(Int64($0)) } ?? .null,
    ]
  }
}

/// Every engine that is not strict has the functions.
struct ChannelControlsSettings: BuiltInSettings {
  static let workerName = "mock"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { ChannelControlsWorker() }
}
