/// A trigger of a type that this worker provides, as the engine sent it. Configuration and metadata are JSON.
struct InboundTrigger: Sendable, Equatable {
  var id: String
  var type: String
  var functionID: String
  var config: [UInt8]
  var metadata: [UInt8]?
  var namespace: String?

  /// The trigger with its configuration decoded.
  func decoded<Config: Decodable & Sendable>(as type: Config.Type) throws -> TriggerConfig<Config> {
    TriggerConfig(
      id: id, functionID: functionID, config: try PayloadCoder.decode(Config.self, from: config),
      metadata: try metadata.map { try PayloadCoder.decode(JSONValue.self, from: $0) }, namespace: namespace)
  }
}
