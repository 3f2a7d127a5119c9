extension III {
  /// Registers a trigger: when something of its type happens, its function is called.
  ///
  /// Returns at once, before the engine has heard of it; without a connection the registration is kept, and it is made anew on
  /// each connection under the same id. Whether type and function exist is not checked here: what the engine or the type's
  /// provider says against it stands in ``Trigger/registrationError``.
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
  public func registerTrigger(_ trigger: RegisterTriggerInput) throws -> Trigger {
    try checkRegistrations(trigger.functionID)
    let message = RegisterTriggerMessage(
      id: UUID128.random().description, type: trigger.type, functionID: trigger.functionID,
      config: try PayloadCoder.encode(trigger.config ?? .null),
      metadata: try trigger.metadata.map { try PayloadCoder.encode($0) },
      namespace: try Namespace.target(functionID: trigger.functionID, chosen: trigger.namespace, worker: namespace),
      triggerNamespace: try trigger.triggerNamespace.map { try Namespace.checked($0, "the trigger type's namespace") })
    let id = message.id
    let registered = Trigger(message) { self.post { $0.unregister(trigger: id) } }
    post { $0.register(registered) }
    return registered
  }

  /// Registers a trigger with a typed configuration.
  ///
  /// - Throws: As ``registerTrigger(_:)``; `EncodingError` where the configuration cannot be encoded.
  @discardableResult
  public func registerTrigger<Config: Encodable & Sendable>(
    type: String, functionID: String, config: Config, metadata: JSONValue? = nil, namespace: String? = nil
  ) throws -> Trigger {
    try registerTrigger(
      RegisterTriggerInput(
        type: type, functionID: functionID, config: try JSONValue(encoding: config), metadata: metadata,
        namespace: namespace))
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
      type: Config.triggerType, functionID: functionID, config: config, metadata: metadata, namespace: namespace)
  }

  /// Provides a trigger type: `handler` is told of each of its triggers, whoever registers them.
  ///
  /// A type that is registered again under its id gets the new handler. The engine sends a new provider all triggers that it has.
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

  /// As above; `request` is what the type's triggers call their functions with.
  ///
  /// - Throws: ``IIIRegistrationError`` if the id is blank; ``IIIInvocationError`` with the code `SHUTDOWN`.
  @discardableResult
  public func registerTriggerType<Handler: TriggerHandler, Request: Codable & Sendable>(
    _ type: RegisterTriggerTypeInput, request: Request.Type, handler: Handler
  ) throws -> TriggerTypeRef<Handler.Config, Request> {
    guard !type.id.allSatisfy(\.isWhitespace) else { throw IIIRegistrationError(reason: .emptyID) }
    try checkRegistrations(type.id)
    let message = RegisterTriggerTypeMessage(
      id: type.id, description: type.description,
      triggerRequestFormat: try type.triggerRequestFormat.map { try PayloadCoder.encode($0) },
      callRequestFormat: try type.callRequestFormat.map { try PayloadCoder.encode($0) })
    let registered = RegisteredTriggerType(message, handler: handler)
    post { $0.register(registered) }
    return TriggerTypeRef(id: type.id, worker: self)
  }

  /// Stops to provide a trigger type; of an unknown one it does nothing here and nothing at the engine.
  public func unregisterTriggerType(_ type: RegisterTriggerTypeInput) { unregisterTriggerType(id: type.id) }

  /// Stops to provide the trigger type with this id. Engines before 0.24 do not know this message: there the type ends
  /// with the connection.
  public func unregisterTriggerType(id: String) { post { $0.unregister(triggerType: id) } }
}
