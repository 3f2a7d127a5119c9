extension III {
  /// Registers a function that others may call by its id.
  ///
  /// The payload is decoded into `Input`, the result encoded as JSON. An `async` handler runs as a task of its own, several at a time; one
  /// that is not `async` may block, and runs on a thread. ``InvocationContext/current`` tells it of its invocation. Without a
  /// connection the registration is kept, and it is made anew on each connection.
  ///
  /// What the caller gets when something goes wrong:
  ///
  /// | in the handler | the caller's error |
  /// |---|---|
  /// | the payload does not decode | `invocation_failed`, `invalid payload: <path>: <reason>` |
  /// | throws an ``IIIInvocationError`` | its code, message and stack trace |
  /// | throws anything else | `invocation_failed`, the error's text |
  /// | the result cannot be encoded | `invocation_failed` |
  ///
  /// ```swift
  /// struct Order: Codable { var item: String; var count: Int }
  /// struct Receipt: Codable { var total: Int }
  ///
  /// try iii.registerFunction("orders::price") { (order: Order) async throws -> Receipt in
  ///   Receipt(total: try await price(of: order.item) * order.count)
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - functionID: The id, as `orders::price`; any text that is not blank.
  ///   - description: A sentence for the engine's lists.
  ///   - metadata: Whatever else the lists shall show.
  ///   - requestFormat: The payload's form, for the lists.
  ///   - responseFormat: The result's form, for the lists.
  ///   - handler: What runs.
  /// - Returns: The registration, to take it back by.
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker has a function of this id; ``IIIInvocationError`` with the
  ///   code `SHUTDOWN` after ``shutdown()``.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, handler: @escaping @Sendable (Input) async throws -> Output
  ) throws -> FunctionRef {
    try register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Output.self),
      Handler.task(handler))
  }

  /// Registers a function without a result: its caller gets `null` when it has ended.
  ///
  /// ```swift
  /// try iii.registerFunction("mail::send") { (mail: Mail) async throws in try await send(mail) }
  /// ```
  ///
  /// - Returns: The registration, to take it back by.
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker has a function of this id; ``IIIInvocationError`` with the
  ///   code `SHUTDOWN` after ``shutdown()``.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, handler: @escaping @Sendable (Input) async throws -> Void
  ) throws -> FunctionRef {
    try register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Void.self),
      Handler.task(handler))
  }

  /// Registers a function whose handler takes and gives JSON.
  func register(
    _ id: String, _ description: String?, _ metadata: JSONValue?, _ requestFormat: FormatSource,
    _ responseFormat: FormatSource, _ body: RegisteredFunction.Body
  ) throws -> FunctionRef {
    try checkRegistrations(id)
    let registration = RegisterFunctionMessage(
      id: id, description: description, requestFormat: try requestFormat.json(),
      responseFormat: try responseFormat.json(), metadata: try metadata.map { try PayloadCoder.encode($0) })
    let function = RegisteredFunction(registration, body)
    try functions.add(function) { post { $0.register(function) } }
    return FunctionRef(function, of: self)
  }

  func unregister(_ function: RegisteredFunction) {
    functions.remove(function) { post { $0.unregister(function.id) } }
  }
}
