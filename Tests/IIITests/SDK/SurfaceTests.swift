import Testing

@testable import III

/// Names of the reference that have no test of their own elsewhere.
@Suite("Names of the reference", .timeLimit(.minutes(5)))
struct SurfaceTests {
  @Test("options have the defaults of the other SDKs")
  func options() {
    let options = InitOptions()
    #expect(options.invocationTimeout == .seconds(30) && options.connectTimeout == .seconds(30))
    #expect(options.enableMetricsReporting && options.otel == OtelConfig() && options.headers == [:])
    #expect(options.reconnection == ReconnectionConfig() && options.workerName == nil && options.telemetry == nil)
  }

  @Test("a handler may be stored under the reference's name for its type")
  func remoteFunctionHandler() async throws {
    try await withWorker { worker, peer, _ in
      let handler: RemoteFunctionHandler = { ["got": $0] }
      try worker.registerFunction("f", handler: handler)
      _ = try await peer.receive("registerfunction")
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"f","data":1}"#)
      #expect(try await peer.receive("invocationresult")["result"] == ["got": 1])
    }
  }

  @Test("a trigger is registered under an id of its own, and ended by it")
  func triggers() async throws {
    try await withWorker { worker, peer, _ in
      let input = RegisterTriggerInput(type: EngineTriggers.workersAvailable, functionID: "f", metadata: ["m": 1])
      let trigger = try worker.registerTrigger(input)
      let message = try await peer.receive("registertrigger")
      #expect(message["id"] == .string(trigger.id) && UUID128(trigger.id) != nil)
      #expect(message["trigger_type"] == "engine::workers-available" && message["config"] == .null)
      #expect(message["metadata"] == ["m": 1] && trigger.registrationError == nil)
      trigger.unregister()
      #expect(
        try await peer.receive("unregistertrigger")
          == ["type": "unregistertrigger", "id": .string(trigger.id), "trigger_type": "engine::workers-available"])
    }
  }

  struct Webhooks: TriggerHandler {
    struct Route: Codable, Sendable { var path: String }
    let told: AsyncStream<TriggerConfig<Route>>.Continuation

    func registerTrigger(_ trigger: TriggerConfig<Route>) async throws { told.yield(trigger) }
    func unregisterTrigger(_ trigger: TriggerConfig<Route>) async throws {}
  }

  @Test("a trigger type tells its handler of triggers, and registers triggers and functions of its type")
  func triggerTypes() async throws {
    try await withWorker { worker, peer, _ in
      let (told, feed) = AsyncStream.makeStream(of: TriggerConfig<Webhooks.Route>.self)
      let input = RegisterTriggerTypeInput(id: "wh", description: "W")
      let type: TriggerTypeRef<Webhooks.Route, JSONValue> = try worker.registerTriggerType(
        input, handler: Webhooks(told: feed))
      #expect(
        try await peer.receiveJSON() == ["type": "registertriggertype", "id": "wh", "description": "W"])
      try type.registerFunction("f") { (_: JSONValue) async in 1 }
      #expect(try await peer.receiveJSON()["type"] == "registerfunction")
      try type.registerTrigger("f", config: Webhooks.Route(path: "/x"))
      let trigger = try await peer.receiveJSON()
      #expect(trigger["type"] == "registertrigger" && trigger["trigger_type"] == "wh")
      #expect(trigger["config"] == ["path": "/x"])
      await peer.send(
        #"{"type":"registertrigger","id":"t1","trigger_type":"wh","function_id":"g","config":{"path":"/y"},"metadata":7}"#
      )
      var iterator = told.makeAsyncIterator()
      let inbound = await iterator.next()
      #expect(inbound?.id == "t1" && inbound?.functionID == "g" && inbound?.config.path == "/y")
      #expect(inbound?.metadata == 7)
      #expect(
        try await peer.receive("triggerregistrationresult")
          == ["type": "triggerregistrationresult", "id": "t1", "trigger_type": "wh", "function_id": "g"])
      worker.unregisterTriggerType(input)
      #expect(try await peer.receive() == #"{"type":"unregistertriggertype","id":"wh"}"#)
      worker.unregisterTriggerType(id: "unknown")
    }
  }

  @Test("a trigger type ends by its input or by its id")
  func unregisteredTypes() async throws {
    try await withWorker { worker, peer, _ in
      let (told, feed) = AsyncStream.makeStream(of: TriggerConfig<Webhooks.Route>.self)
      let input = RegisterTriggerTypeInput(id: "wh", description: "W")
      for usesID in [false, true] {
        try worker.registerTriggerType(input, handler: Webhooks(told: feed))
        _ = try await peer.receive("registertriggertype")
        if usesID { worker.unregisterTriggerType(id: "wh") } else { worker.unregisterTriggerType(input) }
        #expect(try await peer.receive() == #"{"type":"unregistertriggertype","id":"wh"}"#)
      }
      withExtendedLifetime(told) {}
    }
  }

  /// Refuses all triggers with an error of its own.
  struct Refusing: TriggerHandler {
    struct Full: Error, CustomStringConvertible { var description: String { "no room" } }
    let ended: AsyncStream<TriggerConfig<JSONValue>>.Continuation

    func registerTrigger(_ trigger: TriggerConfig<JSONValue>) async throws {
      if trigger.config["refuse"] == true { throw Full() }
    }
    func unregisterTrigger(_ trigger: TriggerConfig<JSONValue>) async throws { ended.yield(trigger) }
  }

  @Test("a handler's own error refuses a trigger, and at the end of a trigger the handler has its configuration")
  func refusals() async throws {
    try await withWorker { worker, peer, _ in
      let (ended, feed) = AsyncStream.makeStream(of: TriggerConfig<JSONValue>.self)
      try worker.registerTriggerType(
        RegisterTriggerTypeInput(id: "wh", description: "W"), handler: Refusing(ended: feed))
      _ = try await peer.receive("registertriggertype")
      await peer.send(
        #"{"type":"registertrigger","id":"t1","trigger_type":"wh","function_id":"g","config":{"refuse":true}}"#)
      #expect(
        try await peer.receive()
          == #"{"type":"triggerregistrationresult","id":"t1","trigger_type":"wh","function_id":"g","error":{"code":"trigger_registration_failed","message":"no room"}}"#
      )
      await peer.send(
        #"{"type":"registertrigger","id":"t2","trigger_type":"wh","function_id":"g","config":{"path":"/x"}}"#)
      #expect(try await peer.receive("triggerregistrationresult")["error"] == nil)
      await peer.send(#"{"type":"unregistertrigger","id":"t2","trigger_type":"wh"}"#)
      var list = ended.makeAsyncIterator()
      let end = await list.next()
      #expect(end?.id == "t2" && end?.functionID == "g" && end?.config == ["path": "/x"])
    }
  }

  @Test("triggers of built-in types are registered with their type and configuration")
  func builtInTriggers() async throws {
    try await withWorker { worker, peer, _ in
      let route = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/x", httpMethod: .post), functionID: "f")
      #expect(
        try await peer.receive()
          == #"{"type":"registertrigger","id":"\#(route.id)","trigger_type":"http","function_id":"f","config":{"api_path":"/x","http_method":"POST"}}"#
      )
      let topic = try worker.registerTrigger(QueueTriggerConfig(topic: "t"), functionID: "f")
      #expect(
        try await peer.receive()
          == #"{"type":"registertrigger","id":"\#(topic.id)","trigger_type":"durable:subscriber","function_id":"f","config":{"topic":"t"}}"#
      )
    }
  }

  @Test("a logger needs neither `try` nor `await`, in a handler and outside")
  func logger() async throws {
    let (records, feed) = AsyncStream.makeStream(of: LogRecord.self)
    try await withWorker {
      $0.onLog = { feed.yield($0) }
    } _: { worker, peer, _ in
      try worker.registerFunction("f") { (_: JSONValue) in
        let logger = Logger(serviceName: "s", traceID: "t", spanID: "p")
        logger.debug("d")
        logger.info("i", ["password": 1])
        logger.warn("w", nil)
        logger.error("e", 1)
      }
      _ = try await peer.receive("registerfunction")
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"f","data":1}"#)
      _ = try await peer.receive("invocationresult")
      var iterator = records.makeAsyncIterator()
      var lines: [String] = []
      for _ in 0..<4 {
        guard let record = await iterator.next() else { break }
        #expect(record.traceID == "t" && record.spanID == "p" && record.functionID == "f")
        lines.append(record.line)
      }
      #expect(
        lines == ["[DEBUG] [s] d", #"[INFO] [s] i {"password":"[REDACTED]"}"#, "[WARN] [s] w", "[ERROR] [s] e 1"])
    }
  }

  @Test("rows of engines of all versions are read")
  func infos() throws {
    func read<Info: Decodable>(_ json: String, _ type: Info.Type) throws -> Info {
      try JSONValue(parsing: json).decoded(as: type)
    }
    let old = try read(#"{"function_id":"f","worker_name":"w"}"#, FunctionInfo.self)
    #expect(old.functionID == "f" && old.workerName == "w" && old.requestFormat == nil)
    let new = try read(
      #"{"function_id":"f","request_format":{"a":1},"response_schema":{},"namespace":"n"}"#, FunctionInfo.self)
    #expect(new.requestFormat == ["a": 1] && new.responseFormat == [:] && new.namespace == "n")
    let trigger = try read(
      #"{"id":"t","trigger_type":"cron","function_id":"f","worker_name":"w","config_summary":"c"}"#, TriggerInfo.self)
    #expect(trigger.triggerType == "cron" && trigger.configSummary == "c" && trigger.config == nil)
    let worker = try read(
      #"{"id":"i","name":"w","status":"available","function_count":2,"connected_at_ms":5,"isolation":null}"#,
      WorkerInfo.self)
    #expect(worker.status == .available && worker.functionCount == 2 && worker.functions == [])
    #expect(try read(#"{"id":"i","status":"zzz"}"#, WorkerInfo.self).status == .unknown)
  }

  @Test("a connection has five states")
  func states() {
    #expect(
      IIIConnectionState.allCases.map(\.rawValue) == [
        "disconnected", "connecting", "connected", "reconnecting", "failed",
      ])
  }
}
