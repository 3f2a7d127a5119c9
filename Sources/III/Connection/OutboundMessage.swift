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

  /// The message as one WebSocket message, masked, in the form in which it is sent.
  func frame() -> [UInt8] { frame(count: count) }

  /// As above; `count` is the message's size.
  func frame(count: Int) -> [UInt8] { ClientFrame.text(count: count) { write(to: &$0) } }
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

/// Asks the engine to retire the worker's previous connection, so that only the new one serves.
struct ReattachMessage: OutboundMessage {
  /// The id and the token that the engine sent on that connection, as JSON with the engine's spelling.
  var workerID: [UInt8]
  var token: [UInt8]

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"reattach\",\"previous_worker_id\":")
    sink.append(workerID)
    sink.append(",\"reattach_token\":")
    sink.append(token)
    sink.append("}")
  }
}

/// A message that the engine answers with `pong` once it has handled everything sent before it.
struct PingMessage: OutboundMessage {
  func write(to sink: inout some ByteSink) { sink.append("{\"type\":\"ping\"}") }
}

/// The answer to the engine's `ping`, which is a message and not a WebSocket frame.
struct PongMessage: OutboundMessage {
  func write(to sink: inout some ByteSink) { sink.append("{\"type\":\"pong\"}") }
}
