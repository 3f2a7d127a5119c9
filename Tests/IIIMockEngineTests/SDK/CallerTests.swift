import III
import IIIMockEngine
import Testing

@Suite("Who called")
struct CallerTests {
  @Test("the caller's id is in the context and never in the payload")
  func caller() async throws {
    try await withMockEngine { engine in
      let callee = try await engine.registerWorker()
      let caller = try await engine.registerWorker()
      try callee.registerFunction("sum") { (numbers: [String: Int]) async in numbers.values.reduce(0, +) }
      try callee.registerFunction("echo") { (value: JSONValue) async in value }
      try callee.registerFunction("who") { () async in InvocationContext.current?.callerWorkerID }
      try callee.registerFunction("who::thread") { (_: JSONValue) in InvocationContext.current?.callerWorkerID }
      try await engine.waitForFunction("who::thread")
      #expect(try await caller.trigger("sum", payload: ["a": 1, "b": 2], as: Int.self) == 3)
      for payload in [["z": [1, ["y": nil]], "a": "x"], [:], [1], "x", nil] as [JSONValue] {
        #expect(try await caller.trigger("echo", payload: payload).jsonString() == payload.jsonString())
      }
      let id = try #require(caller.workerID)
      #expect(try await caller.trigger("who", payload: ["a": 1, "b": "x"]) == .string(id))
      #expect(try await caller.trigger("who::thread", payload: [:]) == .string(id))
      #expect(try await caller.trigger("who", payload: 1) == .null)
    }
  }

  @MainActor
  @Test("an engine is used from the main actor, by functions that are isolated to it")
  func mainActor() async throws {
    var heard: [Int] = []
    let answer: Int = try await withMockEngine { engine in
      MainActor.assertIsolated()
      let worker = try await engine.registerWorker()
      try worker.registerFunction("double") { (n: Int) async in 2 * n }
      heard.append(try await worker.trigger("double", payload: 4))
      return heard[0]
    }
    #expect(answer == 8 && heard == [8])
  }

  @MainActor
  @Test("`withWorker` shuts its worker down, whether its body returns or throws")
  func scoped() async throws {
    struct Failure: Error {}
    try await withMockEngine { engine in
      var workers: [III] = []
      let four: Int = try await withWorker(engine.url) { worker in
        workers.append(worker)
        try worker.registerFunction("double") { (n: Int) async in 2 * n }
        return try await worker.trigger("double", payload: 2)
      }
      #expect(four == 4)
      await #expect(throws: Failure.self) {
        try await withWorker(engine.url) { worker in
          workers.append(worker)
          throw Failure()
        }
      }
      #expect(workers.map(\.connectionState) == [.disconnected, .disconnected])
    }
  }
}
