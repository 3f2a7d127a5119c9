/// A trigger type that this worker provides: binds functions to it.
public struct TriggerTypeRef<Config: Codable & Sendable, Request: Codable & Sendable>: Sendable, Identifiable {
  /// The type's id.
  public let id: String
  let worker: III

  /// Registers a trigger of this type.
  ///
  /// - Throws: As ``III/registerTrigger(_:)``; `EncodingError` where the configuration cannot be encoded.
  @discardableResult
  public func registerTrigger(_ functionID: String, config: Config, metadata: JSONValue? = nil) throws -> Trigger {
    try worker.registerTrigger(type: id, functionID: functionID, config: config, metadata: metadata)
  }

  /// Registers a function that takes what this type's triggers send. It binds no trigger: `registerTrigger` does.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker has a function of this id.
  @discardableResult
  public func registerFunction<Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, handler: @escaping @Sendable (Request) async throws -> Output
  ) throws -> FunctionRef {
    try worker.registerFunction(functionID, description: description, handler: handler)
  }

  /// Registers a function with a blocking handler that takes what this type's triggers send; it runs on a thread of its own.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker has a function of this id.
  @discardableResult
  public func registerFunction<Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, handler: @escaping @Sendable (Request) throws -> Output
  ) throws -> FunctionRef {
    try worker.registerFunction(functionID, description: description, handler: handler)
  }

  /// Stops to provide the type. Engines before 0.24 do not know this message: there the type ends with the connection.
  public func unregister() { worker.unregisterTriggerType(id: id) }
}
