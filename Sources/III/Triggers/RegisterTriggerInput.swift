/// The parameters of a trigger's registration.
///
/// Mirrors `RegisterTriggerInput` of the Python SDK.
public struct RegisterTriggerInput: Sendable, Hashable {
  /// The type's id: `http`, or one that a worker provides.
  public var type: String
  /// The function that is called when the trigger fires; it need not exist yet.
  public var functionID: String
  /// The configuration, for the type's provider; without one `null` is sent.
  public var config: JSONValue?
  /// Metadata of the trigger; since engine 0.21 sent with each of its calls.
  public var metadata: JSONValue?
  /// The function's namespace; engines before 0.23 have no namespaces.
  public var namespace: String?
  /// The namespace of the type's provider; engines before 0.23 have no namespaces.
  public var triggerNamespace: String?

  /// Creates the parameters of a trigger of `type` that calls `functionID`.
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
