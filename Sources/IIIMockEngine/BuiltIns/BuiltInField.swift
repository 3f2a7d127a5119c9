internal import III

/// A member of a built-in function's input: what its decoder takes, and what its schema says.
struct BuiltInField {
  /// The types, by the real decoder's names.
  enum FieldType {
    case string, bool, u32, u64, usize, i32, f64, object
    /// Pairs of strings.
    case pairs
    case any
  }

  let name: String
  let type: FieldType
  let isRequired: Bool

  init(_ name: String, _ type: FieldType, isRequired: Bool = false) {
    self.name = name
    self.type = type
    self.isRequired = isRequired
  }

  /// Throws the decoder's error for a value of a wrong type.
  func check(_ value: JSONValue) throws(BuiltInInput.Mismatch) {
    if value == .null && !isRequired { return }
    switch (type, value) {
    case (.any, _), (.string, .string), (.bool, .bool), (.u64, .int(0...)), (.usize, .int(0...)), (.u64, .uint),
      (.usize, .uint), (.f64, .int), (.f64, .uint), (.f64, .double):
      break
    case (.object, .object): break
    case (.i32, .int(let number)) where Int32(exactly: number) != nil: break
    case (.u32, .int(let number)) where UInt32(exactly: number) != nil: break
    case (.u64, .int(let number)), (.usize, .int(let number)), (.i32, .int(let number)), (.u32, .int(let number)):
      throw .init(reason: "invalid value: integer `\(number)`, expected \(type.expected)")
    case (.i32, .uint(let number)), (.u32, .uint(let number)):
      throw .init(reason: "invalid value: integer `\(number)`, expected \(type.expected)")
    case (.pairs, .array(let pairs)): try check(pairs: pairs)
    default: throw .invalidType(value, expected: type.expected)
    }
  }

  private func check(pairs: [JSONValue]) throws(BuiltInInput.Mismatch) {
    for pair in pairs {
      guard case .array(let texts) = pair else { throw .invalidType(pair, expected: "a tuple of size 2") }
      for text in texts {
        guard case .string = text else { throw .invalidType(text, expected: "a string") }
      }
      guard texts.count == 2 else {
        throw .init(reason: "invalid length \(texts.count), expected a tuple of size 2")
      }
    }
  }

  /// The member's part of the input's schema.
  var schema: JSONValue {
    func typed(_ name: JSONValue, _ more: JSONObject = [:]) -> JSONValue {
      var schema: JSONObject = ["type": isRequired ? name : [name, "null"]]
      for (key, value) in more { schema[key] = value }
      return .object(schema)
    }
    switch type {
    case .any: return true
    case .string: return typed("string")
    case .bool: return typed("boolean")
    case .u32, .u64, .usize: return typed("integer", ["minimum": 0])
    case .i32: return typed("integer")
    case .f64: return typed("number")
    case .object: return typed("object")
    case .pairs:
      let text: JSONValue = ["type": "string"]
      return typed(
        "array", ["items": ["type": "array", "items": [text, text], "minItems": 2, "maxItems": 2]])
    }
  }
}

extension BuiltInField.FieldType {
  fileprivate var expected: String {
    switch self {
    case .string: "a string"
    case .bool: "a boolean"
    case .u32: "u32"
    case .u64: "u64"
    case .usize: "usize"
    case .i32: "i32"
    case .f64: "f64"
    case .object: "a map"
    case .pairs: "a sequence"
    case .any: "any value"
    }
  }
}

extension BuiltInInput {
  /// Checks the members that a function reads: first the types of those that are present, by name, as the decoder does;
  /// then which are missing.
  func check(_ fields: [BuiltInField]) throws(Mismatch) {
    for field in fields.sorted(by: { $0.name < $1.name }) {
      if let value = object[field.name] { try field.check(value) }
    }
    if let missing = fields.first(where: { $0.isRequired && object[$0.name] == nil }) {
      throw Mismatch(reason: "missing field `\(missing.name)`")
    }
  }

  // For members that have been checked: a value that is not a number was not given.

  func unsigned(_ key: String) -> UInt64? {
    switch member(key) {
    case .int(let number): UInt64(exactly: number)
    case .uint(let number): number
    default: nil
    }
  }

  func integer(_ key: String) -> Int64? { if case .int(let number)? = member(key) { number } else { nil } }

  /// A count, clamped to what `Int` holds.
  func count(_ key: String) -> Int? { unsigned(key).map { Int(clamping: $0) } }

  func number(_ key: String) -> Double? {
    switch member(key) {
    case .int(let number): Double(number)
    case .uint(let number): Double(number)
    case .double(let number): number
    default: nil
    }
  }

  func pairs(_ key: String) -> [(key: String, value: String)] {
    guard case .array(let pairs)? = member(key) else { return [] }
    return pairs.compactMap { pair in
      guard case .string(let key)? = pair[0], case .string(let value)? = pair[1] else { return nil }
      return (key, value)
    }
  }

  /// Members as they were given, null if they were not.
  func echo(_ names: [String]) -> JSONValue {
    var echo = JSONObject()
    for name in names { echo[name] = .some(object[name] ?? .null) }
    return .object(echo)
  }
}
