import Testing

@testable import III

@Suite struct TriggerMessageTests {
  func text(_ message: some OutboundMessage) -> String {
    let count = message.count
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, written in
      ByteWriter.fill(UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[..<count]))) {
        message.write(to: &$0)
      }
      written = count
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func registrationsSayWhatTheyHave() {
    #expect(
      text(RegisterTriggerMessage(id: "i", type: "t", functionID: "f", config: Array("null".utf8)))
        == #"{"type":"registertrigger","id":"i","trigger_type":"t","function_id":"f","config":null}"#)
    #expect(
      text(
        RegisterTriggerMessage(
          id: "i", type: "t", functionID: "f", config: Array("{}".utf8), metadata: Array("1".utf8), namespace: "n",
          triggerNamespace: "m"))
        == #"{"type":"registertrigger","id":"i","trigger_type":"t","function_id":"f","config":{},"metadata":1,"namespace":"n","trigger_namespace":"m"}"#
    )
    #expect(
      text(RegisterTriggerTypeMessage(id: "i", description: "d"))
        == #"{"type":"registertriggertype","id":"i","description":"d"}"#)
    #expect(
      text(UnregisterTriggerMessage(id: "i", type: "t"))
        == #"{"type":"unregistertrigger","id":"i","trigger_type":"t"}"#)
    #expect(text(UnregisterTriggerTypeMessage(id: "i")) == #"{"type":"unregistertriggertype","id":"i"}"#)
    #expect(
      text(TriggerRegistrationResultMessage(id: "i", type: "t", functionID: "f", error: ("c", "m\n")))
        == #"{"type":"triggerregistrationresult","id":"i","trigger_type":"t","function_id":"f","error":{"code":"c","message":"m\n"}}"#
    )
  }

  @Test func builtInConfigurationsHaveTheEnginesNames() throws {
    func json(_ config: some BuiltinTriggerConfig) throws -> JSONValue { try JSONValue(encoding: config) }
    #expect(
      try json(HttpTriggerConfig(apiPath: "/x", httpMethod: .post, middlewareFunctionIDs: ["m"]))
        == ["api_path": "/x", "http_method": "POST", "middleware_function_ids": ["m"]])
    #expect(HttpTriggerConfig.triggerType == "http" && QueueTriggerConfig.triggerType == "durable:subscriber")
    #expect(try json(QueueTriggerConfig(topic: "t")) == ["topic": "t"])
    #expect(
      try json(CronTriggerConfig(expression: "e", conditionFunctionID: "c")) == [
        "expression": "e", "condition_function_id": "c",
      ])
    #expect(
      try json(StreamTriggerConfig(streamName: "s", groupID: "g", itemID: "i")) == [
        "stream_name": "s", "group_id": "g", "item_id": "i",
      ])
    #expect(try json(LogTriggerConfig(level: .warn)) == ["level": "warn"] && json(StateTriggerConfig()) == [:])
  }

  @Test func rowsOfAllEnginesAreDecoded() throws {
    let old = try JSONValue(parsing: #"{"function_id":"f","worker_name":"w"}"#).decoded(as: FunctionInfo.self)
    #expect(old == FunctionInfo(functionID: "f", workerName: "w"))
    let schema = try JSONValue(parsing: #"{"function_id":"f","request_schema":{},"registered_triggers":[]}"#)
    #expect(try schema.decoded(as: FunctionInfo.self).requestFormat == [:])
    let worker = try JSONValue(parsing: #"{"id":"i","status":"zzz","name":null}"#).decoded(as: WorkerInfo.self)
    #expect(worker.status == .unknown && worker.functions == [] && worker.name == nil)
    let type = try JSONValue(parsing: #"{"id":"t","configuration_schema":1,"request_schema":2}"#)
    let info = try type.decoded(as: TriggerTypeInfo.self)
    #expect(info.triggerRequestFormat == 1 && info.callRequestFormat == 2)
    #expect(try JSONValue(encoding: info)["trigger_request_format"] == 1)
  }
}
