import UV

/// A value that lives on a loop of its own and is asked from outside.
struct LoopRun<Value>: Sendable {
  let loop: Loop
  private let bound: LoopBound<Value>

  init(name: String, _ make: @escaping @Sendable (Loop) -> Value) async throws {
    let loop = try Loop(name: name)
    self.loop = loop
    bound = await withCheckedContinuation { continuation in
      loop.post { continuation.resume(returning: LoopBound(make(loop), on: loop)) }
    }
  }

  /// Does something that ends later, or fails.
  func run(_ body: @escaping @Sendable (Value, @escaping (FuzzFailure?) -> Void) -> Void) async throws {
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      loop.post { [bound] in
        body(bound.value) { failure in
          if let failure { continuation.resume(throwing: failure) } else { continuation.resume() }
        }
      }
    }
  }

  func get<Result: Sendable>(_ body: @escaping @Sendable (Value) -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      loop.post { [bound] in continuation.resume(returning: body(bound.value)) }
    }
  }
}
