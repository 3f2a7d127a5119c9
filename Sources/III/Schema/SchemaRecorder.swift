/// A decoder that returns sample values and records what a type reads.
final class SchemaRecorder: Decoder {
  /// A part of the schema: a finished schema, or a container that is still being read.
  enum Part {
    case schema(JSONObject)
    case recorder(SchemaRecorder)

    var schema: JSONObject {
      switch self {
      case .schema(let schema): schema
      case .recorder(let recorder): recorder.schema()
      }
    }
  }

  let probe: SchemaProbe
  private var isObject = false
  private var isArray = false
  /// Whether the type reads all members that there are.
  private var isDynamic = false
  private var properties: [(name: String, part: Part, isRequired: Bool)] = []
  private var elements: [Part] = []
  /// The schemas of the single values that were read.
  private(set) var values: [JSONObject] = []
  /// Whether all single values are refused, to find the other forms that a type tries then.
  private let refusesValues: Bool

  init(_ probe: SchemaProbe, refusesValues: Bool = false) {
    self.probe = probe
    self.refusesValues = refusesValues
  }

  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedDecodingContainer<Key> {
    isObject = true
    return KeyedDecodingContainer(Keyed<Key>(recorder: self))
  }

  func unkeyedContainer() -> any UnkeyedDecodingContainer {
    isArray = true
    return Unkeyed(recorder: self)
  }

  func singleValueContainer() -> any SingleValueDecodingContainer { Single(recorder: self) }

  /// The schema of what was read; empty if the type read several forms.
  func schema() -> JSONObject {
    switch (isObject, isArray, values.isEmpty) {
    case (true, false, true): object()
    case (false, true, true): array()
    case (false, false, false): values.count == 1 ? values[0] : values.contains([:]) ? [:] : anyOf()
    default: [:]
    }
  }

  private func object() -> JSONObject {
    var schema: JSONObject = ["type": "object"]
    if isDynamic { return schema }
    var members = JSONObject()
    for (name, part, _) in properties { members[name] = .object(part.schema) }
    let required = properties.filter(\.isRequired).map { JSONValue.string($0.name) }
    schema["properties"] = .object(members)
    if !required.isEmpty { schema["required"] = .array(required) }
    return schema
  }

  private func anyOf() -> JSONObject { ["anyOf": .array(values.map { .object($0) })] }

  private func array() -> JSONObject {
    var schema: JSONObject = ["type": "array"]
    let items = elements.map(\.schema)
    if let first = items.first, !first.isEmpty, items.allSatisfy({ $0 == first }) { schema["items"] = .object(first) }
    return schema
  }

  // MARK: Recording

  fileprivate func note(_ name: String, _ part: Part, isRequired: Bool) {
    // A type may read a member more than once; the first time counts.
    if !properties.contains(where: { ByteKey.isSame($0.name, name) }) { properties.append((name, part, isRequired)) }
  }

  fileprivate func noteDynamic() { isDynamic = true }

  fileprivate func note(element part: Part) { elements.append(part) }

  fileprivate func note(value schema: JSONObject) throws {
    if !values.contains(schema) { values.append(schema) }
    if refusesValues { throw SchemaProbe.Unknown() }
  }

  /// Makes a value of a type, and records its schema.
  fileprivate func make<T: Decodable>(_ type: T.Type, _ note: (JSONObject) throws -> Void) throws -> T {
    let found = try probe.find(type)
    try note(found.schema)
    guard let value = found.value else { throw SchemaProbe.Unknown() }
    return value
  }

  // MARK: Containers

