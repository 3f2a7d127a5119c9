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

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    let value = try current(type).decode(type)
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
    let container = try current(KeyedDecodingContainer<Nested>.self).container(keyedBy: type)
    advance()
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try current((any UnkeyedDecodingContainer).self).unkeyedContainer()
    advance()
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = try current((any Decoder).self)
    advance()
    return decoder
  }

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
