import III
import IIIMockEngine
import Testing

@Suite("Errors that come out of handlers")
struct PassedOnErrorTests {
  /// The caller's error of a function whose handler runs `body` with its worker.
  private func error(
    of body: @escaping @Sendable (III) async throws -> Void
  ) async throws -> IIIInvocationError? {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let caller = try await engine.registerWorker()
      try worker.registerFunction("bank::charge") { (_: JSONValue) async throws in
        throw IIIInvocationError(code: "DECLINED", message: "no money", stacktrace: "bank.swift:7")
      }
      try worker.registerFunction("outer") { () async throws in try await body(worker) }
      try await engine.waitForFunction("outer")
      return await #expect(throws: IIIInvocationError.self) { try await caller.trigger("outer") }
    }
  }

  @Test("an error of the handler itself passes with code, message and stack trace")
  func own() async throws {
    let error = try await error { _ in
      throw IIIInvocationError(code: "TIMEOUT", message: "mine", functionID: "f", stacktrace: "here")
    }
    #expect(error?.code == "TIMEOUT" && error?.message == "mine" && error?.stacktrace == "here")
    #expect(error is IIITimeoutError)
  }

  @Test("a code of a called function passes on, and the message names that function")
  func callee() async throws {
    let error = try await error { try await $0.trigger("bank::charge", payload: 1) }
    #expect(error?.code == "DECLINED" && error?.message == "bank::charge: no money")
    #expect(error?.stacktrace == "bank.swift:7")
    #expect(error?.functionID == "outer")
  }

  @Test("a function that a handler does not find is not the one that the caller called")
  func notFound() async throws {
    let error = try await error { try await $0.trigger("missing", payload: 1) }
    #expect(error?.code == "invocation_failed")
    #expect(error?.message.hasPrefix("in a call of 'missing': function_not_found: ") == true, "\(error?.message ?? "")")
  }

  @Test("a time-out inside a handler is not the caller's time-out")
  func timeout() async throws {
    let error = try await error { worker in
      try worker.registerFunction("never") { () async in for await _ in AsyncStream<Never>.makeStream().stream {} }
      try await worker.trigger("never", timeout: .milliseconds(1))
    }
    #expect(error?.code == "invocation_failed" && !(error is IIITimeoutError))
    #expect(error?.message == "in a call of 'never': TIMEOUT: invocation timed out after 1ms")
  }

  @Test("an error that a handler makes from the parts of another is its own")
  func rewrapped() async throws {
    let error = try await error { worker in
      do {
        try await worker.trigger("missing")
      } catch let error as IIIInvocationError {
        throw IIIInvocationError(code: error.code, message: "rewritten", functionID: error.functionID)
      }
    }
    #expect(error?.code == "function_not_found" && error?.message == "rewritten")
  }
}
