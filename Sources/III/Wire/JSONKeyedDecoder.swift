/// Decodes the members of an object.
struct JSONKeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let document: JSONDocument
  let object: Int

  var codingPath: [any CodingKey] { document.path(to: object) }
  var allKeys: [Key] { document.names(in: object).compactMap(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { document.find(key.stringValue, in: object) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).decodeNil() }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try value(key).decode(type) }

  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? {
    guard let index = document.find(key.stringValue, in: object) else { return nil }
    let decoder = JSONValueDecoder(document: document, index: index)
    return decoder.decodeNil() ? nil : try decoder.decode(type)
  }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try value(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try value(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try value(JSONKey("super")) }

  func superDecoder(forKey key: Key) throws -> any Decoder { try value(key) }

  @inline(__always) private func value(_ key: some CodingKey) throws -> JSONValueDecoder {
    guard let index = document.find(key.stringValue, in: object) else {
      throw DecodingError.keyNotFound(
        key, .init(codingPath: codingPath, debugDescription: "required member is missing"))
    }
    return JSONValueDecoder(document: document, index: index)
  }
}
