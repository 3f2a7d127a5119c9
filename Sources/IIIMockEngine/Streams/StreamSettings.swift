internal import III

/// Where `iii-stream` listens, and where it keeps its items.
struct StreamSettings: BuiltInSettings {
  static let workerName = "iii-stream"
  static let triggerTypes = StreamTriggerType.allCases.map(\.rawValue)

  /// The port of a configuration file that names none.
  static let defaultPort: UInt16 = 3112

  enum Adapter: Sendable, Equatable {
    case keyValue(KeyValueAdapter)
    /// Another engine, by its URL.
    case bridge(url: String)
  }

  var host = "127.0.0.1"
  /// 0 chooses a free one.
  var port: UInt16 = 0
  /// The function that is asked about each client of a stream socket.
  var authFunctionID: String?
  var adapter = Adapter.keyValue(KeyValueAdapter())

  init(environment: Variables, isOn: Bool) {}

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    host = "0.0.0.0"
    port = StreamSettings.defaultPort
    for member in try entry.members(known: ["port", "host", "auth_function", "adapter"]) {
      switch (member.key, member.value.content) {
      case ("port", .int(let value)):
        guard let port = UInt16(exactly: value) else {
          throw entry.rejection(
            "port: invalid value: \(member.value.kindForMessage), expected u16", at: member.value.position,
            hint: "ports go from 0 (any free one) to 65535")
        }
        self.port = port
      case ("host", .string(let host)) where !host.isEmpty: self.host = host
      case ("auth_function", .string(let id)): authFunctionID = id
      case ("auth_function", .null), ("adapter", .null): break
      case ("adapter", _):
        let adapter = try AdapterEntry(member.value, of: entry, available: ["kv", "bridge", "redis"])
        self.adapter = try StreamSettings.adapter(adapter, of: entry, warnings: &warnings)
      default:
        throw entry.rejection(
          "\(member.key): invalid type: \(member.value.kindForMessage), expected "
            + (member.key == "port" ? "u16" : "a string"), at: member.value.position)
      }
    }
  }

  private static func adapter(
    _ adapter: AdapterEntry, of entry: WorkerEntry, warnings: inout [String]
  ) throws(ConfigurationFault) -> Adapter {
    switch adapter.name {
    // The real engine loses events above so many; this one does not.
    case "kv":
      return .keyValue(try KeyValueAdapter(adapter, of: entry, others: ["channel_size"], warnings: &warnings))
    case "bridge": return .bridge(url: try adapter.bridgeURL(of: entry))
    default:
      warnings.append(
        "adapter '\(adapter.name)' of worker '\(entry.name)' is not part of this engine; line "
          + "\(adapter.position.line): streams are kept in this engine's memory")
      return .keyValue(KeyValueAdapter())
    }
  }

  func makeWorker() -> any BuiltInWorker { StreamWorker(self) }
}

/// The trigger types of `iii-stream`.
enum StreamTriggerType: String, CaseIterable {
  case event = "stream"
  case join = "stream:join"
  case leave = "stream:leave"

  var manifestType: BuiltInTriggerType {
    switch self {
    case .event:
      BuiltInTriggerType(
        id: rawValue, description: "Stream trigger", requestSchema: StreamTriggerFilter.schema,
        callSchema: BuiltInSchema.object(
          "StreamCallRequest",
          [
            "event": ["type": "object"], "groupId": ["type": "string"], "id": ["type": ["string", "null"]],
            "streamName": ["type": "string"], "timestamp": ["type": "integer"], "type": ["type": "string"],
          ], required: ["event", "groupId", "id", "streamName", "timestamp", "type"]))
    case .join, .leave:
      BuiltInTriggerType(
        id: rawValue, description: self == .join ? "Stream join trigger" : "Stream leave trigger",
        callSchema: BuiltInSchema.object(
          "StreamJoinLeaveCallRequest",
          [
            "context": true, "group_id": ["type": "string"], "id": ["type": ["string", "null"]],
            "stream_name": ["type": "string"], "subscription_id": ["type": "string"],
          ], required: ["context", "group_id", "id", "stream_name", "subscription_id"]))
    }
  }
}

extension MockEngine.BuiltIn {
  /// `iii-stream`: the functions `stream::…`, the trigger types `stream`, `stream:join` and `stream:leave`, and stream
  /// sockets at a port of their own.
  public static let streams = MockEngine.BuiltIn(name: StreamSettings.workerName)
}