  private struct Keyed<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }

    /// An enumeration with associated values expects the name of one case: it receives its first case.
    var allKeys: [Key] {
      recorder.noteDynamic()
      return [firstValue(Key.self)].compactMap { $0 }
    }

    func contains(_ key: Key) -> Bool { true }

    func decodeNil(forKey key: Key) -> Bool { false }

    private func value<T: Decodable>(_ type: T.Type, _ key: Key) throws -> T {
      try recorder.make(type) {
        recorder.note(key.stringValue, .schema($0), isRequired: !(type is any OptionalType.Type))
      }
    }

    private func optional<T: Decodable>(_ type: T.Type, _ key: Key) -> T? {
      // No value is needed, so a type without a schema may be anything.
      let schema = recorder.probe.part(type) ?? [:]
      recorder.note(key.stringValue, .schema(schema.orNull), isRequired: false)
      return nil
    }

    func decode(_ type: Int128.Type, forKey key: Key) throws -> Int128 { try value(type, key) }
    func decode(_ type: UInt128.Type, forKey key: Key) throws -> UInt128 { try value(type, key) }
    func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T { try value(type, key) }
    // The standard library's methods for these types would not call the generic method.
    func decodeIfPresent(_ type: Bool.Type, forKey key: Key) throws -> Bool? { optional(type, key) }
    func decodeIfPresent(_ type: String.Type, forKey key: Key) throws -> String? { optional(type, key) }
    func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? { optional(type, key) }
    func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? { optional(type, key) }
    func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { optional(type, key) }
    func decodeIfPresent(_ type: Int8.Type, forKey key: Key) throws -> Int8? { optional(type, key) }
    func decodeIfPresent(_ type: Int16.Type, forKey key: Key) throws -> Int16? { optional(type, key) }
    func decodeIfPresent(_ type: Int32.Type, forKey key: Key) throws -> Int32? { optional(type, key) }
    func decodeIfPresent(_ type: Int64.Type, forKey key: Key) throws -> Int64? { optional(type, key) }
    func decodeIfPresent(_ type: UInt.Type, forKey key: Key) throws -> UInt? { optional(type, key) }
    func decodeIfPresent(_ type: UInt8.Type, forKey key: Key) throws -> UInt8? { optional(type, key) }
    func decodeIfPresent(_ type: UInt16.Type, forKey key: Key) throws -> UInt16? { optional(type, key) }
    func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { optional(type, key) }
    func decodeIfPresent(_ type: UInt64.Type, forKey key: Key) throws -> UInt64? { optional(type, key) }
    func decodeIfPresent(_ type: Int128.Type, forKey key: Key) throws -> Int128? { optional(type, key) }
    func decodeIfPresent(_ type: UInt128.Type, forKey key: Key) throws -> UInt128? { optional(type, key) }
    func decodeIfPresent<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T? { optional(type, key) }

    func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type, forKey key: Key
    ) throws -> KeyedDecodingContainer<Nested> { nested(key.stringValue).container(keyedBy: type) }

    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
      nested(key.stringValue).unkeyedContainer()
    }

    func superDecoder() throws -> any Decoder { nested("super") }

    func superDecoder(forKey key: Key) throws -> any Decoder { nested(key.stringValue) }

    private func nested(_ name: String) -> SchemaRecorder {
      let nested = SchemaRecorder(recorder.probe)
      recorder.note(name, .recorder(nested), isRequired: true)
      return nested
    }
  }

  private struct Unkeyed: UnkeyedDecodingContainer {
    let recorder: SchemaRecorder
    private(set) var currentIndex = 0

    init(recorder: SchemaRecorder) { self.recorder = recorder }

    var codingPath: [any CodingKey] { [] }
    var count: Int? { nil }
    /// One element is enough to find the schema of all elements.
    var isAtEnd: Bool { currentIndex > 0 }

    mutating func decodeNil() -> Bool { false }

    mutating func decode(_ type: Int128.Type) throws -> Int128 { try value(type) }
    mutating func decode(_ type: UInt128.Type) throws -> UInt128 { try value(type) }
    mutating func decode<T: Decodable>(_ type: T.Type) throws -> T { try value(type) }

    private mutating func value<T: Decodable>(_ type: T.Type) throws -> T {
      try checkEnd()
      return try recorder.make(type) { recorder.note(element: .schema($0)) }
    }

    mutating func nestedContainer<Nested: CodingKey>(
      keyedBy type: Nested.Type
    ) throws -> KeyedDecodingContainer<Nested> { try nested().container(keyedBy: type) }

    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try nested().unkeyedContainer() }

    mutating func superDecoder() throws -> any Decoder { try nested() }

    private mutating func nested() throws -> SchemaRecorder {
      try checkEnd()
      let nested = SchemaRecorder(recorder.probe)
      recorder.note(element: .recorder(nested))
      return nested
    }

    /// Ends a type that would read elements without end.
    private mutating func checkEnd() throws {
      currentIndex += 1
      guard currentIndex < 64 else { throw SchemaProbe.Unknown() }
    }
  }

  private struct Single: SingleValueDecodingContainer {
    let recorder: SchemaRecorder

    var codingPath: [any CodingKey] { [] }

    func decodeNil() -> Bool { false }

    func decode(_ type: Int128.Type) throws -> Int128 { try value(type) }
    func decode(_ type: UInt128.Type) throws -> UInt128 { try value(type) }
    func decode<T: Decodable>(_ type: T.Type) throws -> T { try value(type) }

    private func value<T: Decodable>(_ type: T.Type) throws -> T {
      try recorder.make(type) { try recorder.note(value: $0) }
    }
  }
}

/// Marks optional types: such a member may be missing.
private protocol OptionalType {}
extension Optional: OptionalType {}
