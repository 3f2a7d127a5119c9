import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct MockFunctionTests {
  /// The error of a call, as `CODE: message`.
  private func failure(_ worker: III, _ function: String, _ payload: JSONValue) async -> String {
    do {
      return "no error: \(try await worker.ask(function, payload))"
    } catch let error as IIIInvocationError {
      return "\(error.code): \(error.message)"
    } catch {
      return "\(error)"
    }
  }

  @Test("the clock is moved over the wire, and answers when everything is done")
  func clock() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await registerWorker(engine.url)
      #expect(
        try await worker.ask("mock::clock::now", [:])
          == ["milliseconds": 1_767_225_600_000, "time": "2026-01-01T00:00:00+00:00", "manual": true])
      let near = try await engine.registerWorker()
      let ticks = try near.feed("tick")
      let trigger = try near.registerTrigger(CronTriggerConfig(expression: "* * * * * *"), functionID: "tick")
      try await engine.waitForTrigger(trigger.id)
      #expect(
        try await worker.ask("mock::clock::advance", ["milliseconds": 1500])
          == ["milliseconds": 1_767_225_601_500, "time": "2026-01-01T00:00:01.500+00:00", "manual": true])
      #expect(await ticks.first { _ in true }?["scheduled_time"] == "2026-01-01T00:00:01+00:00")
      #expect(
        try await worker.ask("mock::clock::advance", ["to_milliseconds": 1_767_225_602_000.5])["time"]
          == "2026-01-01T00:00:02.000500+00:00")
      #expect(try await worker.ask("mock::clock::settle", ["ignoring": ["a", "b"]])["manual"] == true)
      for (payload, text) in [
        (["milliseconds": -1], "the clock cannot go back"), (["to_milliseconds": 5], "the clock cannot go back"),
        (["milliseconds": 1e300], "the longest span"), ([:], "missing field `milliseconds`"),
        (["milliseconds": "1"], "a number of milliseconds"), (["ms": 1], "unknown field `ms`"),
        (["milliseconds": 1, "ignoring": [3]], "a string in `ignoring`"),
      ] as [(JSONValue, String)] {
        let error = await failure(worker, "mock::clock::advance", payload)
        #expect(error.contains(text), "\(payload): \(error)")
      }
      await worker.shutdown()
    }
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      #expect(try await worker.ask("mock::clock::now", [:])["manual"] == false)
      let error = await failure(worker, "mock::clock::advance", ["milliseconds": 1])
      #expect(error.contains("iii-dev --manual-clock"), "\(error)")
    }
  }

  @Test("stubs are added, listed and removed over the wire")
  func stubs() async throws {
    try await withMockEngine(.manual()) { engine in
      let worker = try await engine.registerWorker()
      let added = try await worker.ask(
        "mock::stubs::add",
        [
          "function_id": "bank::charge", "when": ["sum": 3], "error": ["code": "DECLINED", "message": "no"],
          "then": [["returning": ["ok": true]], ["hang": true]],
        ])
      #expect(added == ["id": 1])
      _ = try await worker.ask("mock::stubs::add", ["function_id": "f", "returning": nil, "times": 1, "delay_ms": 500])
      #expect(await failure(worker, "bank::charge", ["sum": 3]) == "DECLINED: no")
      #expect(try await worker.ask("bank::charge", ["sum": 3, "more": 1]) == ["ok": true])
      #expect(
        await failure(worker, "bank::charge", ["sum": 4]) == "function_not_found: Function bank::charge not found")
      #expect(
        try await worker.ask("mock::stubs::list", [:]) == [
          "stubs": [
            [
              "id": 1, "function_id": "bank::charge", "when": ["sum": 3], "times_left": nil, "delay_ms": 0,
              "responses": [["hang": true]], "calls": 2,
            ],
            [
              "id": 2, "function_id": "f", "when": nil, "times_left": 1, "delay_ms": 500,
              "responses": [["returning": nil]], "calls": 0,
            ],
          ]
        ])
      let call = Task { try await worker.ask("f", [:]) }
      try await engine.waitForInvocation(of: "f")
      try await engine.advance(by: .milliseconds(500))
      #expect(try await call.value == nil)

      for (payload, text) in [
        (["returning": 1], "missing field `function_id`"), (["function_id": "g"], "what is 'g' to do?"),
        (["function_id": "g", "returning": 1, "hang": true], "exclude each other"),
        (["function_id": "g", "error": ["code": "X"]], "missing field `error.message`"),
        (["function_id": "g", "error": [:]], "missing field `error.code`"),
        (["function_id": "g", "returning": 1, "then": 3], "a sequence in `then`"),
        (["function_id": "g", "returning": 1, "tims": 3], "did you mean `times`?"),
        (["function_id": "engine::x", "returning": 1], "INVALID_STUB: 'engine::x' cannot be stubbed"),
        (["function_id": "g", "returning": 1, "times": 0], "`times` is at least 1"),
      ] as [(JSONValue, String)] {
        let error = await failure(worker, "mock::stubs::add", payload)
        #expect(error.contains(text), "\(payload): \(error)")
      }
      _ = try await worker.ask("mock::stubs::add", ["function_id": "g", "error": ["code": "TIMEOUT"]])
      #expect(await failure(worker, "g", [:]) == "TIMEOUT: Function g did not answer in time")
      _ = try await worker.ask("mock::stubs::remove", ["function_id": "g"])
      #expect(await failure(worker, "g", [:]).hasPrefix("function_not_found"))
      _ = try await worker.ask("mock::stubs::remove", ["id": 1])
      #expect(try await worker.ask("mock::stubs::list", [:]) == ["stubs": []])
    }
  }

  @Test("the functions have schemas, are listed only on request, and a strict engine does not have them")
  func listing() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      #expect(try await worker.listFunctions().allSatisfy { !$0.functionID.hasPrefix("mock::") })
      let all = try await worker.listFunctions(includeInternal: true).map(\.functionID)
      for id in ["mock::clock::now", "mock::clock::advance", "mock::clock::settle", "mock::stubs::add"] {
        #expect(all.contains(id))
      }
      let info = try await worker.ask("engine::functions::info", ["function_id": "mock::stubs::add"])
      #expect("\(info)".contains(#""required":["function_id"]"#), "\(info)")
    }
    var configuration = MockEngine.Configuration.manual()
    configuration.compatibility = .v0_13
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      for id in ["mock::clock::advance", "mock::stubs::list"] {
        #expect(await failure(worker, id, [:]) == "function_not_found: Function \(id) not found")
      }
      // What a Swift test asks for is there.
      try engine.stub("f", returning: 1)
      #expect(try await engine.call("f") == 1)
    }
  }

  @Test("a listener with rules offers the functions only if they are exposed")
  func access() async throws {
    var configuration = MockEngine.Configuration()
    configuration.listeners = [
      .init(access: AccessRules(exposeFunctions: [.matching("app::*")])),
      .init(access: AccessRules(exposeFunctions: [.matching("mock::stubs::*")])),
    ]
    try await withMockEngine(configuration) { engine in
      let worker = try await registerWorker(engine.addresses[0])
      #expect(await failure(worker, "mock::stubs::list", [:]).hasPrefix("FORBIDDEN: "))
      let other = try await registerWorker(engine.addresses[1])
      #expect(try await other.ask("mock::stubs::list", [:]) == ["stubs": []])
      await worker.shutdown()
      await other.shutdown()
    }
  }
}
