/// A handler that takes and returns JSON, for programs that store handlers; `registerFunction` accepts it like any other closure.
public typealias RemoteFunctionHandler = @Sendable (JSONValue) async throws -> JSONValue

/// A function that a worker has registered.
public struct FunctionRef: Sendable, Identifiable {
  /// The function's id.
  public let id: String
  private let worker: III
  private let function: RegisteredFunction

  init(_ function: RegisteredFunction, of worker: III) {
    id = function.id
    self.function = function
    self.worker = worker
  }

  /// Unregisters the function: the engine answers `function_not_found` from now on, and the id can be registered again. Running invocations
  /// are still answered. A second call has no effect.
  public func unregister() { worker.unregister(function) }
}
