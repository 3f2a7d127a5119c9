/// A trigger of a type that this worker provides, as its handler sees it.
public struct TriggerConfig<Config: Sendable>: Sendable {
  /// The trigger's id.
  public let id: String
  /// The function to call when it fires.
  public let functionID: String
  /// What the owner configured.
  public let config: Config
  /// What the owner attached.
  public let metadata: JSONValue?
  /// The function's namespace; `nil` is `default`.
  public let namespace: String?
}
