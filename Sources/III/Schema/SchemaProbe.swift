/// Finds the schema of a type: decodes it from sample values and records what it reads.
final class SchemaProbe {
  /// A type has no schema; ends the decoding of the types that contain it.
  struct Unknown: Error {}

  /// A schema, and a value of the type if one could be made, so that the decoding of the containing type can continue.
  struct Found<T> {
    var schema: JSONObject
    var value: T?
  }

  /// The sample values of one attempt. A type that refuses the first values may accept later ones.
  struct Sample {
    var number: Int
    var text: String
  }

  private static let samples = [
    Sample(number: 0, text: ""), Sample(number: 1, text: "1"), Sample(number: 1, text: "2024-01-01T00:00:00Z"),
  ]

  /// How deep types may be nested. Generic types may nest without end.
  private static let maxDepth = 24
  private static let maxCount = 500

  let sample: Sample
  private var depth = 0
  /// The names of the types that are being decoded or were decoded.
  private var names: [ObjectIdentifier: String] = [:]
  private var definitions = JSONObject()
  private var finished: [ObjectIdentifier: Any] = [:]
  private var open: Set<ObjectIdentifier> = []
  private var unknown: Set<ObjectIdentifier> = []
  private var count = 0
  /// Types that contain themselves.
  private var recursive: Set<ObjectIdentifier> = []

  private init(_ sample: Sample) { self.sample = sample }

  /// The schema of a type with its definitions; nil if there is none.
  static func schema<T>(of type: T.Type) -> JSONObject? {
    if let type = type as? any JSONSchemaProviding.Type { return type.jsonSchema.objectValue }
    guard let type = type as? any Decodable.Type else { return nil }
    for sample in samples {
      let probe = SchemaProbe(sample)
      if let schema = try? probe.root(type) { return schema }
    }
    return nil
  }

  private func root<T: Decodable>(_ type: T.Type) throws -> JSONObject? {
    let found = try find(type)
    var schema = found.schema
    let id = ObjectIdentifier(type)
    if let name = names[id], schema["$ref"] != nil, let definition = definitions[name]?.objectValue {
      if !recursive.contains(id) {
        definitions[name] = nil
        schema = definition
      }
    }
    // A type that may be anything needs no schema.
    guard !schema.isEmpty else { return nil }
    if !definitions.isEmpty { schema["$defs"] = .object(definitions) }
    return schema
  }

  /// The schema of a type: a reference if the type has a definition.
  func find<T: Decodable>(_ type: T.Type) throws -> Found<T> {
    guard depth < Self.maxDepth else { throw Unknown() }
    depth += 1
    defer { depth -= 1 }
    if let found = try plain(type) { return found }
    return try named(type)
  }

  /// The schema of a type if no value of it is needed; nil if there is none.
  func part<T>(_ type: T.Type) -> JSONObject? {
    guard let type = type as? any Decodable.Type else { return nil }
    func schema<D: Decodable>(_ type: D.Type) -> JSONObject? { (try? find(type))?.schema }
    return schema(type)
  }

  // MARK: Standard types

  private func plain<T: Decodable>(_ type: T.Type) throws -> Found<T>? {
    if type == JSONValue.self { return Found(schema: [:], value: JSONValue.null as? T) }
    if type == JSONObject.self { return Found(schema: ["type": "object"], value: JSONObject() as? T) }
    if type == String.self { return Found(schema: ["type": "string"], value: sample.text as? T) }
    if type == Bool.self { return Found(schema: ["type": "boolean"], value: false as? T) }
    if type == Double.self { return Found(schema: ["type": "number"], value: Double(sample.number) as? T) }
    if type == Float.self { return Found(schema: ["type": "number"], value: Float(sample.number) as? T) }
    if let integer = type as? any FixedWidthInteger.Type {
      return Found(schema: Self.integer(integer), value: Self.number(sample.number, integer) as? T)
    }
    if let (schema, value) = PayloadCoder.schema(of: type) { return Found(schema: schema, value: value) }
    guard let structural = type as? any StructuralType.Type else { return nil }
    return Found(schema: structural.schema(by: self), value: structural.sampleValue as? T)
  }

  private static func integer(_ type: any FixedWidthInteger.Type) -> JSONObject {
    func schema<I: FixedWidthInteger>(_ type: I.Type) -> JSONObject {
      I.isSigned ? ["type": "integer"] : ["type": "integer", "minimum": 0]
    }
    return schema(type)
  }

  private static func number(_ number: Int, _ type: any FixedWidthInteger.Type) -> Any {
    func value<I: FixedWidthInteger>(_ type: I.Type) -> Any { I(number) }
    return value(type)
  }

  // MARK: User types

  private func named<T: Decodable>(_ type: T.Type) throws -> Found<T> {
    let id = ObjectIdentifier(type)
    if open.contains(id) {
      recursive.insert(id)
      return Found(schema: reference(to: type), value: nil)
    }
    if let found = finished[id] as? Found<T> { return found }
    // A generic type may contain ever more types.
    guard !unknown.contains(id), count < Self.maxCount else { throw Unknown() }
    count += 1
    open.insert(id)
    defer { open.remove(id) }
    var recorder = SchemaRecorder(self)
    let value = (try? T(from: recorder)) ?? firstCase(type)
    let provided = (type as? any JSONSchemaProviding.Type)?.jsonSchema.objectValue
    guard value != nil || provided != nil else {
      unknown.insert(id)
      throw Unknown()
    }
    if !recorder.values.isEmpty {
      // A type that tries several forms in turn reads all of them when all are refused.
      recorder = SchemaRecorder(self, refusesValues: true)
      _ = try? T(from: recorder)
    }
    var schema = provided.map(joined) ?? Self.cases(type) ?? recorder.schema()
    if schema["properties"] != nil || recursive.contains(id) {
      var definition: JSONObject = ["title": .string("\(type)")]
      for (key, value) in schema { definition[key] = value }
      schema = reference(to: type)
      if let name = names[id] { definitions[name] = .object(definition) }
    }
    let found = Found(schema: schema, value: value)
    finished[id] = found
    return found
  }

