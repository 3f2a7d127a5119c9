internal import III

extension QueueWorker {
  private static let functions = QueueFunction.allCases

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard function.number < QueueWorker.functions.count else {
      return try control(QueueControl.allCases[function.number - QueueWorker.functions.count], function, call)
    }
    let kind = QueueWorker.functions[function.number]
    let acceptsBoth = kernel.compatibility.extendsQueues
    switch kind {
    case .publish, .oldPublish:
      let input = try QueueInput(call.data, of: kind, acceptsBoth: acceptsBoth)
      let trace =
        call.traceparent == nil && call.baggage == nil
        ? nil : TraceHeaders(traceparent: call.traceparent?.raw.array, baggage: call.baggage?.raw.array)
      return publish(input.key("topic"), input.data, trace)
    case .redrive, .redriveMessage, .discardMessage:
      return manage(kind, try QueueInput(call.data, of: kind, acceptsBoth: acceptsBoth))
    case .listTopics: return .bytes(listTopics())
    case .deadTopics: return .bytes(deadTopics())
    case .topicStats, .deadMessages: return read(kind, call, acceptsBoth)
    case .enqueue: return enqueue(try QueueInput(call.data, of: kind, acceptsBoth: acceptsBoth), call)
    case .define:
      return define(try QueueInput(call.data, of: kind, acceptsBoth: acceptsBoth).key("queue").text, call)
    }
  }

  // MARK: Publishing

  /// Gives a message to the subscribed functions of a topic.
  func publish(_ topic: ByteKey, _ data: [UInt8], _ trace: TraceHeaders?) -> BuiltInReply {
    if topic.isEmpty { return .failure(InvocationFailure(code: "topic_not_set", message: "Topic is not set")) }
    let moment = self.moment
    if broker.topics[topic] == nil && broker.find(topic)?.isShare(in: broker) != true {
      warn(
        once: "publish \(topic.text)",
        "a message was published to durable topic '\(topic.text)', which no trigger of type '\(Self.triggerType)' is "
          + "subscribed to: it is kept and never delivered; triggers of type 'subscribe' hear of what the function 'publish' "
          + "publishes")
    }
    let slots = broker.queues(forPublishTo: topic).map {
      broker.prepare($0, data: data, target: nil, trace: trace, at: moment)
    }
    return answer(slots, .nothing) { problem in
      InvocationFailure(code: "publish_failed", message: "Failed to publish to topic '\(topic.text)': \(problem)")
    }
  }

  /// Has prepared jobs wait in their queues once they are saved, and answers then.
  func answer(
    _ slots: [UInt32], _ reply: BuiltInReply, orFail failure: @escaping (String) -> InvocationFailure
  ) -> BuiltInReply {
    guard let host, saver?.isDurable == true else {
      submit(slots) { _ in }
      return reply
    }
    let later = host.laterReply()
    submit(slots) { problem in host.reply(later, problem.map { .failure(failure($0)) } ?? reply) }
    return .later(later)
  }

  /// Has prepared jobs wait in their queues once they are saved; `done` hears why they are not, before the first delivery
  /// if they are.
  func submit(_ slots: [UInt32], then done: @escaping (String?) -> Void) {
    guard let saver, saver.isDurable else {
      for slot in slots { broker.admit(slot) }
      done(nil)
      return act()
    }
    let rows = slots.map { QueueJobRow(broker.jobs[$0], queue: broker[broker.jobs[$0].queue].key) }
    saver.save(rows) { [self] error in
      for slot in slots { if error == nil { broker.admit(slot) } else { broker.abandon(slot) } }
      done(error?.description)
      act()
    }
  }

  // MARK: Dead letters

  private func manage(_ kind: QueueFunction, _ input: QueueInput) -> BuiltInReply {
    let name = input.key("queue")
    if name.isEmpty {
      return .failure(InvocationFailure(code: "queue_not_set", message: "Queue name is required"))
    }
    let queue = String(decoding: JSONText.quoted(name.text), as: UTF8.self)
    guard kind != .redrive else {
      let count = broker.redrive(name)
      act()
      return afterSaving(.bytes(Array("{\"queue\":\(queue),\"redriven\":\(count)}".utf8)))
    }
    let message = input.key("message_id")
    if message.isEmpty {
      return .failure(InvocationFailure(code: "message_id_not_set", message: "Message ID is required"))
    }
    let id = UUID128(message.text)
    let isDone = id.map { kind == .redriveMessage ? broker.redrive(name, id: $0) : broker.discard(name, id: $0) }
    act()
    let quoted = String(decoding: JSONText.quoted(message.text), as: UTF8.self)
    return afterSaving(
      .bytes(Array("{\"message_id\":\(quoted),\"queue\":\(queue),\"redriven\":\(isDone == true ? 1 : 0)}".utf8)))
  }

  /// Answers once all changes that were made until now are saved.
  func afterSaving(_ reply: BuiltInReply) -> BuiltInReply {
    guard let host, let saver, !saver.isIdle else { return reply }
    let later = host.laterReply()
    saver.afterEarlierChanges { host.reply(later, reply) }
    return .later(later)
  }

  // MARK: Reading

  private func read(_ kind: QueueFunction, _ call: BuiltInCall, _ acceptsBoth: Bool) -> BuiltInReply {
    let input = (try? JSONParser.parse(call.data)) ?? .null
    guard case .string(let topic)? = input["topic"] ?? (acceptsBoth ? input["queue"] : nil), !topic.isEmpty else {
      return .failure(InvocationFailure(code: "topic_required", message: "topic is required"))
    }
    guard kind == .deadMessages else {
      let stats = broker.stats(ByteKey(topic))
      return .json([
        "depth": .int(Int64(stats.depth)), "consumer_count": .int(Int64(stats.consumers)),
        "dlq_depth": .int(Int64(stats.dead)), "config": nil,
      ])
    }
    let offset = Int(clamping: input["offset"]?.natural ?? 0)
    let limit = Int(clamping: input["limit"]?.natural ?? 50)
    return .bytes(deadMessages(ByteKey(topic), offset: offset, limit: limit))
  }

  private func deadMessages(_ name: ByteKey, offset: Int, limit: Int) -> [UInt8] {
    var output: [UInt8] = [UInt8(ascii: "[")]
    for slot in broker.deadLetters(name, offset: offset, limit: limit) {
      if output.count > 1 { output.append(UInt8(ascii: ",")) }
      broker.row(ofDeadLetter: slot, into: &output)
    }
    output.append(UInt8(ascii: "]"))
    return output
  }

  private func listTopics() -> [UInt8] {
    var rows: [JSONValue] = []
    for (name, topic) in broker.topics {
      rows.append([
        "name": .string(name.text), "broker_type": "builtin", "subscriber_count": .int(Int64(topic.subscriptions)),
      ])
    }
    for (name, queue) in broker.declared {
      let count = Int64(broker[queue].definition?.concurrency ?? 0)
      rows.append(["name": .string(name.text), "broker_type": "builtin", "subscriber_count": .int(count)])
    }
    return JSONValue.array(rows).jsonBytes
  }

  private func deadTopics() -> [UInt8] {
    var rows: [JSONValue] = []
    func add(_ topic: String, _ type: String, _ count: Int) {
      rows.append(["topic": .string(topic), "broker_type": .string(type), "message_count": .int(Int64(count))])
    }
    for (name, topic) in broker.topics {
      add(name.text, "builtin", topic.shares.reduce(0) { $0 + broker[$1.value.queue].dead.count })
    }
    for (_, queue) in broker.declared { add(broker[queue].key.text, "builtin", broker[queue].dead.count) }
    for (name, queue) in broker.declared { add(name.text, "function_queue", broker[queue].dead.count) }
    return JSONValue.array(rows).jsonBytes
  }

  // MARK: Functions of later engines

  private func define(_ name: String, _ call: BuiltInCall) -> BuiltInReply {
    let input = (try? JSONParser.parse(call.data)) ?? .null
    let config = input["config"] ?? .object(JSONObject())
    let definition: QueueDefinition
    do throws(InputMismatch) { definition = try QueueDefinition(name: name, config: config) } catch {
      return .failure(InvocationFailure(code: "invalid_config", message: error.reason))
    }
    let old = broker.declared[ByteKey(name)].flatMap { broker[$0].definition }
    let reply = BuiltInReply.json(["queue": .string(name), "changed": .bool(old != definition)])
    guard old != definition else { return reply }
    broker.declare(definition, at: moment)
    act()
    saver?.save(QueueDefinitionRow(name: Array(name.utf8), config: config.jsonBytes)) { [weak self] error in
      if let error { self?.host?.warn("queue '\(name)' is declared until the engine ends, and not saved: \(error)") }
    }
    return afterSaving(reply)
  }

  /// `engine::queue::enqueue`, as engines from 0.21.5 call it.
  private func enqueue(_ input: QueueInput, _ call: BuiltInCall) -> BuiltInReply {
    let more = (try? JSONParser.parse(call.data)) ?? .null
    func quoted(_ name: String) -> [UInt8]? {
      if case .string(let text)? = more[name] { JSONText.quoted(text) } else { nil }
    }
    var receipt: UUID128?
    if case .string(let text)? = more["messageReceiptId"] { receipt = UUID128(text) }
    var trace: TraceHeaders?
    if let traceparent = quoted("traceparent") { trace = TraceHeaders(traceparent: traceparent, baggage: nil) }
    if let baggage = quoted("baggage") { trace = TraceHeaders(traceparent: trace?.traceparent, baggage: baggage) }
    let function = input.key("function_id")
    let (queue, data) = (input.key("queue"), input.data)
    return function.withBytes { function in
      queue.withBytes { queue in
        data.withView { enqueue(function, $0, queue: queue, receipt: receipt, trace) }
      }
    }
  }
}

