/// Where the schema of a function's payload or result comes from, for the engine's lists.
///
/// The engine shows it to people and programs that list functions; it does not check payloads.
public enum FormatSource: Sendable {
  /// The JSON Schema of the handler's type, as ``jsonSchema(for:)`` infers it; no schema if there is none. The default.
  ///
  /// The type's `init(from:)` runs once or a few times with sample values. A type that would trap on those (`""`, 0, an empty array) needs
  /// ``JSONSchemaProviding`` or ``none``.
  case inferred
  /// No schema.
  case none
  /// This JSON Schema, sent as it is.
  case schema(JSONValue)
  /// A schema in the engine's own notation.
  case format(RegisterFunctionFormat)

  /// The source for a handler whose payload or result has a type.
  func of<T>(_ type: T.Type) -> FormatSource {
    guard case .inferred = self else { return self }
    return jsonSchema(for: type).map(FormatSource.schema) ?? .none
  }

  /// The JSON to send; `nil` sends nothing.
  func json() throws -> [UInt8]? {
    switch self {
    case .inferred, .none: nil
    case .schema(let schema): try PayloadCoder.encode(schema)
    case .format(let format): try PayloadCoder.encode(format)
    }
  }
}
