/// A call to the engine.
struct InvokeFunctionMessage: OutboundMessage {
  /// `nil` if no answer is expected.
  var invocationID: UUID128?
  var functionID: String
  /// JSON; `null` for no payload, because the engine drops a call without `data`.
  var data: [UInt8]
  var action: TriggerAction?
  /// JSON.
  var metadata: [UInt8]?
  var namespace: String?
  var traceparent: String?
  var baggage: String?

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"invokefunction\"")
    if let invocationID {
      sink.append(",\"invocation_id\":\"")
      sink.append(invocationID)
      sink.append("\"")
    }
    sink.append(",\"function_id\":")
    sink.append(quoting: functionID)
    sink.append(",\"data\":")
    sink.append(data)
    sink.append(member: ",\"traceparent\":", quoting: traceparent)
    sink.append(member: ",\"baggage\":", quoting: baggage)
    switch action {
    case nil: break
    case .void: sink.append(",\"action\":{\"type\":\"void\"}")
    case .enqueue(let enqueue):
      sink.append(",\"action\":{\"type\":\"enqueue\",\"queue\":")
      sink.append(quoting: enqueue.queue)
      sink.append("}")
    }
    sink.append(member: ",\"metadata\":", metadata)
    sink.append(member: ",\"namespace\":", quoting: namespace)
    sink.append("}")
  }
}
