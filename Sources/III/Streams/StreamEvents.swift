/// What a trigger of type `stream` tells its function: an item of a stream has changed, or an event was sent to a group.
public struct StreamChangeEvent: Sendable, Hashable, Codable {
  /// What happened.
  public struct Detail: Sendable, Hashable, Codable {
    /// `create`, `update`, `delete`, or `event` for one that was sent by `stream::send`.
    public var type: String
    /// The item's new value, for `delete` the old one; for `event` an object with the event's `type` and `data`.
    public var data: JSONValue

    /// Creates a detail.
    public init(type: String, data: JSONValue) {
      self.type = type
      self.data = data
    }

    private enum CodingKeys: String, CodingKey {
      case type, data, event
    }

    /// Decodes the form of the wire, in which an event that was sent has the member `event` in place of `data`.
    ///
    /// - Throws: `DecodingError`.
    public init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      type = try container.decode(String.self, forKey: .type)
      data =
        try container.decodeIfPresent(JSONValue.self, forKey: .data)
        ?? container.decodeIfPresent(JSONValue.self, forKey: .event) ?? .null
    }

    /// Encodes the form of the wire.
    ///
    /// - Throws: The encoder's errors.
    public func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(type, forKey: .type)
      try container.encode(data, forKey: type == "event" ? .event : .data)
    }
  }

  /// Always `stream`.
  public var type: String
  /// When it happened, in milliseconds since 1970.
  public var timestamp: Int64
  /// The stream.
  public var streamName: String
  /// The group within the stream.
  public var groupID: String
  /// The item; `nil` for an event that was sent to the whole group.
  public var id: String?
  /// What happened.
  public var event: Detail

  /// Creates an event.
  public init(
    type: String = "stream", timestamp: Int64, streamName: String, groupID: String, id: String? = nil, event: Detail
  ) {
    self.type = type
    self.timestamp = timestamp
    self.streamName = streamName
    self.groupID = groupID
    self.id = id
    self.event = event
  }

  private enum CodingKeys: String, CodingKey {
    case type, timestamp, streamName, id, event
    case groupID = "groupId"
  }
}

/// What triggers of type `stream:join` and `stream:leave` tell their functions: a client subscribes to a group of a stream, or ends that.
public struct StreamJoinLeaveEvent: Sendable, Hashable, Codable {
  /// The subscription; the client chooses its id.
  public var subscriptionID: String
  /// The stream.
  public var streamName: String
  /// The group within the stream.
  public var groupID: String
  /// The item; `nil` for the whole group.
  public var id: String?
  /// What the stream server's auth function has returned for the client.
  public var context: JSONValue?

  /// Creates an event.
  public init(
    subscriptionID: String, streamName: String, groupID: String, id: String? = nil, context: JSONValue? = nil
  ) {
    self.subscriptionID = subscriptionID
    self.streamName = streamName
    self.groupID = groupID
    self.id = id
    self.context = context
  }

  private enum CodingKeys: String, CodingKey {
    case id, context
    case subscriptionID = "subscription_id"
    case streamName = "stream_name"
    case groupID = "group_id"
  }
}

/// The answer of a function for `stream:join`.
public struct StreamJoinResult: Sendable, Hashable, Codable {
  /// Whether the client may not subscribe.
  public var unauthorized: Bool

  /// Creates an answer.
  public init(unauthorized: Bool) { self.unauthorized = unauthorized }
}

/// What the stream server's auth function is told of a client that connects.
public struct StreamAuthInput: Sendable, Hashable, Codable {
  /// The headers of the client's request.
  public var headers: [String: String]
  /// The path of the request.
  public var path: String
  /// The query of the request, not percent-decoded.
  public var queryParams: [String: [String]]
  /// The client's address and port.
  public var addr: String

  /// Creates an input.
  public init(headers: [String: String], path: String, queryParams: [String: [String]], addr: String) {
    self.headers = headers
    self.path = path
    self.queryParams = queryParams
    self.addr = addr
  }

  private enum CodingKeys: String, CodingKey {
    case headers, path, addr
    case queryParams = "query_params"
  }
}

/// The answer of a stream server's auth function.
public struct StreamAuthResult: Sendable, Hashable, Codable {
  /// Given to the functions for `stream:join` and `stream:leave` of this client.
  public var context: JSONValue?

  /// Creates an answer.
  public init(context: JSONValue? = nil) { self.context = context }
}

/// What a trigger of type `state` tells its function: a value of the state has changed.
///
/// ```swift
/// try iii.registerFunction("carts::changed") { (event: StateEvent<Cart>) async in
///   print(event.key, event.oldValue?.total ?? 0, "→", event.newValue?.total ?? 0)
/// }
/// try iii.registerTrigger(StateTriggerConfig(scope: "carts"), functionID: "carts::changed")
/// ```
public struct StateEvent<Value: Codable & Sendable>: Sendable, Codable {
  /// What happened to the value.
  public enum Kind: String, Sendable, Codable, CaseIterable {
    /// There was none before.
    case created = "state:created"
    /// There was one before.
    case updated = "state:updated"
    /// It was deleted.
    case deleted = "state:deleted"
  }

  /// What happened.
  public var eventType: Kind
  /// The scope.
  public var scope: String
  /// The key within the scope.
  public var key: String
  /// The value from before; `nil` if there was none.
  public var oldValue: Value?
  /// The value after; `nil` if it was deleted.
  public var newValue: Value?

  /// Creates an event.
  public init(eventType: Kind, scope: String, key: String, oldValue: Value? = nil, newValue: Value? = nil) {
    self.eventType = eventType
    self.scope = scope
    self.key = key
    self.oldValue = oldValue
    self.newValue = newValue
  }

  private enum CodingKeys: String, CodingKey {
    case scope, key
    case eventType = "event_type"
    case oldValue = "old_value"
    case newValue = "new_value"
  }
}
