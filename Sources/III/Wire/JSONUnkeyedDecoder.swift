/// Decodes the elements of an array.
struct JSONUnkeyedDecoder: UnkeyedDecodingContainer {
  private let document: JSONDocument
  private let array: UInt32
  private var next: UInt32
  private let end: UInt32
  private var passed: UInt32 = 0

  init(document: JSONDocument, array: Int) {
    self.document = document
    self.array = UInt32(array)
    next = UInt32(array) + 1
    end = UInt32(document.next(after: array))
  }

  var codingPath: [any CodingKey] { document.path(to: Int(array)) }
  var count: Int? { document.count(ofArray: Int(array)) }
  var currentIndex: Int { Int(passed) }
  var isAtEnd: Bool { next >= end }

  mutating func decodeNil() throws -> Bool {
    guard try current(Any?.self).decodeNil() else { return false }
    advance()
    return true
  }

  mutating func decode(_ type: Bool.Type) throws -> Bool { try taking(type) { try $0.bool() } }
  mutating func decode(_ type: String.Type) throws -> String { try taking(type) { try $0.string() } }
  mutating func decode(_ type: Int.Type) throws -> Int { try taking(type) { try $0.integer(Int.self) } }
  mutating func decode(_ type: Double.Type) throws -> Double { try taking(type) { try $0.double() } }
  mutating func decode(_ type: Int128.Type) throws -> Int128 { try taking(type) { try $0.integer(type) } }
  mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try taking(type) { try $0.integer(type) } }
  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try taking(type) { try $0.decode(type) } }

  /// Decodes the current element with `decode`; it stays the current one if that fails.
  @inline(__always) private mutating func taking<T>(
    _ type: T.Type, _ decode: (JSONValueDecoder) throws -> T
  ) throws -> T {
    let value = try decode(current(type))
    advance()
    return value
  }

  mutating func decodeIfPresent<T: Decodable>(_ type: T.Type) throws -> T? {
    guard !isAtEnd else { return nil }
    let decoder = try current(type)
    let value = decoder.decodeNil() ? nil : try decoder.decode(type)
    advance()
    return value
  }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type
  ) throws -> KeyedDecodingContainer<Nested> {
    try taking(KeyedDecodingContainer<Nested>.self) { try $0.container(keyedBy: type) }
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try taking((any UnkeyedDecodingContainer).self) { try $0.unkeyedContainer() }
  }

  mutating func superDecoder() throws -> any Decoder { try taking((any Decoder).self) { $0 } }

  private func current(_ type: Any.Type) throws -> JSONValueDecoder {
    guard !isAtEnd else {
      throw DecodingError.valueNotFound(
        type,
        .init(
          codingPath: codingPath + [JSONKey(index: currentIndex)],
          debugDescription: "expected \(type), found the end of the array")
      )
    }
    return JSONValueDecoder(document: document, index: Int(next))
  }

  private mutating func advance() {
    next = UInt32(document.next(after: Int(next)))
    passed += 1
  }
}
