/// A trigger of a type that this worker provides, as its handler receives it.
public struct TriggerConfig<Config: Sendable>: Sendable {
  /// The trigger's id.
  public let id: String
  /// The function to call when the trigger fires.
  public let functionID: String
  /// The trigger's configuration.
  public let config: Config
  /// The trigger's metadata.
  public let metadata: JSONValue?
  /// The function's namespace; `nil` means `default`.
  public let namespace: String?

  /// Creates a trigger, for a test that calls a handler without an engine.
  public init(id: String, functionID: String, config: Config, metadata: JSONValue? = nil, namespace: String? = nil) {
    self.id = id
    self.functionID = functionID
    self.config = config
    self.metadata = metadata
    self.namespace = namespace
  }
}
