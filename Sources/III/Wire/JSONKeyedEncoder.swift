/// Encodes the members of an object.
struct JSONKeyedEncoder<Key: CodingKey>: KeyedEncodingContainerProtocol {
  private let run: JSONEncoding
  private let level: Int

  init(_ encoder: JSONValueEncoder) {
    run = encoder.run
    level = encoder.level
  }

  var codingPath: [any CodingKey] { run.path(at: level) }

  mutating func encodeNil(forKey key: Key) throws { try run.encodeNil(key.stringValue, in: level) }

  mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try run.encode(value, key, in: level) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> { encoder(forKey: key).container(keyedBy: type) }

  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder(forKey: key).unkeyedContainer()
  }

  mutating func superEncoder() -> any Encoder { encoder(forKey: JSONKey("super")) }

  mutating func superEncoder(forKey key: Key) -> any Encoder { encoder(forKey: key) }

  private func encoder(forKey key: any CodingKey) -> JSONValueEncoder {
    JSONValueEncoder(run: run.insert(key, in: level), level: 0)
  }
}
