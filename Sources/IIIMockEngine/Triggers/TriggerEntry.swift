internal import III

/// A registered trigger: when something of its type happens, its function is called.
struct TriggerEntry: Equatable {
  let id: ByteKey
  let type: ByteKey
  let functionID: ByteKey
  /// JSON, as its owner sent it.
  let config: [UInt8]
  /// The configuration as listings show it: a JSON string.
  var configSummary: [UInt8] = []
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
  case builtIn(BuiltInID)
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
