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

/// The answer to the engine's `ping`, which is a message and no frame of WebSocket's.
struct PongMessage: OutboundMessage {
  func write(to sink: inout some ByteSink) { sink.append("{\"type\":\"pong\"}") }
}
