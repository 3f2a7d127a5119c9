import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite("mock::faults", .timeLimit(.minutes(5)))
struct FaultFunctionsTests {
  private func withWorker(_ body: (MockEngine, III) async throws -> Void) async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker(options: FaultTests.options("orders"))
      try worker.registerFunction("orders::charge") { (input: JSONValue) async in input }
      try await engine.waitForFunction("orders::charge")
      try await body(engine, worker)
      await worker.shutdown()
    }
  }

  @Test("a fault is added, listed and removed by calls")
  func functions() async throws {
    try await withWorker { engine, worker in
      let added: JSONValue = try await worker.trigger(
        "mock::faults::add", payload: ["fault": "deny", "function_id": "orders::*", "times": 0] as JSONValue)
      #expect(added == ["fault_id": 1, "fault": "deny invokefunction of 'orders::*' received"])
      await #expect(throws: IIIForbiddenError.self) {
        try await worker.trigger("orders::charge", payload: 1 as JSONValue)
      }
      let list: JSONValue = try await worker.trigger("mock::faults::list", payload: [:] as JSONValue)
      #expect(list["faults"]?[0]?["hits"] == 1 && list["faults"]?[0]?["remaining"] == .null)
      #expect(list["unmatched"] == [])
      let _: JSONValue = try await worker.trigger("mock::faults::remove", payload: ["fault_id": 1] as JSONValue)
      let echoed: JSONValue = try await worker.trigger("orders::charge", payload: 1 as JSONValue)
      #expect(echoed == 1)
      let error = await #expect(throws: IIIInvocationError.self) {
        try await worker.trigger("mock::faults::remove", payload: ["fault_id": 1] as JSONValue)
      }
      #expect(error?.code == "NOT_FOUND")
    }
  }

  @Test(
    "every fault of the catalogue can be added by a call",
    arguments: [
      #"{"fault":"refuse_connections","times":3}"#, #"{"fault":"stall_upgrade","duration_ms":5}"#,
      #"{"fault":"reject_upgrade","status":502}"#, #"{"fault":"close","code":1012,"reason":"r","worker_name":"w"}"#,
      #"{"fault":"reset","function_id":"f"}"#, #"{"fault":"half_open","noticed_by":"worker","worker_name":"w"}"#,
      #"{"fault":"blackhole","direction":"sent","worker_name":"w"}"#, #"{"fault":"slice","bytes":3,"worker_name":"w"}"#,
      #"{"fault":"limit_bandwidth","bytes_per_second":10,"worker_name":"w"}"#,
      #"{"fault":"delay","by_ms":3,"function_id":"f"}"#, #"{"fault":"drop","type":"ping","probability":0.5,"seed":3}"#,
      #"{"fault":"duplicate","channels":true}"#, #"{"fault":"reorder","function_id":"f"}"#,
      #"{"fault":"corrupt","corruption":"bad_utf8","function_id":"f"}"#, #"{"fault":"deny","function_id":"f"}"#,
      #"{"fault":"reject_registration","function_id":"f"}"#, #"{"fault":"kill_worker","function_id":"f"}"#,
      #"{"fault":"drop_result","function_id":"f"}"#, #"{"fault":"lose_acknowledgement","function_id":"f"}"#,
    ])
  func catalogue(payload: String) async throws {
    try await withWorker { engine, worker in
      let added: JSONValue = try await worker.trigger("mock::faults::add", payload: try JSONValue(parsing: payload))
      #expect(added["fault_id"] == 1)
      let name = try #require(try JSONValue(parsing: payload)["fault"]?.decoded(as: String.self))
      #expect(await engine.faults.all.first?.fault.name == name)
    }
  }

  @Test(
    "a wrong fault is a clear error",
    arguments: [
      (#"{}"#, "missing field `fault`"), (#"{"fault":"dropp"}"#, "did you mean `drop`?"),
      (#"{"fault":"drop","typ":"ping"}"#, "did you mean `type`?"),
      (#"{"fault":"drop","type":"pingg"}"#, "did you mean `ping`?"),
      (#"{"fault":"drop","status":503}"#, "`status` does not belong to fault `drop`, which takes `times`"),
      (#"{"fault":"delay"}"#, "missing field `by_ms`"), (#"{"fault":"deny"}"#, "missing field `function_id`"),
      (#"{"fault":"half_open"}"#, "missing field `noticed_by`"),
      (#"{"fault":"half_open","noticed_by":"both"}"#, "expected one of `worker`, `engine`"),
      (#"{"fault":"slice","bytes":0}"#, "`bytes` must be above 0"),
      (#"{"fault":"close","code":1006}"#, "is not a code that a Close may have"),
      (#"{"fault":"reject_upgrade","status":101}"#, "`status` must be from 300 to 599"),
      (#"{"fault":"drop","probability":2}"#, "`probability` must be from 0 to 1"),
      (#"{"fault":"corrupt","corruption":"not_jso"}"#, "did you mean `not_json`?"),
      (#"{"fault":"drop","times":-1}"#, "expected usize"),
    ])
  func errors(payload: String, text: String) async throws {
    try await withWorker { engine, worker in
      let error = await #expect(throws: IIIInvocationError.self) {
        let _: JSONValue = try await worker.trigger("mock::faults::add", payload: try JSONValue(parsing: payload))
      }
      #expect(error?.code == "deserialization_error")
      #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
      #expect(await engine.faults.all.isEmpty)
    }
  }
}
