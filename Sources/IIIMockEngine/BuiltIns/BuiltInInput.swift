internal import III

/// The input of a built-in function: reads members as the real engine's decoder does, with its error texts.
struct BuiltInInput {
  /// Why an input is refused.
  struct Mismatch: Error, Equatable {
    let reason: String
  }

  let object: JSONObject

  /// - Parameter name: What the error text calls an input that is not an object.
  init(_ value: JSONValue, named name: String) throws(Mismatch) {
    guard case .object(let object) = value else { throw .invalidType(value, expected: "struct \(name)") }
    self.object = object
  }

  func member(_ key: String) -> JSONValue? {
    guard let value = object[key], value != .null else { return nil }
    return value
  }

  /// A string; `nil` if absent or null.
  func string(_ key: String) throws(Mismatch) -> String? {
    guard let value = member(key) else { return nil }
    guard case .string(let text) = value else { throw .invalidType(value, expected: "a string") }
    return text
  }

  /// As `string`, for what is compared with ids, names and values of the engine.
  func key(_ key: String) throws(Mismatch) -> ByteKey? { try string(key).map { ByteKey($0) } }

  func requiredString(_ key: String) throws(Mismatch) -> String {
    guard let value = object[key] else { throw Mismatch(reason: "missing field `\(key)`") }
    guard case .string(let text) = value else { throw .invalidType(value, expected: "a string") }
    return text
  }

  func bool(_ key: String) throws(Mismatch) -> Bool? {
    guard let value = member(key) else { return nil }
    guard case .bool(let flag) = value else { throw .invalidType(value, expected: "a boolean") }
    return flag
  }

  func uint32(_ key: String) throws(Mismatch) -> UInt32? {
    guard let value = member(key) else { return nil }
    try BuiltInField(key, .u32).check(value)
    return unsigned(key).flatMap(UInt32.init(exactly:))
  }

  func object(_ key: String, named name: String) throws(Mismatch) -> BuiltInInput? {
    guard let value = member(key) else { return nil }
    return try BuiltInInput(value, named: name)
  }
}

extension BuiltInInput.Mismatch {
  static func invalidType(_ value: JSONValue, expected: String) -> BuiltInInput.Mismatch {
    let found =
      switch value {
      case .null: "null"
      case .bool(let flag): "boolean `\(flag)`"
      case .int(let number): "integer `\(number)`"
      case .uint(let number): "integer `\(number)`"
      case .double(let number): "floating point `\(JSONValue.double(number))`"
      case .string(let text): "string \(JSONValue.string(text))"
      case .array: "sequence"
      case .object: "map"
      }
    return .init(reason: "invalid type: \(found), expected \(expected)")
  }
}
