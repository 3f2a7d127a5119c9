/// A trigger type that this worker provides: registers triggers of the type and functions for them.
public struct TriggerTypeRef<Config: Codable & Sendable, Request: Codable & Sendable>: Sendable, Identifiable {
  /// The type's id.
  public let id: String
  let worker: III
  private let type: RegisteredTriggerType

  init(_ type: RegisteredTriggerType, of worker: III) {
    id = type.id
    self.type = type
    self.worker = worker
  }

  /// Registers a trigger of this type.
  ///
  /// - Throws: As ``WorkerRegistrations/registerTrigger(_:)``; `EncodingError` if the configuration cannot be encoded.
  @discardableResult
  public func registerTrigger(_ functionID: String, config: Config, metadata: JSONValue? = nil) throws -> Trigger {
    try worker.registerTrigger(
      type: id, functionID: functionID, config: try JSONValue(encoding: config), metadata: metadata)
  }

  /// Registers a function that accepts the payloads of this type's triggers. It registers no trigger; `registerTrigger` does.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker already has a function with this id.
  @discardableResult
  public func registerFunction<Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Request) async throws -> Output
  ) throws -> FunctionRef {
    try worker.registerFunction(functionID, description: description, concurrency: concurrency, handler: handler)
  }

  /// Registers a function with a handler that may block; it runs on a thread of its own. It registers no trigger.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker already has a function with this id.
  @discardableResult
  public func registerFunction<Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Request) throws -> Output
  ) throws -> FunctionRef {
    try worker.registerFunction(functionID, description: description, concurrency: concurrency, handler: handler)
  }

  /// Registers a function without a result. It registers no trigger.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker already has a function with this id.
  @discardableResult
  public func registerFunction(
    _ functionID: String, description: String? = nil, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Request) async throws -> Void
  ) throws -> FunctionRef {
    try worker.registerFunction(functionID, description: description, concurrency: concurrency, handler: handler)
  }

  /// Registers a function without a result whose handler may block. It registers no trigger.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker already has a function with this id.
  @discardableResult
  public func registerFunction(
    _ functionID: String, description: String? = nil, concurrency: FunctionConcurrency = .unlimited,
    handler: @escaping @Sendable (Request) throws -> Void
  ) throws -> FunctionRef {
    try worker.registerFunction(functionID, description: description, concurrency: concurrency, handler: handler)
  }

  /// Ends the type: its handler is told that all triggers have ended. Has no effect if another type was registered under this id in the
  /// meantime. Engines before 0.24 do not support this message: there the type ends with the connection.
  public func unregister() { worker.post { [type] in $0.unregister(type) } }
}
