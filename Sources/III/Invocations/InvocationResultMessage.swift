/// The answer to an invocation of one of the worker's functions.
struct InvocationResultMessage: OutboundMessage {
  var invocationID: UUID128
  var functionID: String
  var outcome: HandlerOutcome
  /// Returned unchanged.
  var traceparent: String?

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"invocationresult\",\"invocation_id\":\"")
    sink.append(invocationID)
    sink.append("\",\"function_id\":")
    sink.append(quoting: functionID)
    switch outcome {
    case .result(let json):
      if !json.isEmpty {
        sink.append(",\"result\":")
        sink.append(json)
      }
    case .failure(let code, let message, let stacktrace):
      sink.append(",\"error\":{\"code\":")
      sink.append(quoting: code)
      sink.append(",\"message\":")
      sink.append(quoting: message)
      sink.append(member: ",\"stacktrace\":", quoting: stacktrace)
      sink.append("}")
    }
    sink.append(member: ",\"traceparent\":", quoting: traceparent)
    sink.append("}")
  }
}
