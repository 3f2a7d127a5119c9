/// A connected worker, or one that is part of the engine, as an engine lists it.
public struct WorkerInfo: Sendable, Hashable, Codable {
  /// The status of a worker.
  public enum Status: String, Sendable, Codable {
    /// It is connected.
    case connected
    /// It is part of the engine.
    case available
    /// It is connected and runs invocations.
    case busy
    /// It is disconnected.
    case disconnected
    /// A status that this version does not know.
    case unknown

    /// Decodes any text; an unknown one becomes ``unknown``.
    public init(from decoder: any Decoder) throws {
      self = Status(rawValue: try decoder.singleValueContainer().decode(String.self)) ?? .unknown
    }
  }

  /// The id of its connection.
  public var id: String
  /// The name that the worker reported.
  public var name: String?
  /// The worker's description.
  public var description: String?
  /// The language of the worker's SDK.
  public var runtime: String?
  /// The version of the worker's SDK.
  public var version: String?
  /// Its operating system.
  public var os: String?
  /// The address that the worker connects from.
  public var ipAddress: String?
  /// The isolation that it runs in, such as a container.
  public var isolation: String?
  /// Its namespace.
  public var namespace: String?
  /// Its status.
  public var status: Status
  /// When it connected, in milliseconds since 1970.
  public var connectedAtMs: Int64
  /// The number of its functions.
  public var functionCount: Int
  /// The ids of its functions, from engines before 0.13.
  public var functions: [String]
  /// The number of the worker's running invocations.
  public var activeInvocations: Int

  /// Creates a row of the list.
  public init(
    id: String,
    name: String? = nil,
    description: String? = nil,
    runtime: String? = nil,
    version: String? = nil,
    os: String? = nil,
    ipAddress: String? = nil,
    isolation: String? = nil,
    namespace: String? = nil,
    status: Status = .unknown,
    connectedAtMs: Int64 = 0,
    functionCount: Int = 0,
    functions: [String] = [],
    activeInvocations: Int = 0
  ) {
    self.id = id
    self.name = name
    self.description = description
    self.runtime = runtime
    self.version = version
    self.os = os
    self.ipAddress = ipAddress
    self.isolation = isolation
    self.namespace = namespace
    self.status = status
    self.connectedAtMs = connectedAtMs
    self.functionCount = functionCount
    self.functions = functions
    self.activeInvocations = activeInvocations
  }

  private enum CodingKeys: String, CodingKey {
    case id
    case name
    case description
    case runtime
    case version
    case os
    case ipAddress = "ip_address"
    case isolation
    case namespace
    case status
    case connectedAtMs = "connected_at_ms"
    case functionCount = "function_count"
    case functions
    case activeInvocations = "active_invocations"
  }

  /// Decodes the rows of old and new engines; members that an engine does not send are `nil`.
  public init(from decoder: any Decoder) throws {
    let row = try decoder.container(keyedBy: CodingKeys.self)
    id = try row.decode(String.self, forKey: .id)
    name = try row.decodeIfPresent(String.self, forKey: .name)
    description = try row.decodeIfPresent(String.self, forKey: .description)
    runtime = try row.decodeIfPresent(String.self, forKey: .runtime)
    version = try row.decodeIfPresent(String.self, forKey: .version)
    os = try row.decodeIfPresent(String.self, forKey: .os)
    ipAddress = try row.decodeIfPresent(String.self, forKey: .ipAddress)
    isolation = try row.decodeIfPresent(String.self, forKey: .isolation)
    namespace = try row.decodeIfPresent(String.self, forKey: .namespace)
    status = try row.decodeIfPresent(Status.self, forKey: .status) ?? .unknown
    connectedAtMs = try row.decodeIfPresent(Int64.self, forKey: .connectedAtMs) ?? 0
    functionCount = try row.decodeIfPresent(Int.self, forKey: .functionCount) ?? 0
    functions = try row.decodeIfPresent([String].self, forKey: .functions) ?? []
    activeInvocations = try row.decodeIfPresent(Int.self, forKey: .activeInvocations) ?? 0
  }

  /// Encodes with the names of the newest engines.
  public func encode(to encoder: any Encoder) throws {
    var row = encoder.container(keyedBy: CodingKeys.self)
    try row.encode(id, forKey: .id)
    try row.encodeIfPresent(name, forKey: .name)
    try row.encodeIfPresent(description, forKey: .description)
    try row.encodeIfPresent(runtime, forKey: .runtime)
    try row.encodeIfPresent(version, forKey: .version)
    try row.encodeIfPresent(os, forKey: .os)
    try row.encodeIfPresent(ipAddress, forKey: .ipAddress)
    try row.encodeIfPresent(isolation, forKey: .isolation)
    try row.encodeIfPresent(namespace, forKey: .namespace)
    try row.encode(status, forKey: .status)
    try row.encode(connectedAtMs, forKey: .connectedAtMs)
    try row.encode(functionCount, forKey: .functionCount)
    try row.encode(functions, forKey: .functions)
    try row.encode(activeInvocations, forKey: .activeInvocations)
  }
}
