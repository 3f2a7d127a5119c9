/// What a trigger type is registered with.
///
/// Mirrors `RegisterTriggerTypeInput` of the Python SDK.
public struct RegisterTriggerTypeInput: Sendable, Hashable {
  /// The type's id, as `webhook`.
  public var id: String
  /// A sentence for the engine's lists.
  public var description: String
  /// The JSON Schema of a trigger's configuration.
  public var triggerRequestFormat: JSONValue?
  /// The JSON Schema of what a trigger's function is called with.
  public var callRequestFormat: JSONValue?

  /// A type with this id.
  public init(
    id: String, description: String, triggerRequestFormat: JSONValue? = nil, callRequestFormat: JSONValue? = nil
  ) {
    self.id = id
    self.description = description
    self.triggerRequestFormat = triggerRequestFormat
    self.callRequestFormat = callRequestFormat
  }
}
