/// Encodes the single value at a level of a piece of JSON.
struct JSONValueEncoder: Encoder, SingleValueEncodingContainer {
  let run: JSONEncoding
  let level: Int

  var codingPath: [any CodingKey] { run.path(at: level) }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(JSONKeyedEncoder(opening(object: true)))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer { JSONUnkeyedEncoder(opening(object: false)) }

  func singleValueContainer() -> any SingleValueEncodingContainer { self }

  func encodeNil() throws { try run.encodeNil(at: level) }

  // Without these methods, the standard library's defaults would throw.
  func encode(_ value: Int128) throws { try run.encode(value, at: level) }
  func encode(_ value: UInt128) throws { try run.encode(value, at: level) }
  func encode<T: Encodable>(_ value: T) throws { try run.encode(value, at: level) }

  /// Writes any JSON as this value.
  func encode(json value: JSONValue) throws { try run.encode(value, at: level) }

  /// This encoder with its container opened; if that is not possible, one whose JSON is not used (`finish` throws).
  private func opening(object: Bool) -> JSONValueEncoder {
    if run.open(object, at: level) { return self }
    return JSONValueEncoder(run: run.nowhere(object, at: level), level: 0)
  }
}

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

  mutating func encode(_ value: Int128, forKey key: Key) throws { try run.encode(value, key, in: level) }
  mutating func encode(_ value: UInt128, forKey key: Key) throws { try run.encode(value, key, in: level) }
  mutating func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try run.encode(value, key, in: level) }

  mutating func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) -> KeyedEncodingContainer<Nested> { encoder(forKey: key, continues: true).container(keyedBy: type) }

  mutating func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    encoder(forKey: key, continues: true).unkeyedContainer()
  }

  mutating func superEncoder() -> any Encoder { encoder(forKey: JSONKey("super"), continues: false) }

  mutating func superEncoder(forKey key: Key) -> any Encoder { encoder(forKey: key, continues: false) }

  private func encoder(forKey key: any CodingKey, continues: Bool) -> JSONValueEncoder {
    JSONValueEncoder(run: run.insert(key, in: level, continues: continues), level: 0)
  }
}

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

  mutating func encode(_ value: Int128) throws { try run.encode(element: value, in: level) }
  mutating func encode(_ value: UInt128) throws { try run.encode(element: value, in: level) }
  mutating func encode<T: Encodable>(_ value: T) throws { try run.encode(element: value, in: level) }

  mutating func nestedContainer<Nested: CodingKey>(keyedBy type: Nested.Type) -> KeyedEncodingContainer<Nested> {
    encoder().container(keyedBy: type)
  }

  mutating func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { encoder().unkeyedContainer() }

  mutating func superEncoder() -> any Encoder { encoder() }

  private func encoder() -> JSONValueEncoder {
    JSONValueEncoder(run: run.insert(nil, in: level, continues: false), level: 0)
  }
}
