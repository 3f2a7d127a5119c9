internal import III

/// A registered trigger: when something of its type happens, its function is to be called.
struct TriggerEntry: Equatable {
  let id: String
  let type: String
  let functionID: String
  /// JSON, as its owner sent it.
  let config: [UInt8]
  let metadata: [UInt8]?
  let owner: PeerID
  /// The order of registration.
  var sequence: UInt64 = 0
  /// Kept aside until its type is provided (again): neither listed nor firing.
  var isParked = false
}

/// Who makes triggers of a type fire.
enum TriggerProvider: Equatable {
  case worker(PeerID)
  /// The engine itself.
  case engine(EngineTriggerType)
}

/// A type of triggers that somebody provides.
struct TriggerType: Equatable {
  let id: String
  let description: String
  /// What a trigger's configuration looks like: JSON, as the provider sent it.
  let requestFormat: [UInt8]?
  /// What its function is called with.
  let callFormat: [UInt8]?
  let provider: TriggerProvider
}

/// The types that the engine itself provides.
enum EngineTriggerType: String {
  case functionsAvailable = "engine::functions-available"
  case workersAvailable = "engine::workers-available"
  case log

  /// Those that every engine provides.
  static let always: [EngineTriggerType] = [.functionsAvailable, .workersAvailable]

  static func provided(with settings: ObservabilitySettings) -> [EngineTriggerType] {
    settings.isEnabled ? always + [.log] : always
  }

  var type: TriggerType {
    TriggerType(
      id: rawValue, description: description, requestFormat: requestSchema?.jsonBytes,
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
