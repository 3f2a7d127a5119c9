/// A registered trigger, as an engine lists it.
public struct TriggerInfo: Sendable, Hashable, Codable {
  /// The trigger's id.
  public var id: String
  /// The id of the trigger's type.
  public var triggerType: String
  /// The function that the trigger calls.
  public var functionID: String
  /// The trigger's configuration; engine 0.13 shows a summary in lists.
  public var config: JSONValue?
  /// The metadata of its registration.
  public var metadata: JSONValue?
  /// The beginning of the configuration as JSON, at most 80 characters.
  public var configSummary: String?
  /// The name of the function's owner.
  public var workerName: String?
  /// The function's namespace.
  public var namespace: String?

  /// Creates a row of the list.
  public init(
    id: String,
    triggerType: String,
    functionID: String,
    config: JSONValue? = nil,
    metadata: JSONValue? = nil,
    configSummary: String? = nil,
    workerName: String? = nil,
    namespace: String? = nil
  ) {
    self.id = id
    self.triggerType = triggerType
    self.functionID = functionID
    self.config = config
    self.metadata = metadata
    self.configSummary = configSummary
    self.workerName = workerName
    self.namespace = namespace
  }

  private enum CodingKeys: String, CodingKey {
    case id
    case triggerType = "trigger_type"
    case functionID = "function_id"
    case config
    case metadata
    case configSummary = "config_summary"
    case workerName = "worker_name"
    case namespace
  }

  /// Decodes the rows of old and new engines; members that an engine does not send are `nil`.
  public init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    id = try row.decode(String.self, forKey: .id)
    triggerType = try row.decode(String.self, forKey: .triggerType)
    functionID = try row.decode(String.self, forKey: .functionID)
    config = try row.decodeIfPresent(JSONValue.self, forKey: .config)
    metadata = try row.decodeIfPresent(JSONValue.self, forKey: .metadata)
    configSummary = try row.decodeIfPresent(String.self, forKey: .configSummary)
    workerName = try row.decodeIfPresent(String.self, forKey: .workerName)
    namespace = try row.decodeIfPresent(String.self, forKey: .namespace)
  }

  /// Encodes with the names of the newest engines.
  public func encode(to encoder: any Encoder) throws {
    var row = encoder.container(keyedBy: CodingKeys.self)
    try row.encode(id, forKey: .id)
    try row.encode(triggerType, forKey: .triggerType)
    try row.encode(functionID, forKey: .functionID)
    try row.encodeIfPresent(config, forKey: .config)
    try row.encodeIfPresent(metadata, forKey: .metadata)
    try row.encodeIfPresent(configSummary, forKey: .configSummary)
    try row.encodeIfPresent(workerName, forKey: .workerName)
    try row.encodeIfPresent(namespace, forKey: .namespace)
  }
}
