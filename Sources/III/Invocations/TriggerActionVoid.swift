/// Delivery without any answer; the call returns as soon as it is handed to the connection.
///
/// ```swift
/// try await iii.trigger("audit::log", payload: entry, action: .void())
/// ```
public struct TriggerActionVoid: Sendable, Hashable {
  /// Makes an action.
  public init() {}

  /// Without any answer.
  public static func void() -> Self { Self() }
}

extension TriggerActionVoid: Codable {
  /// Decodes the wire's form.
  ///
  /// - Throws: `DecodingError` for an action of another type.
  public init(from decoder: any Decoder) throws { try TriggerActionType.void.check(decoder) }

  /// Encodes as `{"type":"void"}`.
  public func encode(to encoder: any Encoder) throws { try TriggerActionType.void.encode(to: encoder) }
}
