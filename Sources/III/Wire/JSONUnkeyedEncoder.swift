/// Encodes the elements of an array.
struct JSONUnkeyedEncoder: UnkeyedEncodingContainer {
  private let run: JSONEncoding
  private let level: Int

  init(_ encoder: JSONValueEncoder) {
    run = encoder.run
    level = encoder.level
  }

  var codingPath: [any CodingKey] { run.path(at: level) }
  var count: Int { run.count(at: level) }

  mutating func encodeNil() throws { try run.encodeNil(nil, in: level) }

  mutating func encode<T: Encodable>(_ value: T) throws { try run.encode(element: value, in: level) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }

  mutating func superEncoder() -> any Encoder { encoder() }

  private func encoder() -> JSONValueEncoder { JSONValueEncoder(run: run.insert(nil, in: level), level: 0) }
}
