/// Decodes the members of an object.
struct JSONKeyedDecoder<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let document: JSONDocument
  let object: Int

  var codingPath: [any CodingKey] { document.path(to: object) }
  var allKeys: [Key] { document.names(in: object).compactMap(Key.init(stringValue:)) }

  func contains(_ key: Key) -> Bool { find(key) != nil }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).decodeNil() }

  func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { try value(key).bool() }
  func decode(_ type: String.Type, forKey key: Key) throws -> String { try value(key).string() }
  func decode(_ type: Int.Type, forKey key: Key) throws -> Int { try value(key).integer(Int.self) }
  func decode(_ type: Double.Type, forKey key: Key) throws -> Double { try value(key).double() }
  func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try value(key).integer(type) }
  func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try value(key).integer(type) }
  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try value(key).decode(type) }

  func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { try present(key)?.bool() }
  func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { try present(key)?.string() }
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try present(key)?.integer(Int.self) }
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { try present(key)?.double() }
  func decodeIfPresent(_ type: Int128.Type, forKey key: Key) throws -> Int128? { try present(key)?.integer(type) }
  func decodeIfPresent(_ type: UInt128.Type, forKey key: Key) throws -> UInt128? { try present(key)?.integer(type) }
  func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? { try present(key)?.decode(type) }

  func nestedContainer<Nested: CodingKey>(
    keyedBy type: Nested.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<Nested> { try value(key).container(keyedBy: type) }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try value(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { try parent(JSONKey("super")) }

  func superDecoder(forKey key: Key) throws -> any Decoder { try parent(key) }

  /// The decoder for a superclass. For an absent member it decodes null, as Foundation's does, so that a superclass without members can be
  /// decoded.
  private func parent(_ key: some CodingKey) throws -> JSONValueDecoder {
    if let index = document.find(key.stringValue, in: object) {
      return JSONValueDecoder(document: document, index: index)
    }
    let null = try JSONDocument(ByteView("null"), userInfo: document.userInfo, basePath: codingPath + [key])
    return JSONValueDecoder(document: null, index: 0)
  }

  @inline(__always) private func find(_ key: Key) -> Int? { document.find(key.stringValue, in: object) }

  @inline(__always) private func value(_ key: Key) throws -> JSONValueDecoder {
    guard let index = find(key) else { throw missing(key) }
    return JSONValueDecoder(document: document, index: index)
  }

  /// The value of a member; nil if it is absent or null.
  @inline(__always) private func present(_ key: Key) throws -> JSONValueDecoder? {
    guard let index = find(key) else { return nil }
    let decoder = JSONValueDecoder(document: document, index: index)
    return decoder.decodeNil() ? nil : decoder
  }

  @inline(never) private func missing(_ key: Key) -> DecodingError {
    .keyNotFound(key, .init(codingPath: codingPath, debugDescription: "required member is missing"))
  }
}
