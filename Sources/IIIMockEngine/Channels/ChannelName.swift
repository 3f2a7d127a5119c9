internal import III

/// Identifies a channel: its id, and the key that a connection must present. Both are UUIDs.
struct ChannelName: Equatable {
  let id: String
  let key: String

  /// The reference to one end, as workers pass it to one another.
  func reference(_ direction: ChannelDirection) -> JSONValue {
    ["access_key": .string(key), "channel_id": .string(id), "direction": .string(direction.rawValue)]
  }
}
