/// A type that provides its own JSON Schema, because the inferred one would be missing or wrong.
///
/// A type that decides what to decode from what it has read (a `kind` member, several forms tried in turn) cannot be inferred correctly;
/// neither can documentation and limits of values.
///
/// ```swift
/// extension Shape: JSONSchemaProviding {
///   static var jsonSchema: JSONValue {
///     ["type": "object", "properties": ["kind": ["enum": ["circle", "square"]]], "required": ["kind"]]
///   }
/// }
/// ```
public protocol JSONSchemaProviding {
  /// A JSON Schema (2020-12) of the type. If the type is a member of another one, its `$defs` are merged into those of the whole schema.
  static var jsonSchema: JSONValue { get }
}

/// The JSON Schema (2020-12) of a type's JSON: provided by ``JSONSchemaProviding``, or inferred by decoding the type from sample values and
/// recording what it reads.
///
/// The type's `init(from:)` runs, with values such as 0, 1, `""` and empty arrays; errors that it throws are ignored.
///
/// ```swift
/// struct Order: Codable { var item: String; var count: Int; var note: String? }
/// jsonSchema(for: Order.self)
/// // {"title":"Order","type":"object",
/// //  "properties":{"item":{"type":"string"},"count":{"type":"integer"},"note":{"type":["string","null"]}},
/// //  "required":["item","count"],"$schema":"https://json-schema.org/draft/2020-12/schema"}
/// ```
///
/// - Parameter type: Any type; only those that are `Decodable` or ``JSONSchemaProviding`` have a schema.
/// - Returns: The schema; nil for ``JSONValue``, which may be anything, and if none can be inferred.
public func jsonSchema<T>(for type: T.Type) -> JSONValue? {
  guard var schema = SchemaProbe.schema(of: type) else { return nil }
  if schema["$schema"] == nil { schema["$schema"] = "https://json-schema.org/draft/2020-12/schema" }
  return .object(schema)
}

/// The schema of a payload or result in the engine's own notation, for ``FormatSource/format(_:)``.
///
/// ```swift
/// RegisterFunctionFormat(
///   name: "order", type: "object", body: [RegisterFunctionFormat(name: "item", type: "string", required: true)])
/// ```
public struct RegisterFunctionFormat: Sendable, Hashable, Codable {
  /// The member's name.
  public var name: String
  /// `string`, `number`, `boolean`, `object`, `array`, `null` or `map`.
  public var type: String
  /// A sentence for readers.
  public var description: String?
  /// The members of an object.
  public var body: [RegisterFunctionFormat]?
  /// The elements of an array.
  public var items: RegisterFunctionFormat? {
    get { itemList.first }
    set { itemList = newValue.map { [$0] } ?? [] }
  }
  /// Whether the member must be present.
  public var required: Bool
  // An array, because a structure cannot contain itself.
  private var itemList: [RegisterFunctionFormat]

  /// Creates a format.
  ///
  /// - Parameters:
  ///   - name: The member's name.
  ///   - type: `string`, `number`, `boolean`, `object`, `array`, `null` or `map`.
  ///   - description: A sentence for readers.
  ///   - body: The members of an object.
  ///   - items: The elements of an array.
  ///   - required: Whether the member must be present; false by default.
  public init(
    name: String, type: String, description: String? = nil, body: [RegisterFunctionFormat]? = nil,
    items: RegisterFunctionFormat? = nil, required: Bool = false
  ) {
    self.name = name
    self.type = type
    self.description = description
    self.body = body
    self.itemList = items.map { [$0] } ?? []
    self.required = required
  }

  private enum CodingKeys: CodingKey { case name, type, description, body, items, required }

  /// Decodes a format; a missing `required` means false.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      name: try container.decode(String.self, forKey: .name), type: try container.decode(String.self, forKey: .type),
      description: try container.decodeIfPresent(String.self, forKey: .description),
      body: try container.decodeIfPresent([RegisterFunctionFormat].self, forKey: .body),
      items: try container.decodeIfPresent(RegisterFunctionFormat.self, forKey: .items),
      required: try container.decodeIfPresent(Bool.self, forKey: .required) ?? false)
  }

  /// Encodes the format as engines do: missing members are left out, `required` is always present.
  ///
  /// - Throws: The encoder's errors.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(name, forKey: .name)
    try container.encode(type, forKey: .type)
    try container.encodeIfPresent(description, forKey: .description)
    try container.encodeIfPresent(body, forKey: .body)
    try container.encodeIfPresent(items, forKey: .items)
    try container.encode(required, forKey: .required)
  }
}
