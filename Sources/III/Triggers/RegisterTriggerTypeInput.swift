/// The parameters of a trigger type's registration.
///
/// Mirrors `RegisterTriggerTypeInput` of the Python SDK.
public struct RegisterTriggerTypeInput: Sendable, Hashable {
  /// The type's id, such as `webhook`.
  public var id: String
  /// A sentence for the engine's lists.
  public var description: String
  /// The JSON Schema of a trigger's configuration.
  public var triggerRequestFormat: JSONValue?
  /// The JSON Schema of the payload that a trigger's function receives.
  public var callRequestFormat: JSONValue?

  /// Creates the parameters of a type with this id.
  public init(
    id: String, description: String, triggerRequestFormat: JSONValue? = nil, callRequestFormat: JSONValue? = nil
  ) {
    self.id = id
    self.description = description
    self.triggerRequestFormat = triggerRequestFormat
    self.callRequestFormat = callRequestFormat
  }
}
