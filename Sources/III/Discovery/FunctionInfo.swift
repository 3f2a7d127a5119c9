/// A function, as an engine lists it.
public struct FunctionInfo: Sendable, Hashable, Codable {
  /// The function's id.
  public var functionID: String
  /// Its owner's description.
  public var description: String?
  /// The JSON Schema of its payload.
  public var requestFormat: JSONValue?
  /// The JSON Schema of its result.
  public var responseFormat: JSONValue?
  /// The metadata of its registration.
  public var metadata: JSONValue?
  /// Its owner's name.
  public var workerName: String?
  /// Its namespace.
  public var namespace: String?

  /// Creates a row of the list.
  public init(
    functionID: String,
    description: String? = nil,
    requestFormat: JSONValue? = nil,
    responseFormat: JSONValue? = nil,
    metadata: JSONValue? = nil,
    workerName: String? = nil,
    namespace: String? = nil
  ) {
    self.functionID = functionID
    self.description = description
    self.requestFormat = requestFormat
    self.responseFormat = responseFormat
    self.metadata = metadata
    self.workerName = workerName
    self.namespace = namespace
  }

  private enum CodingKeys: String, CodingKey {
    case functionID = "function_id"
    case description
    case requestFormat = "request_format"
    case requestFormatAlias = "request_schema"
    case responseFormat = "response_format"
    case responseFormatAlias = "response_schema"
    case metadata
    case workerName = "worker_name"
    case namespace
  }

  /// Decodes the rows of old and new engines; members that an engine does not send are `nil`.
  public init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    functionID = try row.decode(String.self, forKey: .functionID)
    description = try row.decodeIfPresent(String.self, forKey: .description)
    requestFormat =
      try row.decodeIfPresent(JSONValue.self, forKey: .requestFormat)
      ?? row.decodeIfPresent(JSONValue.self, forKey: .requestFormatAlias)
    responseFormat =
      try row.decodeIfPresent(JSONValue.self, forKey: .responseFormat)
      ?? row.decodeIfPresent(JSONValue.self, forKey: .responseFormatAlias)
    metadata = try row.decodeIfPresent(JSONValue.self, forKey: .metadata)
    workerName = try row.decodeIfPresent(String.self, forKey: .workerName)
    namespace = try row.decodeIfPresent(String.self, forKey: .namespace)
  }

  /// Encodes with the names of the newest engines.
  public func encode(to encoder: any Encoder) throws {
    var row = encoder.container(keyedBy: CodingKeys.self)
    try row.encode(functionID, forKey: .functionID)
    try row.encodeIfPresent(description, forKey: .description)
    try row.encodeIfPresent(requestFormat, forKey: .requestFormat)
    try row.encodeIfPresent(responseFormat, forKey: .responseFormat)
    try row.encodeIfPresent(metadata, forKey: .metadata)
    try row.encodeIfPresent(workerName, forKey: .workerName)
    try row.encodeIfPresent(namespace, forKey: .namespace)
  }
}
