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

/// The types that every engine provides.
enum EngineTriggerType: String, CaseIterable {
  case functionsAvailable = "engine::functions-available"
  case workersAvailable = "engine::workers-available"

  var type: TriggerType {
    TriggerType(
      id: rawValue, description: description, requestFormat: nil, callFormat: nil, provider: .engine(self))
  }

  private var description: String {
    switch self {
    case .functionsAvailable: "Triggered when functions are registered/unregistered"
    case .workersAvailable: "Triggered when workers connect/disconnect"
    }
  }
}
