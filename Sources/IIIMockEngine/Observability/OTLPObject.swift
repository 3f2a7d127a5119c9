internal import III

/// An object of an OTLP message, read as the real engine does: absent members have defaults, null is accepted for some
/// members only, and integers may be strings.
struct OTLPObject {
  /// `nil` for an object that is absent.
  private let node: JSONNode?
  /// What errors call it.
  private let owner: String

  init(_ node: JSONNode, _ owner: String) throws(OTLPProblem) {
    guard node.kind == .object else { throw OTLPProblem(text: "\(owner) is not an object") }
    self.node = node
    self.owner = owner
  }

  private init(_ owner: String) {
    node = nil
    self.owner = owner
  }

  func has(_ key: String) -> Bool { present(key) != nil }

  /// A member that is there and not null.
  private func present(_ key: String) -> JSONNode? {
    guard let member = node?.member(key), member.kind != .null else { return nil }
    return member
  }

  /// An array of objects; empty if absent, null is refused.
  func list(_ key: String, _ name: String) throws(OTLPProblem) -> [OTLPObject] {
    guard let member = node?.member(key) else { return [] }
    switch member.kind {
    case .array:
      let elements = member.elements
      var objects: [OTLPObject] = []
      objects.reserveCapacity(elements.count)
      for element in elements { objects.append(try OTLPObject(element, name)) }
      return objects
    case .null: throw .missing(key, of: owner, expected: "an array")
    default: throw .wrongType(key, of: owner, expected: "an array")
    }
  }

  /// An object; empty if absent or null.
  func object(_ key: String) throws(OTLPProblem) -> OTLPObject {
    guard let member = present(key) else { return OTLPObject("`\(key)`") }
    return try OTLPObject(member, "`\(key)`")
  }

  func text(_ key: String) throws(OTLPProblem) -> String {
    guard let member = present(key) else { return "" }
    guard let text = member.text else { throw .wrongType(key, of: owner, expected: "a string") }
    return text
  }

  /// An id; `nil` if it has only zeros.
  func id(_ key: String) throws(OTLPProblem) -> String? {
    let id = try text(key)
    return id.utf8.allSatisfy { $0 == UInt8(ascii: "0") } ? nil : id
  }

  /// A time or a count; zero if absent, null is refused.
  func unsigned(_ key: String) throws(OTLPProblem) -> UInt64 {
    guard let member = node?.member(key) else { return 0 }
    if member.kind == .null { throw .missing(key, of: owner, expected: "an integer") }
    guard let number = OTLPObject.unsigned(member.value) else {
      throw .wrongType(key, of: owner, expected: "an integer")
    }
    return number
  }

  /// As `unsigned`, but null is zero.
  func number(_ key: String) throws(OTLPProblem) -> Int64 {
    guard let member = present(key) else { return 0 }
    guard let number = OTLPObject.integer(member.value) else {
      throw .wrongType(key, of: owner, expected: "an integer")
    }
    return number
  }

  /// `nil` if absent or null.
  func double(_ key: String) throws(OTLPProblem) -> Double? {
    guard let member = present(key) else { return nil }
    guard let number = OTLPObject.double(member.value) else { throw .wrongType(key, of: owner, expected: "a number") }
    return number
  }

  func bool(_ key: String) throws(OTLPProblem) -> Bool {
    guard let member = present(key) else { return false }
    guard case .bool(let flag) = member.value else { throw .wrongType(key, of: owner, expected: "a boolean") }
    return flag
  }

  func numbers<Number>(
    _ key: String, _ convert: (JSONValue) -> Number?
  ) throws(OTLPProblem) -> [Number] {
    guard let member = present(key) else { return [] }
    guard case .array(let values) = member.value else { throw .wrongType(key, of: owner, expected: "an array") }
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
    guard let member = present(key) else { return .null }
    return try OTLPObject(member, "`\(key)`").anyValue()
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
    if let text = present("stringValue")?.text { return .string(text) }
    if case .bool(let flag)? = present("boolValue")?.value { return .bool(flag) }
    if let value = present("intValue")?.value, let number = OTLPObject.integer(value) { return .int(number) }
    if let value = present("doubleValue")?.value, let number = OTLPObject.double(value) { return .double(number) }
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
    return present("bytesValue")?.text.map { .string($0) } ?? .null
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
