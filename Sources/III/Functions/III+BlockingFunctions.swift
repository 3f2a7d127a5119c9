extension III {
  /// Registers a function with a handler that may block.
  ///
  /// It is chosen for a handler that is not `async`. The handler runs on a thread of its own, outside of Swift's tasks: it may read files,
  /// wait for locks and use the blocking forms of `trigger`. Up to 64 handlers of a worker run at once; further invocations wait for
  /// their turn. A handler that waits in a blocking call is not counted: handlers that call one another never run out of threads.
  ///
  /// ```swift
  /// try iii.registerFunction("files::size") { (path: String) throws -> Int in try sizeOfFile(at: path) }
  /// ```
  ///
  /// Payload, result and errors are treated as those of async handlers; so are the parameters.
  ///
  /// - Returns: The registration, to take it back by.
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker has a function of this id; ``IIIInvocationError`` with the
  ///   code `SHUTDOWN` after ``shutdown()``.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, handler: @escaping @Sendable (Input) throws -> Output
  ) throws -> FunctionRef {
    try register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Output.self),
      Handler.thread(handler))
  }

  /// Registers a function with a handler that may block and has no result: its caller gets `null` when it has ended.
  ///
  /// ```swift
  /// try iii.registerFunction("files::remove") { (path: String) throws in try removeFile(at: path) }
  /// ```
  ///
  /// - Returns: The registration, to take it back by.
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker has a function of this id; ``IIIInvocationError`` with the
  ///   code `SHUTDOWN` after ``shutdown()``.
  @discardableResult
  public func registerFunction<Input: Decodable & Sendable>(
    _ functionID: String, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .inferred,
    responseFormat: FormatSource = .inferred, handler: @escaping @Sendable (Input) throws -> Void
  ) throws -> FunctionRef {
    try register(
      functionID, description, metadata, requestFormat.of(Input.self), responseFormat.of(Void.self),
      Handler.thread(handler))
  }
}
