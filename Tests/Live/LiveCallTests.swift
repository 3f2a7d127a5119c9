import III
import Testing

/// Calls between two workers of the SDK.
@Suite(Live.isOn, .timeLimit(.minutes(2))) struct LiveCallTests {
  private struct Order: Codable, Sendable, Equatable {
    var id: Int
    var name: String
    var prices: [Double]
    var note: String?
  }

  private func withPair(_ body: (_ callee: III, _ caller: III) async throws -> Void) async throws {
    try await Live.withWorker { callee in
      try await Live.withWorker(InitOptions(workerName: "live caller")) { caller in try await body(callee, caller) }
    }
  }

  @Test("a payload of a Codable type comes back as it was sent")
  func roundTrip() async throws {
    try await withPair { callee, caller in
      let id = Live.id("echo")
      try callee.registerFunction(id) { (order: Order) async in order }
      try await callee.fence()
      let order = Order(
        id: 9_007_199_254_740_991, name: "naïve 🚲 \"quoted\" \\ \u{1}", prices: [0.1, -3, 1e300], note: nil)
      let back: Order = try await caller.trigger(id, payload: order)
      #expect(back == order)
    }
  }

  @Test(
    "JSON of every kind comes back as it was sent",
    arguments: [
      .null, true, 0, -1, 1.5, "", "é", [], [:], [1, "two", nil, [3], ["four": 5]], ["": ["a": [false]]],
    ] as [JSONValue])
  func values(value: JSONValue) async throws {
    try await withPair { callee, caller in
      let id = Live.id("echo")
      try callee.registerFunction(id) { (payload: JSONValue) async in payload }
      try await callee.fence()
      #expect(try await caller.trigger(id, payload: value) == value)
    }
  }

  @Test("a text of 1 MiB passes both ways")
  func large() async throws {
    try await withPair { callee, caller in
      let id = Live.id("echo")
      try callee.registerFunction(id) { (text: String) async in text }
      try await callee.fence()
      let text = String(repeating: "0123456789abcdef", count: 1 << 16)
      #expect(try await caller.trigger(id, payload: text, as: String.self) == text)
    }
  }

  @Test("hundreds of calls at once each have their own result")
  func manyAtOnce() async throws {
    try await withPair { callee, caller in
      let id = Live.id("double")
      try callee.registerFunction(id) { (n: Int) async in 2 * n }
      try await callee.fence()
      let results = try await withThrowingTaskGroup(of: (Int, Int).self) { group in
        for n in 0..<300 { group.addTask { (n, try await caller.trigger(id, payload: n, as: Int.self)) } }
        return try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      #expect(results == Dictionary(uniqueKeysWithValues: (0..<300).map { ($0, 2 * $0) }))
    }
  }

  @Test("a call that does not wait arrives")
  func void() async throws {
    try await withPair { callee, caller in
      let id = Live.id("note")
      let notes = try callee.feed(id)
      try await callee.fence()
      try await caller.trigger(id, payload: ["n": 1], action: .void())
      #expect(try await first(of: notes) == ["n": 1])
    }
  }

  @Test("a handler's error reaches the caller with its code and message; other errors as invocation_failed")
  func errors() async throws {
    struct Mishap: Error {}
    try await withPair { callee, caller in
      let (declined, failing) = (Live.id("declined"), Live.id("failing"))
      try callee.registerFunction(declined) { (_: JSONValue) async throws in
        throw IIIInvocationError(code: "DECLINED", message: "no cover")
      }
      try callee.registerFunction(failing) { (_: JSONValue) async throws in throw Mishap() }
      try await callee.fence()
      let error = await #expect(throws: IIIInvocationError.self) { try await caller.trigger(declined) }
      #expect(error?.code == "DECLINED" && error?.message == "no cover" && error?.functionID == declined)
      let other = await #expect(throws: IIIInvocationError.self) { try await caller.trigger(failing) }
      #expect(other?.code == IIIErrorCode.invocationFailed)
    }
  }

  @Test("a payload of another type than the handler's is an error of the caller")
  func wrongPayload() async throws {
    try await withPair { callee, caller in
      let id = Live.id("typed")
      try callee.registerFunction(id) { (order: Order) async in order.id }
      try await callee.fence()
      let error = await #expect(throws: IIIInvocationError.self) { try await caller.trigger(id, payload: ["id": "x"]) }
      #expect(error.map { "\($0)".contains("id") } == true)
    }
  }

  @Test("a function that nobody offers is not found, also after it was unregistered")
  func unknownFunction() async throws {
    try await withPair { callee, caller in
      let id = Live.id("gone")
      let unknown = await #expect(throws: IIIInvocationError.self) { try await caller.trigger(id) }
      #expect(unknown?.code == IIIErrorCode.functionNotFound)
      let function = try callee.registerFunction(id) { () async in 1 }
      try await callee.fence()
      #expect(try await caller.trigger(id) == 1)
      function.unregister()
      try await callee.fence()
      let error = await #expect(throws: IIIInvocationError.self) { try await caller.trigger(id) }
      #expect(error?.code == IIIErrorCode.functionNotFound)
    }
  }

  @Test("a call ends with its time-out, and the worker goes on")
  func timeOut() async throws {
    try await withPair { callee, caller in
      let (id, held) = (Live.id("hang"), AsyncStream<Void>.makeStream())
      try callee.registerFunction(id) { (_: JSONValue) async in for await _ in held.stream {} }
      try await callee.fence()
      await #expect(throws: IIITimeoutError.self) { try await caller.trigger(id, timeout: .milliseconds(300)) }
      held.continuation.finish()
      try await caller.fence()
    }
  }

  @Test("a call of a cancelled task ends at once")
  func cancellation() async throws {
    try await withPair { callee, caller in
      let id = Live.id("hang")
      let (begun, begin) = AsyncStream<Void>.makeStream()
      let held = AsyncStream<Void>.makeStream()
      try callee.registerFunction(id) { (_: JSONValue) async in
        begin.yield()
        for await _ in held.stream {}
      }
      try await callee.fence()
      let call = Task { try await caller.trigger(id, timeout: .seconds(60)) }
      _ = try await first(of: begun)
      call.cancel()
      await #expect(throws: CancellationError.self) { try await call.value }
      held.continuation.finish()
    }
  }

  @Test("a handler calls another worker, and passes on the code of its error")
  func nested() async throws {
    try await withPair { callee, caller in
      let (inner, outer) = (Live.id("inner"), Live.id("outer"))
      try callee.registerFunction(inner) { (n: Int) async throws -> Int in
        guard n > 0 else { throw IIIInvocationError(code: "TOO_SMALL", message: "\(n)") }
        return n + 1
      }
      try await callee.fence()
      try caller.registerFunction(outer) { (n: Int) async throws -> Int in
        try await caller.trigger(inner, payload: n) + 1
      }
      try await caller.fence()
      #expect(try await callee.trigger(outer, payload: 1) == 3)
      let error = await #expect(throws: IIIInvocationError.self) { try await callee.trigger(outer, payload: 0) }
      #expect(error?.code == "TOO_SMALL" && error?.message.contains(inner) == true)
    }
  }

  @Test("the newest worker that registers an id has it")
  func newestWins() async throws {
    try await withPair { callee, caller in
      let id = Live.id("who")
      try callee.registerFunction(id) { () async in "first" }
      try await callee.fence()
      try caller.registerFunction(id) { () async in "second" }
      try await caller.fence()
      #expect(try await callee.trigger(id, as: String.self) == "second")
    }
  }

  @Test("the engine lists the worker and its function")
  func discovery() async throws {
    let name = Live.id("worker")
    try await Live.withWorker(InitOptions(workerName: name)) { worker in
      let id = Live.id("listed")
      try worker.registerFunction(id, description: "for the list") { (n: Int) async in n }
      try await worker.fence()
      #expect(try await worker.listWorkers().contains { $0.name == name })
      let function = try #require(try await worker.listFunctions(search: id).first { $0.functionID == id })
      #expect(function.description == "for the list")
      #expect(try await worker.functionInfo(id).functionID == id)
    }
  }
}
