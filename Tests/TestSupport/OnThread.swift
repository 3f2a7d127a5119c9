internal import UV

/// Runs `body` on a thread of its own, outside of all tasks: for what blocks.
package func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    let code = startDetachedThread(named: "test") { continuation.resume(with: Result { try body() }) }
    if code != 0 { continuation.resume(throwing: UVError(code: -code, operation: "start a thread")) }
  }
}
