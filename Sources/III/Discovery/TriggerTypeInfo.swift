/// A trigger type, as an engine lists it.
public struct TriggerTypeInfo: Sendable, Hashable, Codable {
  /// The type's id.
  public var id: String
  /// Its provider's description.
  public var description: String
  /// The JSON Schema of a trigger's configuration.
  public var triggerRequestFormat: JSONValue?
  /// The JSON Schema of the payloads that its triggers send.
  public var callRequestFormat: JSONValue?
  /// Its provider's name.
  public var workerName: String?
  /// The number of the type's triggers; only in the description of a single type.
  public var instanceCount: Int?

  /// Creates a row of the list.
  public init(
    id: String,
    description: String = "",
    triggerRequestFormat: JSONValue? = nil,
    callRequestFormat: JSONValue? = nil,
    workerName: String? = nil,
    instanceCount: Int? = nil
  ) {
    self.id = id
    self.description = description
    self.triggerRequestFormat = triggerRequestFormat
    self.callRequestFormat = callRequestFormat
    self.workerName = workerName
    self.instanceCount = instanceCount
  }

  private enum CodingKeys: String, CodingKey {
    case id
    case description
    case triggerRequestFormat = "trigger_request_format"
    case triggerRequestFormatAlias = "configuration_schema"
    case callRequestFormat = "call_request_format"
    case callRequestFormatAlias = "request_schema"
    case workerName = "worker_name"
    case instanceCount = "instance_count"
  }

  /// Decodes the rows of old and new engines; members that an engine does not send are `nil`.
  public init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    id = try row.decode(String.self, forKey: .id)
    description = try row.decodeIfPresent(String.self, forKey: .description) ?? ""
    triggerRequestFormat =
      try row.decodeIfPresent(JSONValue.self, forKey: .triggerRequestFormat)
      ?? row.decodeIfPresent(JSONValue.self, forKey: .triggerRequestFormatAlias)
    callRequestFormat =
      try row.decodeIfPresent(JSONValue.self, forKey: .callRequestFormat)
      ?? row.decodeIfPresent(JSONValue.self, forKey: .callRequestFormatAlias)
    workerName = try row.decodeIfPresent(String.self, forKey: .workerName)
    instanceCount = try row.decodeIfPresent(Int.self, forKey: .instanceCount)
  }

  /// Encodes with the names of the newest engines.
  public func encode(to encoder: any Encoder) throws {
    var row = encoder.container(keyedBy: CodingKeys.self)
    try row.encode(id, forKey: .id)
    try row.encode(description, forKey: .description)
    try row.encodeIfPresent(triggerRequestFormat, forKey: .triggerRequestFormat)
    try row.encodeIfPresent(callRequestFormat, forKey: .callRequestFormat)
    try row.encodeIfPresent(workerName, forKey: .workerName)
    try row.encodeIfPresent(instanceCount, forKey: .instanceCount)
  }
}
