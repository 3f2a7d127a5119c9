internal import III

/// The configuration of a `stream` trigger: which events it is about. A group or an item that is absent, null or empty
/// matches all.
struct StreamTriggerFilter: Equatable {
  var stream: [UInt8]
  var group: [UInt8]?
  var item: [UInt8]?
  var conditionFunctionID: [UInt8]?

  /// - Throws: The reason, in the words of the real engine's decoder.
  init(_ config: ByteView) throws(InputMismatch) {
    guard var members = ObjectMembers(config) else {
      throw .invalidType(of: config, expected: "struct StreamTriggerConfig")
    }
    var stream: [UInt8]?
    while let member = members.next() {
      if member.isNamed("stream_name") {
        stream = try StreamTriggerFilter.text(member.value)
      } else if member.isNamed("group_id") {
        group = try StreamTriggerFilter.filter(member.value)
      } else if member.isNamed("item_id") {
        item = try StreamTriggerFilter.filter(member.value)
      } else if member.isNamed("condition_function_id") {
        conditionFunctionID = try StreamTriggerFilter.text(member.value)
      }
    }
    guard let stream else { throw .missing("stream_name") }
    self.stream = stream
  }

  static let schema = BuiltInSchema.object(
    "StreamTriggerConfig",
    [
      "condition_function_id": ["type": ["string", "null"]], "group_id": ["type": ["string", "null"]],
      "item_id": ["type": ["string", "null"]], "stream_name": ["type": "string"],
    ], required: ["stream_name"])

  private static func text(_ json: ByteView) throws(InputMismatch) -> [UInt8]? {
    EditableJSON.Kind(of: json) == .null ? nil : try StateInput.text(json)
  }

  private static func filter(_ json: ByteView) throws(InputMismatch) -> [UInt8]? {
    let text = try text(json)
    return text?.isEmpty == true ? nil : text
  }
}

/// The `stream` triggers, found by the event that they are about.
struct StreamTriggers {
  /// Of a stream: a group takes the place of a scope, an item that of a key.
  private var streams: [[UInt8]: StateTriggers<UInt64>] = [:]
  private var streamOf: [UInt64: [UInt8]] = [:]

  mutating func add(_ id: UInt64, _ filter: StreamTriggerFilter) {
    streamOf[id] = filter.stream
    streams[filter.stream, default: StateTriggers()]
      .add(id, StateTriggerFilter(scope: filter.group, key: filter.item))
  }

  mutating func remove(_ id: UInt64) {
    guard let stream = streamOf.removeValue(forKey: id) else { return }
    streams[stream]?.remove(id)
    if streams[stream]?.isEmpty == true { streams[stream] = nil }
  }

  /// The triggers that an event concerns, in the order of their registration.
  func matching(_ event: StreamEvent) -> [UInt64] {
    streams[event.stream]?.matching(scope: event.group, key: event.item) ?? []
  }
}
