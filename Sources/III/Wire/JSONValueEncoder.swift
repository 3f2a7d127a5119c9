/// Encodes the one value at a level of a run.
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

  func encode<T: Encodable>(_ value: T) throws { try run.encode(value, at: level) }

  /// Writes any JSON as this value.
  func encode(json value: JSONValue) throws { try run.encode(value, at: level) }

  /// This encoder, its container opened; where that cannot be, one that leads nowhere (the run knows what is wrong).
  private func opening(object: Bool) -> JSONValueEncoder {
    if run.open(object, at: level) { return self }
    let nowhere = JSONValueEncoder(run: JSONEncoding(), level: 0)
    _ = nowhere.run.open(object, at: 0)
    return nowhere
  }
}
