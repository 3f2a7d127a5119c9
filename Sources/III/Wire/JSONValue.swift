/// Any JSON value: what payloads, configurations and metadata without a Swift type are made of.
///
/// Literals make values, subscripts reach into them, `decoded(as:)` turns them into types:
///
/// ```swift
/// let payload: JSONValue = ["name": "Ada", "tags": ["new", "vip"], "age": 36]
/// let tag = payload["tags"]?[0]                       // "new"
/// let age = try payload["age"]?.decoded(as: Int.self) // 36
/// print(payload.jsonString())                         // {"name":"Ada","tags":["new","vip"],"age":36}
/// ```
///
/// Integers of the whole range of `Int64` and `UInt64` are kept exactly. Numbers are equal when their values are:
/// `.int(1) == .uint(1)` and `.int(1) == .double(1)`.
public enum JSONValue: Sendable {
  /// `null`.
  case null
  /// `true` or `false`.
  case bool(Bool)
  /// An integer; parsing yields this one wherever it fits.
  case int(Int64)
  /// An integer; parsing yields this one above `Int64.max`.
  case uint(UInt64)
  /// A number with a fraction or an exponent, or beyond the integers. Infinities and NaN cannot be encoded.
  case double(Double)
  /// A string.
  case string(String)
  /// An array.
  case array([JSONValue])
  /// An object, whose members keep their order.
  case object(JSONObject)

  /// The value of an object's member; nil if there is none or this is no object.
  public subscript(key: String) -> JSONValue? {
    if case .object(let object) = self { object[key] } else { nil }
  }

  /// An element of an array; nil if there is none or this is no array.
  public subscript(index: Int) -> JSONValue? {
    if case .array(let values) = self, values.indices.contains(index) { values[index] } else { nil }
  }

  /// Parses a JSON text (RFC 8259, nested 512 deep at most).
  ///
  /// - Throws: `DecodingError.dataCorrupted`, which says what is wrong at which byte.
  public init(parsing text: some StringProtocol) throws {
    var text = String(text)
    self = try text.withUTF8 { try PayloadCoder.parse(ByteView(UnsafeRawBufferPointer($0))) }
  }

  /// Makes the JSON that a value encodes to.
  ///
  /// - Throws: `EncodingError`, or what the value's `encode(to:)` throws.
  public init<T: Encodable>(encoding value: T) throws {
    self = try PayloadCoder.value(encoding: value)
  }

  /// Decodes a value of some type from this JSON.
  ///
  /// - Throws: `DecodingError`, or what the type's `init(from:)` throws.
  public func decoded<T: Decodable>(as type: T.Type = T.self) throws -> T {
    try PayloadCoder.decode(type, from: self)
  }

  /// The value as compact JSON.
  ///
  /// - Parameter sortedKeys: Whether the members of all objects are sorted by the code points of their keys; by
  ///   default they keep their order.
  /// - Returns: The JSON; infinities and NaN, which JSON does not have, stand there as `null`.
  public func jsonString(sortedKeys: Bool = false) -> String {
    var buffer = JSONBuffer()
    _ = buffer.append(self, sortedKeys: sortedKeys)
    return buffer.string()
  }
}

extension JSONValue: Hashable {
  /// Whether both are the same JSON; numbers are compared by value, objects without regard to the order of members.
  public static func == (a: JSONValue, b: JSONValue) -> Bool {
    switch (a, b) {
    case (.null, .null): true
    case (.bool(let a), .bool(let b)): a == b
    case (.string(let a), .string(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.object(let a), .object(let b)): a == b
    case (.int(let a), .int(let b)): a == b
    case (.uint(let a), .uint(let b)): a == b
    case (.double(let a), .double(let b)): a == b
    case (.int(let a), .uint(let b)), (.uint(let b), .int(let a)): a == b
    case (.int(let a), .double(let b)), (.double(let b), .int(let a)): Int64(exactly: b) == a
    case (.uint(let a), .double(let b)), (.double(let b), .uint(let a)): UInt64(exactly: b) == a
    default: false
    }
  }

  /// Hashes so that equal values hash alike.
  public func hash(into hasher: inout Hasher) {
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
    case .string(let value): hasher.combine(value)
    case .array(let value): hasher.combine(value)
    case .object(let value): hasher.combine(value)
    }
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
