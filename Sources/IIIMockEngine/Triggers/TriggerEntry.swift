internal import III

/// A registered trigger: when something of its type happens, its function is called.
struct TriggerEntry: Equatable {
  let id: ByteKey
  let type: ByteKey
  let functionID: ByteKey
  /// JSON, as its owner sent it.
  let config: [UInt8]
  let metadata: [UInt8]?
  let owner: PeerID
  /// The order of registration.
  var sequence: UInt64 = 0
  /// Whether it waits for a provider of its type: it is neither listed nor fired.
  var isParked = false
}

/// What fires the triggers of a type.
enum TriggerProvider: Equatable {
  case worker(PeerID)
  /// The engine itself.
  case engine(EngineTriggerType)
}

/// A type of triggers that has a provider.
struct TriggerType: Equatable {
  let id: ByteKey
  let description: String
  /// The JSON Schema of a trigger's configuration, as the provider sent it.
  let requestFormat: [UInt8]?
  /// The JSON Schema of what its function is called with.
  let callFormat: [UInt8]?
  let provider: TriggerProvider
}

/// The types that the engine itself provides.
enum EngineTriggerType: String {
  case functionsAvailable = "engine::functions-available"
  case workersAvailable = "engine::workers-available"
  case log

  /// The types that every engine provides.
  static let always: [EngineTriggerType] = [.functionsAvailable, .workersAvailable]

  static func provided(with settings: ObservabilitySettings) -> [EngineTriggerType] {
    settings.isEnabled ? always + [.log] : always
  }

  var id: ByteKey { ByteKey(rawValue) }

  var type: TriggerType {
    TriggerType(
      id: id, description: description, requestFormat: requestSchema?.jsonBytes,
      callFormat: callSchema?.jsonBytes, provider: .engine(self))
  }

  private var description: String {
    switch self {
    case .functionsAvailable: "Triggered when functions are registered/unregistered"
    case .workersAvailable: "Triggered when workers connect/disconnect"
    case .log: "Log event trigger"
    }
  }

  private var requestSchema: JSONValue? {
    switch self {
    case .functionsAvailable, .workersAvailable: nil
    case .log:
      BuiltInSchema.object(
        "LogTriggerConfig",
        ["level": ["type": ["string", "null"], "enum": ["all", "trace", "debug", "info", "warn", "error", nil]]],
        required: [])
    }
  }

  private var callSchema: JSONValue? {
    switch self {
    case .functionsAvailable, .workersAvailable: nil
    case .log: EngineLogRecord.schema
    }
  }
}
