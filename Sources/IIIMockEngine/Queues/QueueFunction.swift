internal import III

/// The functions of `iii-queue`.
enum QueueFunction: String, CaseIterable {
  case publish = "iii::durable::publish"
  case redrive = "iii::queue::redrive"
  case redriveMessage = "iii::queue::redrive_message"
  case discardMessage = "iii::queue::discard_message"
  case listTopics = "engine::queue::list_topics"
  case topicStats = "engine::queue::topic_stats"
  case deadTopics = "engine::queue::dlq_topics"
  case deadMessages = "engine::queue::dlq_messages"
  // Functions of other versions, which a strict engine does not have.
  case oldPublish = "enqueue"
  case enqueue = "engine::queue::enqueue"
  case define = "queue::define"

  var description: String {
    switch self {
    case .publish, .oldPublish: "Enqueue a message"
    case .redrive: "Redrive all DLQ messages back to the main queue"
    case .redriveMessage: "Redrive a single DLQ message by ID back to the main queue"
    case .discardMessage: "Discard (purge) a single DLQ message by ID"
    case .listTopics: "List all queue topics"
    case .topicStats: "Get stats for a queue topic"
    case .deadTopics: "List DLQ topics with counts"
    case .deadMessages: "Browse DLQ messages"
    case .enqueue: "Put a call of a function into a queue"
    case .define: "Declare a queue, or change what it is set to"
    }
  }

  var inputName: String {
    switch self {
    case .publish, .oldPublish: "QueueInput"
    case .redrive: "RedriveInput"
    case .redriveMessage, .discardMessage: "RedriveSingleInput"
    case .listTopics, .topicStats, .deadTopics, .deadMessages: "AnyValue"
    case .enqueue: "EnqueueInput"
    case .define: "DefineInput"
    }
  }

  /// The members of the input, in the order in which their absence is reported.
  var required: [String] {
    switch self {
    case .publish, .oldPublish: ["topic", "data"]
    case .redrive: ["queue"]
    case .redriveMessage, .discardMessage: ["queue", "message_id"]
    case .listTopics, .topicStats, .deadTopics, .deadMessages: []
    case .enqueue: ["queue", "function_id", "data"]
    case .define: ["queue"]
    }
  }

  private var isMockOnly: Bool {
    switch self {
    case .oldPublish, .enqueue, .define: true
    default: false
    }
  }

  var manifestFunction: BuiltInFunction {
    BuiltInFunction(
      rawValue, description, input: inputName, requestSchema: requestSchema, responseSchema: responseSchema,
      isMockOnly: isMockOnly)
  }

  private var requestSchema: JSONValue {
    guard !required.isEmpty else { return ["$schema": .string(BuiltInSchema.dialect), "title": "AnyValue"] }
    var properties = JSONObject()
    for name in required { properties[name] = QueueFunction.property(name, of: self) }
    return BuiltInSchema.object(inputName, properties, required: required.sorted())
  }

  private static func property(_ name: String, of function: QueueFunction) -> JSONValue {
    let text: JSONValue? =
      switch (name, function) {
      case ("topic", _): "Topic to publish to. Subscribers registered for this topic receive the message."
      case ("data", .publish), ("data", .oldPublish): "JSON payload delivered to each subscriber."
      case ("queue", .redrive): "Queue name whose dead-letter messages should be moved back to the main queue."
      case ("queue", .redriveMessage), ("queue", .discardMessage): "Queue name owning the dead-letter message."
      case ("message_id", _): "Identifier of the dead-letter message to redrive."
      default: nil
      }
    var property = JSONObject()
    if let text { property["description"] = text }
    if name != "data" { property["type"] = "string" }
    return .object(property)
  }

  private var responseSchema: JSONValue {
    let count: JSONValue = ["type": "integer", "format": "uint64", "minimum": 0.0]
    switch self {
    case .redrive:
      return BuiltInSchema.object(
        "RedriveResult", ["queue": ["type": "string"], "redriven": count], required: ["queue", "redriven"])
    case .redriveMessage, .discardMessage:
      return BuiltInSchema.object(
        "RedriveSingleResult", ["message_id": ["type": "string"], "queue": ["type": "string"], "redriven": count],
        required: ["message_id", "queue", "redriven"])
    default: return .null
    }
  }
}

/// The input of a queue function: members with values as their sender spelled them.
struct QueueInput {
  private(set) var texts: [ByteKey: String] = [:]
  private(set) var data: [UInt8] = []

  /// - Parameter acceptsBoth: Whether `queue` and `topic` are names of each other.
  /// - Throws: The reason, in the words of the real engine's decoder.
  init(_ json: ByteView, of function: QueueFunction, acceptsBoth: Bool) throws(InputMismatch) {
    guard var members = ObjectMembers(json) else {
      throw .invalidType(of: json, expected: "struct \(function.inputName)")
    }
    var found: [ByteKey: ByteView] = [:]
    while let member = members.next() { found[ByteKey(String(decoding: member.key, as: UTF8.self))] = member.value }
    for name in function.required {
      var value = found[ByteKey(name)]
      if value == nil, acceptsBoth, name == "queue" { value = found["topic"] }
      if value == nil, acceptsBoth, name == "topic" { value = found["queue"] }
      guard let value else { throw .missing(name) }
      if name == "data" {
        data = value.array
      } else {
        guard JSONText.isString(value) else { throw .invalidType(of: value, expected: "a string") }
        texts[ByteKey(name)] = JSONText.unquote(value)
      }
    }
  }

  func key(_ name: ByteKey) -> ByteKey { ByteKey(texts[name] ?? "") }
}
