/// Asks the engine to retire the worker's connection before this one, so that it does not serve beside it.
struct ReattachMessage: OutboundMessage {
  /// What the engine said at the start of that connection: both as JSON, spelled as they came.
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

/// A message that the engine answers with `pong` once it has handled everything that was sent before.
struct PingMessage: OutboundMessage {
  func write(to sink: inout some ByteSink) { sink.append("{\"type\":\"ping\"}") }
}

/// The answer to the engine's `ping` message; WebSocket's own pings are another matter.
struct PongMessage: OutboundMessage {
  func write(to sink: inout some ByteSink) { sink.append("{\"type\":\"pong\"}") }
}
