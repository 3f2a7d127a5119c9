extension WorkerRegistrations {
  /// Registers a trigger: when an event of its type happens, its function is called.
  ///
  /// Returns at once, before the engine has read it. Without a connection the registration is stored; it is sent again on each new
  /// connection, with the same id. It does not check whether type and function exist: an error of the engine or of the type's provider is
  /// in ``Trigger/registrationError``.
  ///
  /// ```swift
  /// let trigger = try iii.registerTrigger(
  ///   RegisterTriggerInput(type: "http", functionID: "hello::greet", config: ["api_path": "/greet", "http_method": "POST"]))
  /// ```
  ///
  /// Mirrors `register_trigger` of the Python SDK.
  ///
  /// - Throws: ``IIIRegistrationError`` if a namespace is blank; ``IIIInvocationError`` with the code `SHUTDOWN`.
  @discardableResult
  public func registerTrigger(_ trigger: RegisterTriggerInput) throws -> Trigger { try worker.register(trigger) }

  /// Registers a trigger with a typed configuration.
  ///
  /// - Throws: As ``registerTrigger(_:)``; `EncodingError` if the configuration cannot be encoded.
  @_disfavoredOverload
  @discardableResult
  public func registerTrigger<Config: Encodable & Sendable>(
    type: String, functionID: String, config: Config, metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> Trigger {
    try worker.register(
      RegisterTriggerInput(
        type: type, functionID: functionID, config: try JSONValue(encoding: config), metadata: metadata,
        namespace: namespace))
  }

  /// Registers a trigger whose configuration is a JSON literal, or which has none.
  ///
  /// ```swift
  /// try iii.registerTrigger(type: "http", functionID: "hello::greet", config: ["api_path": "/greet", "http_method": "POST"])
  /// try iii.registerTrigger(type: "engine::workers-available", functionID: "workers::changed")
  /// ```
  ///
  /// - Throws: As ``registerTrigger(_:)``.
  @discardableResult
  public func registerTrigger(
    type: String, functionID: String, config: JSONValue = .null, metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> Trigger {
    try worker.register(
      RegisterTriggerInput(
        type: type, functionID: functionID, config: config, metadata: metadata, namespace: namespace))
  }

  /// Unavailable; its message says what to write instead.
  @available(
    *, unavailable,
    message:
      "values of several types: wrap each variable, config: [\"path\": .init(path), \"port\": .init(port)], or use a Codable struct"
  )
  @discardableResult
  public func registerTrigger(
    type: String, functionID: String, config: [String: Any], metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> Trigger {
    try registerTrigger(type: type, functionID: functionID, config: .null, metadata: metadata, namespace: namespace)
  }

  /// Registers a trigger of one of the engine's own types.
  ///
  /// ```swift
  /// try iii.registerTrigger(CronTriggerConfig(expression: "0 0 * * * *"), functionID: "reports::hourly")
  /// ```
  ///
  /// - Throws: As ``registerTrigger(_:)``.
  @discardableResult
  public func registerTrigger<Config: BuiltinTriggerConfig>(
    _ config: Config, functionID: String, metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> Trigger {
    try registerTrigger(
      type: Config.triggerType, functionID: functionID, config: try JSONValue(encoding: config), metadata: metadata,
      namespace: namespace)
  }

  /// Provides a trigger type: `handler` is told of each of its triggers, from all workers.
  ///
  /// If a type is registered again under its id, the new handler replaces the old one: the old one is told that all triggers have ended,
  /// then the new one is told of them. After a reconnect the handler is told only what has changed in the meantime.
  ///
  /// ```swift
  /// let webhooks = try iii.registerTriggerType(
  ///   RegisterTriggerTypeInput(id: "webhook", description: "Called from outside"), handler: Webhooks(routes: routes))
  /// ```
  ///
  /// Mirrors `register_trigger_type` of the Python SDK.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank; ``IIIInvocationError`` with the code `SHUTDOWN`.
  @discardableResult
  public func registerTriggerType<Handler: TriggerHandler>(
    _ type: RegisterTriggerTypeInput, handler: Handler
  ) throws -> TriggerTypeRef<Handler.Config, JSONValue> {
    try registerTriggerType(type, request: JSONValue.self, handler: handler)
  }

  /// Provides a trigger type whose triggers call their functions with a payload of type `request`.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank; ``IIIInvocationError`` with the code `SHUTDOWN`.
  @discardableResult
  public func registerTriggerType<Handler: TriggerHandler, Request: Codable & Sendable>(
    _ type: RegisterTriggerTypeInput, request: Request.Type, handler: Handler
  ) throws -> TriggerTypeRef<Handler.Config, Request> {
    TriggerTypeRef(try worker.register(type, handler: handler), of: worker)
  }

  /// Ends a trigger type of this worker: its handler is told that all triggers have ended. An unknown type is ignored.
  public func unregisterTriggerType(_ type: RegisterTriggerTypeInput) { unregisterTriggerType(id: type.id) }

  /// Ends the trigger type with this id: its handler is told that all triggers have ended. Engines before 0.24 do not support this message:
  /// there the type ends with the connection.
  public func unregisterTriggerType(id: String) { worker.post { $0.unregister(triggerType: id) } }
}

extension III {
  func register(_ trigger: RegisterTriggerInput) throws -> Trigger {
    try checkRegistrations(trigger.functionID)
    let message = RegisterTriggerMessage(
      id: newID().description, type: trigger.type, functionID: trigger.functionID,
      config: try PayloadCoder.encode(trigger.config ?? .null),
      metadata: try trigger.metadata.map { try PayloadCoder.encode($0) },
      namespace: try Namespace.target(functionID: trigger.functionID, chosen: trigger.namespace, worker: namespace),
      triggerNamespace: try trigger.triggerNamespace.map { try Namespace.checked($0, "the trigger type's namespace") })
    let id = message.id
    let registered = Trigger(message) { self.post { $0.unregister(trigger: id) } }
    post { $0.register(registered) }
    return registered
  }

  func register(_ type: RegisterTriggerTypeInput, handler: some TriggerHandler) throws -> RegisteredTriggerType {
    guard !type.id.allSatisfy(\.isWhitespace) else { throw IIIRegistrationError(reason: .emptyID) }
    try checkRegistrations(type.id)
    let message = RegisterTriggerTypeMessage(
      id: type.id, description: type.description,
      triggerRequestFormat: try type.triggerRequestFormat.map { try PayloadCoder.encode($0) },
      callRequestFormat: try type.callRequestFormat.map { try PayloadCoder.encode($0) })
    let registered = RegisteredTriggerType(message, handler: handler)
    post { $0.register(registered) }
    return registered
  }
}
