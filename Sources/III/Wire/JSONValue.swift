/// Any JSON value, for payloads, configurations and metadata without a Swift type of their own.
///
/// Literals create values, subscripts access their parts, `decoded(as:)` converts them into types:
///
/// ```swift
/// let payload: JSONValue = ["name": "Ada", "tags": ["new", "vip"], "age": 36]
/// let tag = payload["tags"]?[0]                       // "new"
/// let age = try payload["age"]?.decoded(as: Int.self) // 36
/// print(payload.jsonString())                         // {"name":"Ada","tags":["new","vip"],"age":36}
/// ```
///
/// Integers in the ranges of `Int64` and `UInt64` are stored exactly. Numbers are equal if their values are equal: `.int(1) == .uint(1)`
/// and `.int(1) == .double(1)`. Strings are equal if their UTF-8 bytes are equal.
///
/// Parsing and encoding refuse values that are nested more than 512 levels deep. Comparing and hashing accept any depth; but a value that a
/// program nests tens of thousands of levels deep can overflow the stack when it is deallocated, as any nested array can.
public enum JSONValue: Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// An integer; parsing uses this case for every integer that fits.
  case int(Int64)
  /// An integer; parsing uses this case above `Int64.max`.
  case uint(UInt64)
  /// A number with a fraction or an exponent, or outside the ranges of the integers. Infinities and NaN cannot be encoded.
  case double(Double)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object, whose members keep their order.
  case object(JSONObject)

  /// The value of an object's member; nil if there is none or this is not an object.
  ///
  /// Setting a value, including `.null`, sets the member; setting nil removes it. Null becomes an object when a value is set; values of
  /// other kinds do not change.
  ///
  /// ```swift
  /// var order: JSONValue = ["id": 1]
  /// order["customer"] = ["name": "Ada"]
  /// order["customer"]?["name"] = "Grace"
  /// order["id"] = nil
  /// ```
  public subscript(key: String) -> JSONValue? {
    get { if case .object(let object) = self { object[key] } else { nil } }
    set {
      switch self {
      case .object(var object):
        self = .null  // the object has one owner, and is changed in place
        object[key] = newValue
        self = .object(object)
      case .null:
        if let newValue { self = .object([key: newValue]) }
      default: break
      }
    }
  }

  /// An element of an array; nil if there is none or this is not an array.
  ///
  /// Setting a value replaces an existing element, or appends at the index after the last one; setting nil removes the element. Any other
  /// index has no effect, and values of other kinds do not change.
  public subscript(index: Int) -> JSONValue? {
    get { if case .array(let values) = self, values.indices.contains(index) { values[index] } else { nil } }
    set {
      guard case .array(var values) = self else { return }
      self = .null  // the array has one owner, and is changed in place
      if values.indices.contains(index) {
        if let newValue { values[index] = newValue } else { values.remove(at: index) }
      } else if index == values.count, let newValue {
        values.append(newValue)
      }
      self = .array(values)
    }
  }

  /// Parses a JSON text (RFC 8259, nested at most 512 levels deep).
  ///
  /// - Throws: `DecodingError.dataCorrupted` with the problem and its byte offset.
  public init(parsing text: some StringProtocol) throws {
    var text = String(text)
    self = try text.withUTF8 { try PayloadCoder.parse(ByteView(UnsafeRawBufferPointer($0))) }
  }

  /// Creates the JSON that a value encodes to.
  ///
  /// - Throws: `EncodingError`, or the error of the value's `encode(to:)`.
  public init<T: Encodable>(encoding value: T) throws {
    self = try PayloadCoder.value(encoding: value)
  }

  /// Decodes a value of some type from this JSON.
  ///
  /// - Throws: `DecodingError`, or the error of the type's `init(from:)`.
  public func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
    try PayloadCoder.decode(type, from: self)
  }

  /// The value as compact JSON.
  ///
  /// - Parameter sortedKeys: Whether the members of all objects are sorted by the code points of their keys; by default they keep their
  ///   order.
  /// - Returns: The JSON. Infinities and NaN, which JSON does not have, are printed as `null`, and so are arrays and objects inside more
  ///   than 512 others.
  public func jsonString(sortedKeys: Bool = false) -> String {
    var buffer = JSONBuffer()
    _ = buffer.append(self, maxDepth: JSONCursor.maxDepth, sortedKeys: sortedKeys)
    return buffer.string()
  }
}

extension JSONValue: Hashable {
  /// Whether both are the same JSON: numbers are compared by value, strings and keys by their UTF-8 bytes, and the order of an object's
  /// members is ignored.
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    // Without recursion, because values may be nested deeper than the stack allows.
    var pending: [(JSONValue, JSONValue)] = []
    var pair = (a, b)
    while true {
      switch pair {
      case (.array(let a), .array(let b)):
        guard a.count == b.count else { return false }
        pending.append(contentsOf: zip(a, b))
      case (.object(let a), .object(let b)):
        guard a.count == b.count else { return false }
        for (key, value) in a {
          guard let other = b[key] else { return false }
          pending.append((value, other))
        }
      default: guard isSameScalar(pair.0, pair.1) else { return false }
      }
      guard let next = pending.popLast() else { return true }
      pair = next
    }
  }

  private static func isSameScalar(_ a: JSONValue, _ b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.string(let a), .string(let b)): ByteKey.isSame(a, b)
    case (.int(let a), .int(let b)): a == b
    case (.uint(let a), .uint(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.int(let a), .uint(let b)), (.uint(let b), .int(let a)): a == b
    case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Int64(exactly: b) == a
    case (.uint(let a), .double(let b)), (.double(let b), .uint(let a)): UInt64(exactly: b) == a
    default: false
    }
  }

  /// Equal values have equal hashes.
  public func hash(into hasher: inout Hasher) { hash(into: &hasher, depth: 32) }

  /// Hashes values nested up to `depth` levels; below that, only the number of members and elements.
  private func hash(into hasher: inout Hasher, depth: Int) {
    switch self {
    case .null: hasher.combine(0 as UInt8)
    case .bool(let value): hasher.combine(value)
    case .int(let value): hasher.combine(value)
    case .uint(let value): Self.hash(value, into: &hasher)
    case .double(let value):
      if let integer = Int64(exactly: value) {
        hasher.combine(integer)
      } else if let integer = UInt64(exactly: value) {
        hasher.combine(integer)
      } else {
        hasher.combine(value)
      }
    case .string(let value): hasher.combine(ByteKey(value))
    case .array(let values):
      hasher.combine(values.count)
      if depth > 0 { for value in values { value.hash(into: &hasher, depth: depth - 1) } }
    case .object(let object):
      hasher.combine(object.count)
      if depth > 0 { hasher.combine(Self.sum(of: object, depth: depth - 1)) }
    }
  }

  /// The sum of the members' hashes, which does not depend on their order.
  private static func sum(of object: JSONObject, depth: Int) -> Int {
    var sum = 0
    for (key, value) in object {
      var member = Hasher()
      member.combine(ByteKey(key))
      value.hash(into: &member, depth: depth)
      sum &+= member.finalize()
    }
    return sum
  }

  private static func hash(_ value: UInt64, into hasher: inout Hasher) {
    if let integer = Int64(exactly: value) {
      hasher.combine(integer)
    } else {
      hasher.combine(value)
    }
  }
}

extension JSONValue: CustomStringConvertible {
  /// The value as compact JSON.
  public var description: String { jsonString() }
}