  /// The first case of an enumeration that has refused the sample raw value.
  private func firstCase<T>(_ type: T.Type) -> T? {
    if let type = type as? any CaseIterable.Type {
      func first<E: CaseIterable>(_ type: E.Type) -> Any? { type.allCases.first }
      return first(type) as? T
    }
    return type is any RawRepresentable.Type ? firstValue(type) : nil
  }

  /// Moves the definitions of a schema that a type provides into those of the whole schema.
  private func joined(_ schema: JSONObject) -> JSONObject {
    var schema = schema
    schema["$schema"] = nil
    for (name, definition) in schema["$defs"]?.objectValue ?? [:] where definitions[name] == nil {
      definitions[name] = definition
    }
    schema["$defs"] = nil
    return schema
  }

  /// The schema of an enumeration with known cases, by their raw values.
  private static func cases<T>(_ type: T.Type) -> JSONObject? {
    guard let type = type as? any (CaseIterable & RawRepresentable).Type else { return nil }
    func values<E: CaseIterable & RawRepresentable>(_ type: E.Type) -> [Any] { E.allCases.map(\.rawValue) }
    let raw = values(type)
    if let texts = raw as? [String] { return ["type": "string", "enum": .array(texts.map { .string($0) })] }
    let numbers = raw.compactMap { ($0 as? any BinaryInteger).map { JSONValue($0) } }
    guard numbers.count == raw.count, !raw.isEmpty else { return nil }
    return ["type": "integer", "enum": .array(numbers)]
  }

  private func reference<T>(to type: T.Type) -> JSONObject { ["$ref": .string("#/$defs/\(name(of: type))")] }

  /// A unique name that needs no escapes in a reference.
  private func name<T>(of type: T.Type) -> String {
    if let name = names[ObjectIdentifier(type)] { return name }
    let plain = String("\(type)".map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" })
    let taken = Set(names.values)
    var name = plain
    var number = 2
    while taken.contains(name) {
      name = "\(plain)_\(number)"
      number += 1
    }
    names[ObjectIdentifier(type)] = name
    return name
  }
}

/// The first case of an enumeration without associated values; nil for all types that may be something else.
///
/// The value of such an enumeration has at most one byte, and its cases are numbered from 0.
func firstValue<T>(_ type: T.Type) -> T? {
  switch MemoryLayout<T>.size {
  case 0: unsafeBitCast((), to: type)
  case 1: unsafeBitCast(0 as UInt8, to: type)
  default: nil
  }
}

extension JSONObject {
  /// The schema that accepts null too.
  var orNull: JSONObject {
    if isEmpty { return self }
    guard case .string(let type)? = self["type"] else {
      return ["anyOf": [.object(self), ["type": "null"]]]
    }
    var schema = self
    schema["type"] = [.string(type), "null"]
    if let values = schema["enum"]?.arrayValue { schema["enum"] = .array(values + [.null]) }
    return schema
  }
}

/// A generic type of the standard library whose schema follows from its arguments.
private protocol StructuralType {
  static func schema(by probe: SchemaProbe) -> JSONObject
  static var sampleValue: Any { get }
}

/// The schema of an array; its elements may be anything if they have no schema.
private func array<T>(_ element: T.Type, by probe: SchemaProbe, isSet: Bool = false) -> JSONObject {
  var schema: JSONObject = ["type": "array"]
  if let items = probe.part(element), !items.isEmpty { schema["items"] = .object(items) }
  if isSet { schema["uniqueItems"] = true }
  return schema
}

extension Array: StructuralType {
  fileprivate static func schema(by probe: SchemaProbe) -> JSONObject { array(Element.self, by: probe) }
  fileprivate static var sampleValue: Any { [Element]() }
}

extension Set: StructuralType {
  fileprivate static func schema(by probe: SchemaProbe) -> JSONObject {
    array(Element.self, by: probe, isSet: true)
  }
  fileprivate static var sampleValue: Any { Set<Element>() }
}

extension Dictionary: StructuralType {
  fileprivate static func schema(by probe: SchemaProbe) -> JSONObject {
    // A dictionary with other keys is encoded as an array of alternating keys and values.
    guard Key.self == String.self || Key.self == Int.self || Key.self is any CodingKeyRepresentable.Type else {
      return ["type": "array"]
    }
    var schema: JSONObject = ["type": "object"]
    if let value = probe.part(Value.self), !value.isEmpty {
      schema["additionalProperties"] = .object(value)
    }
    return schema
  }
  fileprivate static var sampleValue: Any { [Key: Value]() }
}

extension Optional: StructuralType {
  fileprivate static func schema(by probe: SchemaProbe) -> JSONObject {
    probe.part(Wrapped.self)?.orNull ?? [:]
  }
  fileprivate static var sampleValue: Any { Self.none as Any }
}
