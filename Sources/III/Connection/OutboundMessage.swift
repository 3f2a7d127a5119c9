/// A message to the engine.
protocol OutboundMessage: Sendable {
  func write(to sink: inout some ByteSink)
}

extension OutboundMessage {
  var count: Int {
    var counter = ByteCounter()
    write(to: &counter)
    return counter.count
  }

  /// The message as one WebSocket message, masked: what the stream takes as it is.
  func frame() -> [UInt8] {
    ClientFrame.text(count: count) { write(to: &$0) }
  }

  /// As above; nothing larger than `limit`.
  func frame(limit: Int) throws(MessageTooLarge) -> [UInt8] {
    let count = self.count
    guard count <= limit else { throw MessageTooLarge(count: count, limit: limit) }
    return ClientFrame.text(count: count) { write(to: &$0) }
  }
}

/// A message that is larger than the worker's limit.
struct MessageTooLarge: Error, Equatable {
  var count: Int
  var limit: Int

  static let code = "payload_too_large"

  var message: String {
    "Serialized JSON envelope is \(count) bytes; limit is \(limit) bytes. Use channels for larger payloads."
  }
}
