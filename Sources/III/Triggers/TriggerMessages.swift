/// Binds a function to a trigger type. Configuration and metadata are JSON.
struct RegisterTriggerMessage: OutboundMessage {
  var id: String
  var type: String
  var functionID: String
  var config: [UInt8]
  var metadata: [UInt8]?
  var namespace: String?
  var triggerNamespace: String?

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"registertrigger\",\"id\":")
    sink.append(quoting: id)
    sink.append(member: ",\"trigger_type\":", quoting: type)
    sink.append(member: ",\"function_id\":", quoting: functionID)
    sink.append(member: ",\"config\":", config)
    sink.append(member: ",\"metadata\":", metadata)
    sink.append(member: ",\"namespace\":", quoting: namespace)
    sink.append(member: ",\"trigger_namespace\":", quoting: triggerNamespace)
    sink.append("}")
  }
}

/// Ends a trigger.
struct UnregisterTriggerMessage: OutboundMessage {
  var id: String
  var type: String

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"unregistertrigger\",\"id\":")
    sink.append(quoting: id)
    sink.append(member: ",\"trigger_type\":", quoting: type)
    sink.append("}")
  }
}

/// Registers a trigger type of this worker. Formats are JSON.
struct RegisterTriggerTypeMessage: OutboundMessage {
  var id: String
  var description: String
  var triggerRequestFormat: [UInt8]?
  var callRequestFormat: [UInt8]?
  var namespace: String?

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"registertriggertype\",\"id\":")
    sink.append(quoting: id)
    sink.append(member: ",\"description\":", quoting: description)
    sink.append(member: ",\"trigger_request_format\":", triggerRequestFormat)
    sink.append(member: ",\"call_request_format\":", callRequestFormat)
    sink.append(member: ",\"namespace\":", quoting: namespace)
    sink.append("}")
  }
}

/// Tells the engine that a trigger type is no longer provided.
struct UnregisterTriggerTypeMessage: OutboundMessage {
  var id: String

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"unregistertriggertype\",\"id\":")
    sink.append(quoting: id)
    sink.append("}")
  }
}

/// A provider's answer to a registration: accepted, or the reason of the refusal.
struct TriggerRegistrationResultMessage: OutboundMessage {
  var id: String
  var type: String
  var functionID: String
  var error: (code: String, message: String)?

  func write(to sink: inout some ByteSink) {
    sink.append("{\"type\":\"triggerregistrationresult\",\"id\":")
    sink.append(quoting: id)
    sink.append(member: ",\"trigger_type\":", quoting: type)
    sink.append(member: ",\"function_id\":", quoting: functionID)
    if let error {
      sink.append(",\"error\":{\"code\":")
      sink.append(quoting: error.code)
      sink.append(member: ",\"message\":", quoting: error.message)
      sink.append("}")
    }
    sink.append("}")
  }
}
