internal import III

/// An object of an OTLP message, read as the real engine does: absent members have defaults, null is accepted for some
/// members only, and integers may be strings.
struct OTLPObject {
  private let members: JSONObject
  /// What errors call it.
  private let owner: String

  init(_ value: JSONValue, _ owner: String) throws(OTLPProblem) {
    guard case .object(let members) = value else { throw OTLPProblem(text: "\(owner) is not an object") }
    self.members = members
    self.owner = owner
  }

  private init(_ owner: String) {
    members = [:]
    self.owner = owner
  }

  func has(_ key: String) -> Bool { members[key].map { $0 != .null } ?? false }

  /// An array of objects; empty if absent, null is refused.
  func list(_ key: String, _ element: String) throws(OTLPProblem) -> [OTLPObject] {
    switch members[key] {
    case nil: return []
    case .array(let values)?:
      var objects: [OTLPObject] = []
      objects.reserveCapacity(values.count)
      for value in values { objects.append(try OTLPObject(value, element)) }
      return objects
    case .null?: throw .missing(key, of: owner, expected: "an array")
    default: throw .wrongType(key, of: owner, expected: "an array")
    }
  }

  /// An object; empty if absent or null.
  func object(_ key: String) throws(OTLPProblem) -> OTLPObject {
    guard let value = members[key], value != .null else { return OTLPObject("`\(key)`") }
    return try OTLPObject(value, "`\(key)`")
  }

  func text(_ key: String) throws(OTLPProblem) -> String {
    switch members[key] {
    case nil, .null?: return ""
    case .string(let text)?: return text
    default: throw .wrongType(key, of: owner, expected: "a string")
    }
  }

  /// An id; `nil` if it has only zeros.
  func id(_ key: String) throws(OTLPProblem) -> String? {
    let id = try text(key)
    return id.utf8.allSatisfy { $0 == UInt8(ascii: "0") } ? nil : id
  }

  /// A time or a count; zero if absent, null is refused.
  func unsigned(_ key: String) throws(OTLPProblem) -> UInt64 {
    guard let value = members[key] else { return 0 }
    if value == .null { throw .missing(key, of: owner, expected: "an integer") }
    guard let number = OTLPObject.unsigned(value) else { throw .wrongType(key, of: owner, expected: "an integer") }
    return number
  }

  /// As `unsigned`, but null is zero.
  func number(_ key: String) throws(OTLPProblem) -> Int64 {
    guard let value = members[key], value != .null else { return 0 }
    guard let number = OTLPObject.integer(value) else { throw .wrongType(key, of: owner, expected: "an integer") }
    return number
  }

  /// `nil` if absent or null.
  func double(_ key: String) throws(OTLPProblem) -> Double? {
    guard let value = members[key], value != .null else { return nil }
    guard let number = OTLPObject.double(value) else { throw .wrongType(key, of: owner, expected: "a number") }
    return number
  }

  func bool(_ key: String) throws(OTLPProblem) -> Bool {
    switch members[key] {
    case nil, .null?: return false
    case .bool(let flag)?: return flag
    default: throw .wrongType(key, of: owner, expected: "a boolean")
    }
  }

  func numbers<Number>(
    _ key: String, _ convert: (JSONValue) -> Number?
  ) throws(OTLPProblem) -> [Number] {
    guard let value = members[key], value != .null else { return [] }
    guard case .array(let values) = value else { throw .wrongType(key, of: owner, expected: "an array") }
    var numbers: [Number] = []
    numbers.reserveCapacity(values.count)
    for value in values {
      guard let number = convert(value) else { throw .wrongType(key, of: owner, expected: "an array of numbers") }
      numbers.append(number)
    }
    return numbers
  }

  /// A value of any type; null if absent.
  func any(_ key: String) throws(OTLPProblem) -> JSONValue {
    guard let value = members[key], value != .null else { return .null }
    return try OTLPObject(value, "`\(key)`").anyValue()
  }

  /// `attributes`, in their order. Null, unlike absence, is refused.
  func attributes() throws(OTLPProblem) -> [(key: String, value: JSONValue)] {
    var attributes: [(String, JSONValue)] = []
    for pair in try list("attributes", "an attribute") {
      attributes.append((try pair.text("key"), try pair.any("value")))
    }
    return attributes
  }

  /// `attributes` with their values as text.
  func textAttributes() throws(OTLPProblem) -> [SpanRecord.Attribute] {
    try attributes().map { SpanRecord.Attribute(key: $0.key, value: $0.value.otlpText) }
  }

  // MARK: Values

  /// The value of an `AnyValue`, which has one member.
  private func anyValue() throws(OTLPProblem) -> JSONValue {
    if let value = members["stringValue"], case .string = value { return value }
    if let value = members["boolValue"], case .bool = value { return value }
    if let value = members["intValue"], let number = OTLPObject.integer(value) { return .int(number) }
    if let value = members["doubleValue"], let number = OTLPObject.double(value) { return .double(number) }
    if has("arrayValue") {
      var values: [JSONValue] = []
      for value in try object("arrayValue").list("values", "a value") { values.append(try value.anyValue()) }
      return .array(values)
    }
    if has("kvlistValue") {
      var values = JSONObject()
      for pair in try object("kvlistValue").list("values", "a pair") {
        values[try pair.text("key")] = .some(try pair.any("value"))
      }
      return .object(values)
    }
    if let value = members["bytesValue"], case .string = value { return value }
    return .null
  }

  static func unsigned(_ value: JSONValue) -> UInt64? {
    switch value {
    case .int(let number): UInt64(exactly: number)
    case .uint(let number): number
    case .double(let number): UInt64(exactly: number)
    case .string(let text): UInt64(text)
    default: nil
    }
  }

  static func integer(_ value: JSONValue) -> Int64? {
    switch value {
    case .int(let number): number
    case .double(let number): Int64(exactly: number)
    case .string(let text): Int64(text)
    default: nil
    }
  }

  static func double(_ value: JSONValue) -> Double? {
    switch value {
    case .int(let number): Double(number)
    case .uint(let number): Double(number)
    case .double(let number): number
    // JSON has no numbers for these.
    case .string(let text): Double(text)
    default: nil
    }
  }
}

extension JSONValue {
  /// Primitives as text, lists and maps as JSON; null is empty.
  var otlpText: String {
    switch self {
    case .null: ""
    case .string(let text): text
    default: jsonString()
    }
  }
}
