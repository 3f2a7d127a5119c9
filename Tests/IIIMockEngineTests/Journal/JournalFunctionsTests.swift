import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite("mock::journal", .timeLimit(.minutes(5)))
struct JournalFunctionsTests {
  private func withWorker(_ body: (MockEngine, III) async throws -> Void) async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker(options: InitOptions(workerName: "orders"))
      try worker.registerFunction("orders::charge") { (input: JSONValue) async in input }
      try await engine.waitForFunction("orders::charge")
      let _: JSONValue = try await worker.trigger("orders::charge", payload: ["id": 1, "secret": "s3"] as JSONValue)
      try await body(engine, worker)
      await worker.shutdown()
    }
  }

  @Test("the journal is listed, waited for, verified and cleared by calls")
  func functions() async throws {
    try await withWorker { engine, worker in
      let list: JSONValue = try await worker.trigger(
        "mock::journal::list", payload: ["type": "invokefunction", "function_id": "orders::*"] as JSONValue)
      #expect(list["entries"]?[0]?["message"]?["data"]?["secret"] == "[REDACTED]")
      #expect(list["entries"]?[0]?["worker"] == "orders")
      #expect(list["entries"]?[1]?["direction"] == "sent" && list["entries"]?[2] == nil)
      let calls: JSONValue = try await worker.trigger(
        "mock::journal::list", payload: ["invocations": true, "function_id": "orders::charge"] as JSONValue)
      #expect(calls["invocations"]?[0]?["payload"] == ["id": 1, "secret": "[REDACTED]"])
      #expect(calls["invocations"]?[0]?["outcome"] == "returned" && calls["dropped"] == 0)

      let waited: JSONValue = try await worker.trigger(
        "mock::journal::wait", payload: ["function_id": "orders::charge", "completed": true] as JSONValue)
      #expect(waited == ["called": 1, "ended": 1])
      let verified: JSONValue = try await worker.trigger(
        "mock::journal::verify", payload: ["function_id": "orders::charge", "times": 1] as JSONValue)
      #expect(verified == ["success": true, "called": 1])
      let _: JSONValue = try await worker.trigger("mock::journal::clear", payload: [:] as JSONValue)
      #expect(await engine.journal.count(of: "orders::charge").called == 0)
    }
  }

  @Test(
    "what does not hold, and what is wrong, is a clear error",
    arguments: [
      (
        "verify", #"{"function_id":"orders::chrage"}"#, "VERIFICATION_FAILED",
        "`orders::charge` was called once, payloads"
      ),
      ("verify", #"{"function_id":"f","at_least":3,"at_most":2}"#, "deserialization_error", "`at_least` is above"),
      ("wait", #"{"function_id":"orders::charge","count":2,"timeout_ms":1}"#, "TIMEOUT", "expected at least 2 times"),
      ("wait", #"{}"#, "deserialization_error", "missing field `function_id`"),
      ("list", #"{"type":"invokefuncton"}"#, "deserialization_error", "did you mean `invokefunction`?"),
      ("list", #"{"event":"frames"}"#, "deserialization_error", "did you mean `frame`?"),
      ("list", #"{"direction":"up"}"#, "deserialization_error", "expected one of `received`, `sent`"),
      ("list", #"{"functionid":"f"}"#, "deserialization_error", "did you mean `function_id`?"),
    ])
  func errors(function: String, payload: String, code: String, text: String) async throws {
    try await withWorker { _, worker in
      let error = await #expect(throws: IIIInvocationError.self) {
        let _: JSONValue = try await worker.trigger(
          "mock::journal::\(function)", payload: try JSONValue(parsing: payload))
      }
      #expect(error?.code == code)
      #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }
  }

  @Test("listings do not show the functions unless they are asked for, and a strict engine has none")
  func listings() async throws {
    try await withWorker { _, worker in
      let hidden = try await worker.listFunctions().map(\.functionID)
      #expect(!hidden.contains { $0.hasPrefix("mock::") })
      let all = try await worker.listFunctions(includeInternal: true)
      #expect(all.contains { $0.functionID == "mock::journal::verify" && $0.requestFormat != nil })
    }
    var configuration = MockEngine.Configuration()
    configuration.compatibility = .v0_13
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let error = await #expect(throws: IIIInvocationError.self) {
        try await worker.trigger("mock::journal::clear", payload: [:] as JSONValue)
      }
      #expect(error?.code == "function_not_found")
      await worker.shutdown()
    }
  }
}
