internal import III

/// Something that happened to an item or a group of a stream: what triggers and stream sockets are told.
struct StreamEvent: Equatable {
  let stream: [UInt8]
  let group: [UInt8]
  /// `nil`: the event is about no item.
  let item: [UInt8]?
  /// The member `event`: JSON.
  let body: [UInt8]

  init(stream: [UInt8], group: [UInt8], item: [UInt8]?, body: [UInt8]) {
    self.stream = stream
    self.group = group
    self.item = item
    self.body = body
  }

  /// What a change of an item means; `nil` if nothing was there to be removed.
  init?(_ change: StreamChange, _ input: StreamInput) {
    let (kind, data): (String, [UInt8])
    if let new = change.new {
      (kind, data) = (change.old == nil ? "create" : "update", new)
    } else {
      guard let old = change.old else { return nil }
      (kind, data) = ("delete", old)
    }
    self.init(
      stream: input.stream, group: input.group, item: input.item,
      body: Array("{\"type\":\"\(kind)\",\"data\":".utf8) + data + [UInt8(ascii: "}")])
  }

  /// The event of `stream::send`.
  init(sent input: StreamInput) {
    self.init(
      stream: input.stream, group: input.group, item: input.id,
      body: Array("{\"type\":\"event\",\"event\":{\"type\":".utf8) + StreamInput.quoted(input.type)
        + Array(",\"data\":".utf8) + input.data + Array("}}".utf8))
  }

  /// What a subscriber gets first.
  static func sync(_ subscription: StreamSubscription, _ data: [UInt8]) -> StreamEvent {
    StreamEvent(
      stream: subscription.stream, group: subscription.group, item: subscription.item,
      body: Array("{\"type\":\"sync\",\"data\":".utf8) + data + [UInt8(ascii: "}")])
  }

  static func unauthorized(_ subscription: StreamSubscription) -> StreamEvent {
    StreamEvent(
      stream: subscription.stream, group: subscription.group, item: subscription.item,
      body: Array("{\"type\":\"unauthorized\"}".utf8))
  }

  /// The event as triggers and sockets get it.
  func json(milliseconds: UInt64) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(96 + stream.count + group.count + (item?.count ?? 0) + body.count)
    output += "{\"type\":\"stream\",\"timestamp\":\(milliseconds),\"streamName\":".utf8
    output += StreamInput.quoted(stream)
    output += ",\"groupId\":".utf8
    output += StreamInput.quoted(group)
    output += ",\"id\":".utf8
    output += item.map(StreamInput.quoted) ?? Array("null".utf8)
    output += ",\"event\":".utf8
    output += body
    output.append(UInt8(ascii: "}"))
    return output
  }

  /// Reads an event that another engine has published; `nil` if it is none.
  init?(json: JSONValue) {
    guard let stream = json["streamName"]?.stringValue, let group = json["groupId"]?.stringValue,
      let body = json["event"]
    else { return nil }
    self.init(
      stream: Array(stream.utf8), group: Array(group.utf8), item: json["id"]?.stringValue.map { Array($0.utf8) },
      body: body.jsonBytes)
  }
}

/// A change of one item: what a function answers, and what an event is made from.
struct StreamChange: Equatable {
  /// The value before; `nil` if there was none.
  var old: [UInt8]?
  /// The value after; `nil` if the item was deleted.
  var new: [UInt8]?
  /// The operations that failed: a JSON array, not empty.
  var errors: [UInt8]?

  var result: [UInt8] {
    let null = Array("null".utf8)
    var output = Array("{".utf8)
    if let errors { output += Array("\"errors\":".utf8) + errors + [UInt8(ascii: ",")] }
    if let new { output += Array("\"new_value\":".utf8) + new + [UInt8(ascii: ",")] }
    output += Array("\"old_value\":".utf8) + (old ?? null) + [UInt8(ascii: "}")]
    return output
  }
}
