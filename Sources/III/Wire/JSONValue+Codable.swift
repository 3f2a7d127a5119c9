extension JSONValue: Codable {
  /// Decodes any value, with any decoder.
  ///
  /// - Throws: `DecodingError` if the decoder has a value that JSON does not support.
  public init(from decoder: any Decoder) throws {
    if let decoder = decoder as? JSONValueDecoder {
      self = try decoder.json()
      return
    }
    if let container = try? decoder.singleValueContainer() {
      if container.decodeNil() {
        self = .null
        return
      }
      if let scalar = Self.scalar(container) {
        self = scalar
        return
      }
    }
    if let object = try? decoder.container(keyedBy: JSONKey.self) {
      var members = JSONObject()
      for key in object.allKeys { members.set(key.stringValue, to: try object.decode(JSONValue.self, forKey: key)) }
      self = .object(members)
      return
    }
    var container = try decoder.unkeyedContainer()
    var values: [JSONValue] = []
    while !container.isAtEnd { values.append(try container.decode(JSONValue.self)) }
    self = .array(values)
  }

  private static func scalar(_ container: any SingleValueDecodingContainer) -> JSONValue? {
    if let value = try? container.decode(Bool.self) { return .bool(value) }
    if let value = try? container.decode(Int64.self) { return .int(value) }
    if let value = try? container.decode(UInt64.self) { return .uint(value) }
    if let value = try? container.decode(Double.self) { return .double(value) }
    if let value = try? container.decode(String.self) { return .string(value) }
    return nil
  }

  /// Encodes the value with any encoder.
  ///
  /// - Throws: The encoder's errors, for example for a number that is not finite.
  public func encode(to encoder: any Encoder) throws {
    if let encoder = encoder as? JSONValueEncoder {
      try encoder.encode(json: self)
      return
    }
    if case .array = self { try checkDepth(encoder) }
    if case .object = self { try checkDepth(encoder) }
    switch self {
    case .object(let object): try object.encode(to: encoder)
    case .array(let values):
      var container = encoder.unkeyedContainer()
      for value in values { try container.encode(value) }
    case .null:
      var container = encoder.singleValueContainer()
      try container.encodeNil()
    case .bool(let value): try Self.encode(value, to: encoder)
    case .int(let value): try Self.encode(value, to: encoder)
    case .uint(let value): try Self.encode(value, to: encoder)
    case .double(let value): try Self.encode(value, to: encoder)
    case .string(let value): try Self.encode(value, to: encoder)
    }
  }

  private func checkDepth(_ encoder: any Encoder) throws {
    guard encoder.codingPath.count < JSONCursor.maxDepth else {
      throw EncodingError.invalidValue(
        JSONValue.null,
        .init(codingPath: encoder.codingPath, debugDescription: JSONEncoding.tooDeep(JSONCursor.maxDepth)))
    }
  }

  private static func encode(_ value: some Encodable, to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(value)
  }
}
