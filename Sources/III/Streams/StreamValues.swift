/// Names an item of a stream, for `stream::get`.
public struct StreamGetInput: Sendable, Hashable, Codable {
  /// The stream.
  public var streamName: String
  /// The group within the stream.
  public var groupID: String
  /// The item within the group.
  public var itemID: String

  /// Creates an input.
  public init(streamName: String, groupID: String, itemID: String) {
    self.streamName = streamName
    self.groupID = groupID
    self.itemID = itemID
  }

  private enum CodingKeys: String, CodingKey {
    case streamName = "stream_name"
    case groupID = "group_id"
    case itemID = "item_id"
  }
}

/// Names an item of a stream, for `stream::delete`.
public typealias StreamDeleteInput = StreamGetInput

/// Sets an item of a stream, for `stream::set`.
public struct StreamSetInput<Item: Codable & Sendable>: Sendable, Codable {
  /// The stream.
  public var streamName: String
  /// The group within the stream.
  public var groupID: String
  /// The item within the group.
  public var itemID: String
  /// The item's new value.
  public var data: Item

  /// Creates an input.
  public init(streamName: String, groupID: String, itemID: String, data: Item) {
    self.streamName = streamName
    self.groupID = groupID
    self.itemID = itemID
    self.data = data
  }

  private enum CodingKeys: String, CodingKey {
    case data
    case streamName = "stream_name"
    case groupID = "group_id"
    case itemID = "item_id"
  }
}

/// Names a group of a stream, for `stream::list`.
public struct StreamListInput: Sendable, Hashable, Codable {
  /// The stream.
  public var streamName: String
  /// The group within the stream.
  public var groupID: String

  /// Creates an input.
  public init(streamName: String, groupID: String) {
    self.streamName = streamName
    self.groupID = groupID
  }

  private enum CodingKeys: String, CodingKey {
    case streamName = "stream_name"
    case groupID = "group_id"
  }
}

/// Names a stream, for `stream::list_groups`.
public struct StreamListGroupsInput: Sendable, Hashable, Codable {
  /// The stream.
  public var streamName: String

  /// Creates an input.
  public init(streamName: String) { self.streamName = streamName }

  private enum CodingKeys: String, CodingKey {
    case streamName = "stream_name"
  }
}

/// Changes an item of a stream, for `stream::update`.
public struct StreamUpdateInput: Sendable, Hashable, Codable {
  /// The stream.
  public var streamName: String
  /// The group within the stream.
  public var groupID: String
  /// The item within the group.
  public var itemID: String
  /// The changes, applied in order as one step.
  public var ops: [UpdateOp]

  /// Creates an input.
  public init(streamName: String, groupID: String, itemID: String, ops: [UpdateOp]) {
    self.streamName = streamName
    self.groupID = groupID
    self.itemID = itemID
    self.ops = ops
  }

  private enum CodingKeys: String, CodingKey {
    case ops
    case streamName = "stream_name"
    case groupID = "group_id"
    case itemID = "item_id"
  }
}

/// What became of a value that was set.
public struct StreamSetResult<Value: Codable & Sendable>: Sendable, Codable {
  /// The value from before; `nil` if there was none.
  public var oldValue: Value?
  /// The value that was set.
  public var newValue: Value

  /// Creates a result.
  public init(oldValue: Value? = nil, newValue: Value) {
    self.oldValue = oldValue
    self.newValue = newValue
  }

  private enum CodingKeys: String, CodingKey {
    case oldValue = "old_value"
    case newValue = "new_value"
  }
}

/// What became of a value that was updated.
public struct StreamUpdateResult<Value: Codable & Sendable>: Sendable, Codable {
  /// The value from before; `nil` if there was none.
  public var oldValue: Value?
  /// The value after the update.
  public var newValue: Value
  /// The operations that could not be applied; the others were.
  public var errors: [UpdateOpError]

  /// Creates a result.
  public init(oldValue: Value? = nil, newValue: Value, errors: [UpdateOpError] = []) {
    self.oldValue = oldValue
    self.newValue = newValue
    self.errors = errors
  }

  private enum CodingKeys: String, CodingKey {
    case errors
    case oldValue = "old_value"
    case newValue = "new_value"
  }

  /// Decodes a result; `errors` may be absent.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    oldValue = try container.decodeIfPresent(Value.self, forKey: .oldValue)
    newValue = try container.decode(Value.self, forKey: .newValue)
    errors = try container.decodeIfPresent([UpdateOpError].self, forKey: .errors) ?? []
  }
}

/// What became of a value that was deleted.
public struct StreamDeleteResult<Value: Codable & Sendable>: Sendable, Codable {
  /// The value from before; `nil` if there was none.
  public var oldValue: Value?

  /// Creates a result.
  public init(oldValue: Value? = nil) { self.oldValue = oldValue }

  private enum CodingKeys: String, CodingKey {
    case oldValue = "old_value"
  }
}
