public import III

extension MockEngine {
  /// What `iii-state` keeps in a scope. Needs ``BuiltIn/state``.
  ///
  /// ```swift
  /// let users = engine.state(scope: "users")
  /// try await users.set("ada", to: ["age": 36])
  /// #expect(try await users.value("ada") == ["age": 36])
  /// ```
  public func state(scope: String) -> StateScope { StateScope(engine: self, scope: scope) }

  /// The values of one scope of `iii-state`, read and set without a worker.
  ///
  /// Methods throw ``MockEngineError/stopped`` and ``MockEngineError/builtInIsOff(_:)``.
  public struct StateScope: Sendable {
    let engine: MockEngine
    /// The name of the scope.
    public let scope: String

    /// The value of a key; nil if there is none. A stored `null` is `JSONValue.null`.
    ///
    /// - Throws: `DecodingError` if the value contains a number that does not fit a `Double`.
    public func value(_ key: String) async throws -> JSONValue? {
      let scope = Array(scope.utf8)
      let bytes = try await engine.core.ask(.state) { (worker: StateWorker) in
        worker.store.value(of: Array(key.utf8), in: scope)
      }
      return try bytes.map { try JSONValue(parsing: String(decoding: $0, as: UTF8.self)) }
    }

    /// All keys, in the order in which they were first set.
    public var keys: [String] {
      get async throws {
        let scope = Array(scope.utf8)
        return try await engine.core.ask(.state) { (worker: StateWorker) in
          worker.store.entries(of: scope).map { String(decoding: $0.key, as: UTF8.self) }
        }
      }
    }

    /// Sets a key, as a worker's call of `state::set` does: triggers fire.
    ///
    /// - Throws: `IIIInvocationError` with the code `SET_ERROR` if the value cannot be saved on disk.
    public func set(_ key: String, to value: JSONValue) async throws {
      let (scope, key, value) = (Array(scope.utf8), Array(key.utf8), value.jsonBytes)
      let problem = try await change { $0.set(value, of: key, in: scope, then: $1) }
      if let problem { throw IIIInvocationError(code: "SET_ERROR", message: "Failed to set value: \(problem)") }
    }

    /// Sets a key to any value that can be encoded.
    ///
    /// - Throws: As `set(_:to:)` with JSON, and `EncodingError` if the value cannot be encoded.
    @_disfavoredOverload
    public func set(_ key: String, to value: some Encodable & Sendable) async throws {
      try await set(key, to: JSONValue(encoding: value))
    }

    /// Deletes a key, as a worker's call of `state::delete` does: triggers fire.
    ///
    /// - Throws: `IIIInvocationError` with the code `DELETE_ERROR` if the deletion cannot be saved on disk.
    public func remove(_ key: String) async throws {
      let (scope, key) = (Array(scope.utf8), Array(key.utf8))
      let problem = try await change { $0.delete(key, in: scope, then: $1) }
      if let problem { throw IIIInvocationError(code: "DELETE_ERROR", message: "Failed to delete value: \(problem)") }
    }

    /// Makes a change on the engine's loop; returns why it was not saved, if it was not.
    private func change(
      _ body: @escaping @Sendable (StateWorker, @escaping @Sendable (String?) -> Void) -> Void
    ) async throws -> String? {
      try await withCheckedThrowingContinuation { continuation in
        Task(executorPreference: engine.core.loop) {
          do {
            try await engine.core.ask(.state) { (worker: StateWorker) in
              body(worker) { continuation.resume(returning: $0) }
            }
          } catch {
            continuation.resume(throwing: error)
          }
        }
      }
    }
  }
}