extension UInt32 {
  /// Whether the queue with this number is a function's share of a topic, or a declared queue.
  fileprivate func isShare(in broker: QueueBroker) -> Bool {
    broker[self].definition != nil || !broker[self].consumers.isEmpty
  }
}

extension QueueDefinition {
  /// Reads what `queue::define` is given: the settings of a queue in a configuration file, with the same names.
  ///
  /// - Throws: What is wrong with them.
  init(name: String, config: JSONValue) throws(InputMismatch) {
    self.init(name: name)
    guard case .object(let members) = config else {
      throw .invalidType(config, expected: "struct FunctionQueueConfig")
    }
    var type = "standard"
    var group: String?
    for (key, value) in members {
      switch key {
      case "max_retries": maxRetries = try QueueDefinition.number(value, .u32)
      case "concurrency": concurrency = try QueueDefinition.number(value, .u32)
      case "backoff_ms": backoffMilliseconds = try QueueDefinition.number(value, .u64)
      case "poll_interval_ms": pollMilliseconds = try QueueDefinition.number(value, .u64)
      case "timeout_ms": timeoutMilliseconds = try QueueDefinition.number(value, .u64)
      case "type": type = try QueueDefinition.text(value)
      case "message_group_field": group = value == .null ? nil : try QueueDefinition.text(value)
      default:
        throw InputMismatch(
          reason: "unknown field `\(key)`, expected one of `max_retries`, `concurrency`, `type`, "
            + "`message_group_field`, `backoff_ms`, `poll_interval_ms`, `timeout_ms`")
      }
    }
    guard type == "standard" || type == "fifo" else {
      throw InputMismatch(reason: "Queue '\(name)' has invalid type '\(type)'. Must be 'standard' or 'fifo'")
    }
    if type == "fifo" {
      guard let group else {
        throw InputMismatch(reason: "Queue '\(name)' is of type 'fifo' but 'message_group_field' is not set")
      }
      groupField = group
    }
    if let problem { throw InputMismatch(reason: problem) }
  }

  private static func number<Number: FixedWidthInteger>(
    _ value: JSONValue, _ type: BuiltInField.FieldType
  ) throws(InputMismatch) -> Number {
    try BuiltInField("", type, isRequired: true).check(value)
    return Number(clamping: value.natural ?? 0)
  }

  private static func text(_ value: JSONValue) throws(InputMismatch) -> String {
    guard case .string(let text) = value else { throw .invalidType(value, expected: "a string") }
    return text
  }
}
