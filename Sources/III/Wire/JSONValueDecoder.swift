/// Decodes the value at one place of a document.
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

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if type == String.self { return cast(try string()) }
    if type == Int.self { return cast(try integer(Int.self)) }
    if type == Double.self { return cast(try double()) }
    if type == Bool.self { return cast(try bool()) }
    return try rare(type)
  }

  private func rare<T: Decodable>(_ type: T.Type) throws -> T {
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
    if type == [String].self { return cast(try elements(String.self)) }
    if type == [Double].self { return cast(try elements(Double.self)) }
    if type == [Int].self { return cast(try elements(Int.self)) }
    if type == [Float].self { return cast(try elements(Float.self)) }
    if type == JSONObject.self { return cast(try object()) }
    if PayloadCoder.isFoundation(type) { return try PayloadCoder.decodeFoundation(type, from: self) }
    return try T(from: self)
  }

  /// An array of plain values, which are many at times: without the detour by way of `Array`'s own decoding.
  private func elements<Element: Decodable>(_ type: Element.Type) throws -> [Element] {
    guard kind == .array else { throw mismatch([Any].self, "an array") }
    var elements: [Element] = []
    elements.reserveCapacity(document.count(ofArray: index))
    let end = document.next(after: index)
    var next = index + 1
    while next < end {
      elements.append(try JSONValueDecoder(document: document, index: next).decode(type))
      next = document.next(after: next)
    }
    return elements
  }

  private var kind: JSONTape.Token.Kind { document.kind(at: index) }

  // MARK: Values

  func string() throws -> String {
    guard kind == .string || kind == .escapedString else { throw mismatch(String.self, "a string") }
    return document.text(at: index)
  }

  /// The text of a number, as it is written.
  func numberText() throws -> String {
    guard kind == .number else { throw mismatch(Double.self, "a number") }
    return String(decoding: document.bytes(at: index), as: UTF8.self)
  }

  private func bool() throws -> Bool {
    switch kind {
    case .yes: return true
    case .no: return false
    default: throw mismatch(Bool.self, "a boolean")
    }
  }

  private func integer<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    guard kind == .number else { throw mismatch(type, "an integer") }
    if let value = document.shortInteger(at: index), let value = T(exactly: value) { return value }
    return try longInteger(type)
  }

  private func longInteger<T: FixedWidthInteger>(_ type: T.Type) throws -> T {
    guard let (number, cursor) = document.number(at: index) else { throw mismatch(type, "an integer") }
    if let value = number.int64 {
      if let value = T(exactly: value) { return value }
    } else if let value = number.uint64 {
      if let value = T(exactly: value) { return value }
    } else if number.isIntegral, let value = T(try numberText()) {
      return value
    } else if !number.isIntegral, let double = number.double(in: cursor) {
      if let value = T(exactly: double) { return value }
      if double != double.rounded(.towardZero) { throw mismatch(type, "an integer", found: "a fraction") }
    }
    throw corrupted("a number that does not fit \(type)")
  }

  private func double() throws -> Double {
    guard kind == .number, let (number, cursor) = document.number(at: index) else {
      throw mismatch(Double.self, "a number")
    }
    guard let value = number.double(in: cursor) else { throw corrupted("a number that does not fit Double") }
    return value
  }

  private func float() throws -> Float {
    guard kind == .number else { throw mismatch(Float.self, "a number") }
    // From the text: by way of Double it would be rounded twice.
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

  /// What is thrown where another kind of value was wanted.
  func mismatch(_ type: Any.Type, _ wanted: String, found: String? = nil) -> DecodingError {
    let context = DecodingError.Context(
      codingPath: codingPath, debugDescription: "expected \(wanted), found \(found ?? description)")
    return kind == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
  }

  /// What is thrown where a value of the right kind is no good.
  func corrupted(_ reason: String) -> DecodingError {
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
