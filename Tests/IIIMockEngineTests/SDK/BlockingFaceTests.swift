import III
import IIIMockEngine
import TestSupport
import Testing
import UV

@Suite("A worker for programs without tasks", .timeLimit(.minutes(5)))
struct BlockingFaceTests {
  @Test("a program without tasks registers, calls and ends")
  func program() async throws {
    try await withMockEngine { engine in
      let callee = try await engine.registerWorker()
      try callee.registerFunction("math::double") { (n: Int) async in 2 * n }
      try callee.registerFunction("math::zero") { (_: JSONValue) async in 0 }
      try await engine.waitForFunction("math::zero")
      let state = try await onThread { [url = engine.url] in
        let worker = try registerBlockingWorker(url, options: InitOptions(workerName: "blocking"))
        defer { worker.shutdown() }
        let six: Int = try worker.trigger("math::double", payload: 3)
        #expect(six == 6)
        #expect(try worker.trigger("math::zero", as: Int.self) == 0)
        #expect(try worker.trigger(TriggerRequest(functionID: "math::double", payload: 4)) == 8)
        #expect(try worker.trigger("math::double", payload: 5) == .int(10))
        try worker.trigger("math::double", payload: 3, action: .void())
        try worker.trigger("math::zero")
        #expect(try worker.trigger(TriggerRequest(functionID: "math::double", action: .void())) == .null)
        let refused = #expect(throws: IIIInvocationError.self) {
          try worker.trigger("math::double", payload: 1, action: .enqueue(queue: "q"))
        }
        #expect(refused?.code == "enqueue_error")
        let unknown = #expect(throws: IIIInvocationError.self) { try worker.trigger("math::nothing", payload: 1) }
        #expect(unknown?.code == "function_not_found")
        worker.shutdown()
        worker.shutdown()
        return worker.connectionState
      }
      #expect(state == .disconnected)
    }
  }

  @Test("every call after `shutdown` throws at once")
  func afterShutdown() async throws {
    try await withMockEngine { engine in
      try await onThread { [url = engine.url] in
        let worker = try registerBlockingWorker(url)
        worker.shutdown()
        for call in [
          { _ = try worker.trigger(TriggerRequest(functionID: "f")) }, { try worker.trigger("f") },
          { try worker.trigger("f", payload: 1, action: .void()) },
          { _ = try worker.trigger("f", payload: 1, action: .enqueue(queue: "q")) },
          { try worker.registerFunction("f") { (n: Int) in n } },
        ] as [() throws -> Void] {
          #expect((#expect(throws: IIIInvocationError.self) { try call() })?.code == "SHUTDOWN")
        }
      }
    }
  }

  @Test("a call ends by its time-out, and with its worker")
  func endsOfWaits() async throws {
    try await withMockEngine { engine in
      let callee = try await engine.registerWorker()
      let turnstile = Turnstile()
      let never = Turnstile()
      try callee.registerFunction("never") { (_: JSONValue) in never.pass() }
      try callee.registerFunction("hangs") { (_: JSONValue) in turnstile.pass() }
      try await engine.waitForFunction("hangs")
      let worker = try await registerWorker(engine.url)
      let timeout = try await onThread {
        #expect(throws: IIITimeoutError.self) { try worker.blocking.trigger("never", timeout: .milliseconds(1)) }
      }
      #expect(timeout?.message == "invocation timed out after 1ms")
      async let ended = onThread { #expect(throws: IIIInvocationError.self) { try worker.blocking.trigger("hangs") } }
      #expect(try await turnstile.holds(1))
      await worker.shutdown()
      #expect(try await ended?.code == "SHUTDOWN")
      turnstile.open()
      never.open()
    }
  }

  @Test("where nobody listens it says so when the retries are used up")
  func unreachable() async throws {
    let error = try await onThread {
      #expect(throws: IIIConnectionError.self) {
        try registerBlockingWorker(
          "ws://127.0.0.1:1", options: InitOptions(reconnection: ReconnectionConfig(maxRetries: 0)))
      }
    }
    #expect(error?.reason?.contains("ECONNREFUSED") == true)
    await #expect(throws: IIIConnectionError.self) { try await onThread { _ = try registerBlockingWorker("http://x") } }
  }

  @Test("`run` serves until the worker is shut down, or has failed")
  func serves() async throws {
    try await withMockEngine { engine in
      let caller = try await engine.registerWorker()
      let worker = try await registerWorker(engine.url)
      async let served: Void = onThread {
        try worker.registerFunction("double") { (n: Int) in 2 * n }
        try worker.blocking.run()
      }
      try await engine.waitForFunction("double")
      #expect(try await caller.trigger("double", payload: 2, as: Int.self) == 4)
      await worker.shutdown()
      try await served
    }
    let engine = try await MockEngine.start()
    let options = InitOptions(reconnection: ReconnectionConfig(maxRetries: 0))
    let worker = try await registerWorker(engine.url, options: options)
    async let failed = onThread { #expect(throws: IIIConnectionError.self) { try worker.blocking.run() } }
    await engine.shutdown()
    #expect(try await failed?.reason != nil)
    await worker.shutdown()
  }

  @Test("a result that does not fit says whose it is")
  func unfittingResult() async throws {
    try await withMockEngine { engine in
      let worker = try await registerWorker(engine.url)
      try worker.registerFunction("math::half") { (n: Double) async in n / 2 }
      try await engine.waitForFunction("math::half")
      func reason(_ error: DecodingError?) -> String? {
        guard case .typeMismatch(_, let context) = error else { return nil }
        return context.debugDescription
      }
      let told = "the result of 'math::half' is not String: expected a string, found a number"
      let asynchronous = await #expect(throws: DecodingError.self) {
        try await worker.trigger("math::half", payload: 1, as: String.self)
      }
      #expect(reason(asynchronous) == told)
      let blocking = try await onThread {
        #expect(throws: DecodingError.self) { try worker.blocking.trigger("math::half", payload: 1, as: String.self) }
      }
      #expect(reason(blocking) == told)
    }
  }

  // MARK: Where blocking is wrong

  private static func code(_ body: () throws -> Void) -> String? {
    do {
      try body()
      return nil
    } catch {
      return (error as? IIIInvocationError)?.code
    }
  }

  private static func codes(_ iii: III) -> [String?] {
    let worker = iii.blocking
    return [
      code { _ = try registerBlockingWorker(worker.address) },
      code { _ = try worker.trigger(TriggerRequest(functionID: "f")) },
      code { _ = try worker.trigger("f", payload: 1, as: Int.self) },
      code { _ = try worker.trigger("f", as: Int.self) },
      code { try worker.trigger("f", payload: 1) },
      code { try worker.trigger("f") },
      code { _ = try worker.trigger("f", payload: 1, action: .enqueue(queue: "q")) },
      code { try worker.trigger("f", payload: 1, action: .void()) },
      code { try worker.run() },
    ]
  }

  @Test("inside a task it throws at once, and says what to do")
  func inTask() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      #expect(Self.codes(worker) == Array(repeating: "BLOCKING_IN_TASK", count: 9))
      try worker.registerFunction("async::handler") { (_: JSONValue) async in Self.codes(worker).count }
      let error = #expect(throws: IIIInvocationError.self) { try worker.blocking.trigger("f") }
      #expect(error?.message.contains("use the async form, `await trigger`") == true)
      #expect(error?.functionID == "f")
    }
  }

  @Test("a `shutdown` inside a task waits for nothing, and logs an error")
  func shutdownInTask() async throws {
    try await withMockEngine { engine in
      let lines = Lock<[String]>([])
      var options = InitOptions()
      options.log = { _, line in lines.withLock { $0.append(line) } }
      let worker = try await registerWorker(engine.url, options: options)
      worker.blocking.shutdown()
      #expect(lines.withLock { $0.first?.contains("use the async form, `await shutdown`") } == true)
      let error = await #expect(throws: IIIInvocationError.self) { try await worker.trigger("f") }
      #expect(error?.code == "SHUTDOWN")
      await worker.shutdown()
      #expect(worker.connectionState == .disconnected)
    }
  }

  @Test("on the thread of a loop it throws at once")
  func onLoop() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let codes = await withCheckedContinuation { continuation in
        TestLoop.shared.post { continuation.resume(returning: Self.codes(worker)) }
      }
      #expect(codes == Array(repeating: "BLOCKING_ON_LOOP", count: 9))
    }
  }
}
