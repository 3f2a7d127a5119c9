/// Registers a function at the engine. Formats and metadata are JSON.
struct RegisterFunctionMessage: OutboundMessage {
  var id: String
  var description: String?
  var requestFormat: [UInt8]?
  var responseFormat: [UInt8]?
  var metadata: [UInt8]?
  /// Where the engine sends calls instead of the worker.
  var invocation: [UInt8]?

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"registerfunction\",\"id\":")
    sink.append(quoting: id)
    sink.append(member: ",\"description\":", quoting: description)
    sink.append(member: ",\"request_format\":", requestFormat)
    sink.append(member: ",\"response_format\":", responseFormat)
    sink.append(member: ",\"metadata\":", metadata)
    sink.append(member: ",\"invocation\":", invocation)
    sink.append("}")
  }
}

/// Unregisters a function at the engine.
struct UnregisterFunctionMessage: OutboundMessage {
  var id: String

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"unregisterfunction\",\"id\":")
    sink.append(quoting: id)
    sink.append("}")
  }
}
