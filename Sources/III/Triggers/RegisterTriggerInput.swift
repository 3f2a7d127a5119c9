/// What a trigger is registered with.
///
/// Mirrors `RegisterTriggerInput` of the Python SDK.
public struct RegisterTriggerInput: Sendable, Hashable {
  /// The type's id, as `http` or one that a worker provides.
  public var type: String
  /// The function that is called when the trigger fires; it need not exist yet.
  public var functionID: String
  /// What the type's provider is told of this trigger; `null` is sent where there is none.
  public var config: JSONValue?
  /// What travels with the trigger, and from engine 0.21 on with each of its calls.
  public var metadata: JSONValue?
  /// The function's namespace; engines before 0.23 know none.
  public var namespace: String?
  /// Where the type's provider is looked for; engines before 0.23 know none.
  public var triggerNamespace: String?

  /// A trigger of `type` that calls `functionID`.
  public init(
    type: String, functionID: String, config: JSONValue? = nil, metadata: JSONValue? = nil, namespace: String? = nil,
    triggerNamespace: String? = nil
  ) {
    self.type = type
    self.functionID = functionID
    self.config = config
    self.metadata = metadata
    self.namespace = namespace
    self.triggerNamespace = triggerNamespace
  }
}
