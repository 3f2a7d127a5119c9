/// Decodes the value at one index of a document.
struct JSONValueDecoder: Decoder, SingleValueDecodingContainer {
  let document: JSONDocument
  let index: Int

  var codingPath: [any CodingKey] { document.path(to: index) }
  var userInfo: [CodingUserInfoKey: Any] { document.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard kind == .object || kind == .ambiguousObject else { throw mismatch([String: Any].self, "an object") }
    return KeyedDecodingContainer(JSONKeyedDecoder(document: document, object: index))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard kind == .array else { throw mismatch([Any].self, "an array") }
    return JSONUnkeyedDecoder(document: document, array: index)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { self }

  func decodeNil() -> Bool { kind == .null }

  // The most frequent types have their own methods, in all three containers: a generic method must find out the type at run time.
  func decode(_ type: Bool.Type) throws -> Bool { try bool() }
  func decode(_ type: String.Type) throws -> String { try string() }
  func decode(_ type: Int.Type) throws -> Int { try integer(Int.self) }
  func decode(_ type: Double.Type) throws -> Double { try double() }
  // Without these methods, the standard library's defaults would throw.
  func decode(_ type: Int128.Type) throws -> Int128 { try integer(type) }
  func decode(_ type: UInt128.Type) throws -> UInt128 { try integer(type) }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if type == String.self { return cast(try string()) }
    if type == Int.self { return cast(try integer(Int.self)) }
    if type == Double.self { return cast(try double()) }
    if type == Bool.self { return cast(try bool()) }
    return try rare(type)
  }

  private func rare<T: Decodable>(_ type: T.Type) throws -> T {
    // Structures of a few words are checked here; user types come last.
    if type == JSONValue.self { return cast(try json()) }
    if type == Int64.self { return cast(try integer(Int64.self)) }
    if type == UInt64.self { return cast(try integer(UInt64.self)) }
    if type == Int32.self { return cast(try integer(Int32.self)) }
    if type == UInt32.self { return cast(try integer(UInt32.self)) }
    if type == Int16.self { return cast(try integer(Int16.self)) }
    if type == UInt16.self { return cast(try integer(UInt16.self)) }
    if type == Int8.self { return cast(try integer(Int8.self)) }
    if type == UInt8.self { return cast(try integer(UInt8.self)) }
    if type == UInt.self { return cast(try integer(UInt.self)) }
    if type == Float.self { return cast(try float()) }
    if type == Int128.self { return cast(try integer(Int128.self)) }
    if type == UInt128.self { return cast(try integer(UInt128.self)) }
    if type == [String].self { return cast(try elements { try $0.string() }) }
    if type == [Double].self { return cast(try elements { try $0.double() }) }
    if type == [Int].self { return cast(try elements { try $0.integer(Int.self) }) }
    if type == [Float].self { return cast(try elements { try $0.float() }) }
    if type == [JSONValue].self { return cast(try elements { try $0.json() }) }
    if type == [String: String].self { return cast(try members { try $0.string() }) }
    if type == [String: JSONValue].self { return cast(try members { try $0.json() }) }
    if type == [String: Int].self { return cast(try members { try $0.integer(Int.self) }) }
    if type == [String: Double].self { return cast(try members { try $0.double() }) }
    if type == [String: Bool].self { return cast(try members { try $0.bool() }) }
    if type == JSONObject.self { return cast(try object()) }
    if PayloadCoder.isFoundation(type) { return try PayloadCoder.decodeFoundation(type, from: self) }
    return try T(from: self)
  }

  /// An array of plain values, without `Array`'s own decoding.
  @inline(__always) private func elements<Element>(_ decode: (JSONValueDecoder) throws -> Element) throws -> [Element] {
    guard kind == .array else { throw mismatch([Any].self, "an array") }
    var elements: [Element] = []
    elements.reserveCapacity(document.count(ofArray: index))
    let end = document.next(after: index)
    var next = index + 1
    while next < end {
      elements.append(try decode(JSONValueDecoder(document: document, index: next)))
      next = document.next(after: next)
    }
    return elements
  }

  /// A dictionary of plain values, without `Dictionary`'s own decoding.
  @inline(__always) private func members<Value>(
    _ decode: (JSONValueDecoder) throws -> Value
  ) throws -> [String: Value] {
    guard kind == .object || kind == .ambiguousObject else { throw mismatch([String: Any].self, "an object") }
    var members = [String: Value](minimumCapacity: min((document.next(after: index) - index) / 2, 1 << 16))
    try document.forEachMember(of: index) { name in
      members[document.text(at: name)] = try decode(JSONValueDecoder(document: document, index: name + 1))
    }
    return members
  }

  private var kind: JSONTape.Token.Kind { document.kind(at: index) }

  // MARK: Values

  func string() throws -> String {
    guard kind == .string || kind == .escapedString else { throw mismatch(String.self, "a string") }
    return document.text(at: index)
  }

  /// Calls `body` with the bytes of a string.
  func withString<Result>(_ body: (UnsafeRawBufferPointer) -> Result) throws -> Result {
    if kind == .string { return body(document.bytes(at: index)) }
    var text = try string()
    return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }

  /// The text of a number, as it is written.
  func numberText() throws -> String {
    guard kind == .number else { throw mismatch(Double.self, "a number") }
    return String(decoding: document.bytes(at: index), as: UTF8.self)
  }

  func bool() throws -> Bool {
    switch kind {
    case .yes: return true
    case .no: return false
    default: throw mismatch(Bool.self, "a boolean")
    }
  }

  func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    guard kind == .number else { throw mismatch(type, "an integer") }
    if let value = document.shortInteger(at: index), let value = T(exactly: value) { return value }
    switch JSONNumber.integer(document.bytes(at: index), as: type) {
    case .value(let value): return value
    case .fraction: throw mismatch(type, "an integer", found: "a fraction")
    case .outOfRange: throw corrupted("a number that does not fit \(type)")
    }
  }

  func double() throws -> Double {
    guard kind == .number, let (number, cursor) = document.number(at: index) else {
      throw mismatch(Double.self, "a number")
    }
    guard let value = number.double(in: cursor) else { throw corrupted("a number that does not fit Double") }
    return value
  }

  func float() throws -> Float {
    guard kind == .number else { throw mismatch(Float.self, "a number") }
    // From the text: through a Double it would be rounded twice.
    guard let value = Float(try numberText()), value.isFinite else {
      throw corrupted("a number that does not fit Float")
    }
    return value
  }

  /// Any JSON, as a tree.
  func json() throws -> JSONValue {
    do {
      return try document.value(at: index)
    } catch {
      throw corrupted(error.description)
    }
  }

  private func object() throws -> JSONObject {
    guard case .object(let object) = try json() else { throw mismatch([String: Any].self, "an object") }
    return object
  }

  // MARK: Errors

  /// The error for a value of an unexpected kind.
  @inline(never) func mismatch(_ type: Any.Type, _ expected: String, found: String? = nil) -> DecodingError {
    let context = DecodingError.Context(
      codingPath: codingPath, debugDescription: document.mismatch(expected, found: found ?? description))
    return kind == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }

  /// The error for an invalid value of the right kind.
  @inline(never) func corrupted(_ reason: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: codingPath, debugDescription: reason))
  }

  private var description: String {
    switch kind {
    case .null: "null"
    case .yes, .no: "a boolean"
    case .number: "a number"
    case .string, .escapedString: "a string"
    case .array: "an array"
    case .object, .ambiguousObject: "an object"
    }
  }
}
