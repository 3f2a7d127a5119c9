/// What the engine is told about the form of a function's payload or result.
///
/// The engine shows it to people and programs that list functions; it checks nothing by it.
public enum FormatSource: Sendable {
  /// Nothing.
  case none
  /// This JSON Schema, sent as it is.
  case schema(JSONValue)

  /// As JSON; `nil` sends nothing.
  func json() throws -> [UInt8]? {
    switch self {
    case .none: nil
    case .schema(let schema): try PayloadCoder.encode(schema)
    }
  }
}
