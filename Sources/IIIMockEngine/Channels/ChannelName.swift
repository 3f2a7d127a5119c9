internal import III

/// Identifies a channel: its id, and the key that a connection must present.
struct ChannelName: Equatable {
  let id: UUID128
  let key: UUID128

  /// The reference to one end, as workers pass it to one another.
  func reference(_ direction: ChannelDirection) -> JSONValue {
    [
      "access_key": .string(key.description), "channel_id": .string(id.description),
      "direction": .string(direction.rawValue),
    ]
  }

  /// Writes the same reference as JSON.
  func writeReference(_ direction: ChannelDirection, into sink: inout some FrameSink) {
    sink.append("{\"access_key\":\"")
    sink.append(key)
    sink.append("\",\"channel_id\":\"")
    sink.append(id)
    switch direction {
    case .read: sink.append("\",\"direction\":\"read\"}")
    case .write: sink.append("\",\"direction\":\"write\"}")
    }
  }
}
