import III
import IIIMockEngine
import TestSupport
import Testing

@Suite("Blocking handlers", .timeLimit(.minutes(5)))
struct BlockingHandlerTests {
  /// Calls `function` so many times at once; the results as they come.
  private func results<Output: Decodable & Sendable>(
    _ count: Int, of function: String, by worker: III, as output: Output.Type = Output.self
  ) async throws -> [Output] {
    try await withThrowingTaskGroup(of: Output.self) { group in
      for number in 0..<count { group.addTask { try await worker.trigger(function, payload: number) } }
      return try await group.reduce(into: []) { $0.append($1) }
    }
  }

  @Test("three invocations of a blocking handler overlap")
  func overlap() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let barrier = Barrier(3)
      try worker.registerFunction("test::meet") { (_: Int) in barrier.meet() }
      #expect(try await results(3, of: "test::meet", by: worker) == [true, true, true])
    }
  }

  @Test("64 run at once, the others have their turn")
  func limit() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let turnstile = Turnstile()
      try worker.registerFunction("test::pass") { (number: Int) -> Int in
        turnstile.pass()
        return number
      }
      async let numbers = results(100, of: "test::pass", by: worker, as: Int.self)
      #expect(try await turnstile.holds(64))
      turnstile.open()
      #expect(try await numbers.sorted() == Array(0..<100))
      #expect(turnstile.peak == 64)
    }
  }

  @Test("handlers that call one another never wait for a turn: 64 wide")
  func wide() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let barrier = Barrier(64)
      try worker.registerFunction("test::outer") { (number: Int) throws -> Int in
        guard barrier.meet() else { return -1 }
        return try worker.blocking.trigger("test::inner", payload: number)
      }
      try worker.registerFunction("test::inner") { (number: Int) in 2 * number }
      let numbers = try await results(64, of: "test::outer", by: worker, as: Int.self)
      #expect(numbers.sorted() == (0..<64).map { 2 * $0 })
    }
  }

  @Test("handlers that call one another never wait for a turn: 80 deep")
  func deep() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("test::depth") { (rest: Int) throws -> Int in
        guard rest > 0 else { return 0 }
        return 1 + (try worker.blocking.trigger("test::depth", payload: rest - 1, as: Int.self))
      }
      let depth: Int = try await worker.trigger("test::depth", payload: 80)
      #expect(depth == 80)
    }
  }

  @Test("a closure that is not async runs on a thread, one that is runs as a task")
  func overloads() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let isTask: @Sendable () -> Bool = { withUnsafeCurrentTask { $0 != nil } }
      try worker.registerFunction("sync::short") { (_: JSONValue) in isTask() }
      try worker.registerFunction("sync::long") { (_: JSONValue) throws -> Bool in
        guard !isTask() else { throw IIIInvocationError(code: "TASK", message: "") }
        return false
      }
      try worker.registerFunction("sync::nothing") { (_: JSONValue) throws -> Void in _ = isTask() }
      try worker.registerFunction("async::short") { (_: JSONValue) async in isTask() }
      try worker.registerFunction("async::inferred") { (_: JSONValue) in await later(isTask) }
      try worker.registerFunction("sync::named", handler: named)
      for (function, expected) in [
        ("sync::short", false), ("sync::long", false), ("async::short", true), ("async::inferred", true),
        ("sync::named", false),
      ] as [(String, JSONValue)] {
        #expect(try await worker.trigger(TriggerRequest(functionID: function)) == expected, "\(function)")
      }
      #expect(try await worker.trigger(TriggerRequest(functionID: "sync::nothing")) == .null)
    }
  }

  @Test("errors come to the caller as those of async handlers do")
  func errors() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("fails") { (code: String) throws -> Int in
        throw IIIInvocationError(code: code, message: "as told")
      }
      try worker.registerFunction("infinite") { (_: JSONValue) in Double.infinity }
      let told = await #expect(throws: IIIInvocationError.self) {
        try await worker.trigger("fails", payload: "BUSINESS")
      }
      #expect(told?.description == "BUSINESS: as told (function 'fails')")
      let invalid = await #expect(throws: IIIInvocationError.self) { try await worker.trigger("fails", payload: 7) }
      #expect(invalid?.message.hasPrefix("invalid payload") == true)
      let unencodable = await #expect(throws: IIIInvocationError.self) { try await worker.trigger("infinite") }
      #expect(unencodable?.message.hasPrefix("the result cannot be encoded") == true)
    }
  }
}

@Sendable private func named(_: JSONValue) -> Bool { withUnsafeCurrentTask { $0 != nil } }

private func later(_ body: @Sendable () -> Bool) async -> Bool { body() }
