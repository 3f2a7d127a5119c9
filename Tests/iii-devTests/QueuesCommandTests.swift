import III
import IIIMockEngine
import Testing

@testable import iii_dev

/// `queues` in this process, against an engine in this process.
@Suite(.timeLimit(.minutes(5))) struct QueuesCommandTests {
  private func withQueue(
    _ compatibility: Compatibility = .current, _ body: (_ engine: MockEngine, _ port: String) async throws -> Void
  ) async throws {
    var configuration = MockEngine.Configuration()
    configuration.compatibility = compatibility
    configuration.queues["payments"] = .init(maxRetries: 1)
    try await withMockEngine(configuration) { engine in
      try await body(engine, engine.url.split(separator: ":").last.map(String.init) ?? "")
    }
  }

  @Test("queues, their jobs and their dead letters are shown as tables, or as JSON")
  func shows() async throws {
    try await withQueue { engine, port in
      try await engine.queue("payments").enqueue("missing", payload: ["amount": 3])
      try await engine.queue("payments").waitForDeadLetter()
      #expect(await run("queues", "pause", "payments", "--port", port).output == "payments is paused\n")
      try await engine.queue("payments").enqueue("missing", payload: "second\u{1B}[31m")

      let list = await run("queues", "--port", port)
      #expect(list.status == .success)
      #expect(
        list.output == """
          QUEUE     TYPE      WAITING  IN FLIGHT  RETRYING  DEAD
          payments  standard  1        0          0         1     paused
          default   standard  0        0          0         0

          """)
      let dead = await run("queues", "dead", "payments", "--port", port)
      #expect(dead.output.contains("function_not_found: Function missing not found  {\"amount\":3}"))
      let show = await run("queues", "show", "payments", "--port", port)
      #expect(show.output.contains("waiting") && !show.output.contains("\u{1B}"))
      let json = await run("queues", "dead", "payments", "--json", "--port", port)
      let answer = try JSONValue(parsing: json.output)
      #expect(answer["dead_letters"]?[0]?["payload"] == ["amount": 3])
    }
  }

  @Test("dead letters are moved back and removed, one or all")
  func changes() async throws {
    try await withQueue { engine, port in
      let queue = engine.queue("payments")
      for number in 1...3 { try await queue.enqueue("missing", payload: .int(Int64(number))) }
      let id = try await queue.waitForDeadLetter(count: 3).id
      #expect(await run("queues", "discard", "payments", id, "--port", port).output == "discarded: 1\n")
      let again = await run("queues", "discard", "payments", id, "--port", port)
      #expect(again.status == .failure && again.output == "discarded: 0\n")
      try await queue.pause()
      #expect(await run("queues", "redrive", "payments", "--port", port).output == "redriven: 2\n")
      #expect(try await queue.jobs.count == 2)
      #expect(await run("queues", "clear", "payments", "--port", port).output == "removed: 2\n")
      #expect(await run("queues", "resume", "payments", "--port", port).status == .success)
    }
  }

  @Test("what cannot be done is an error that says why")
  func errors() async throws {
    try await withQueue { _, port in
      let unknown = await run("queues", "show", "paymets", "--port", port)
      #expect(unknown.status == .failure && unknown.errors.contains("did you mean 'payments'?"))
    }
    try await withQueue(.v0_13) { _, port in
      let strict = await run("queues", "--port", port)
      #expect(strict.status == .failure && strict.errors.contains("it is a strict one"))
    }
    for (arguments, text) in [
      (["queues", "shw", "q"], "did you mean 'show'?"), (["queues", "show"], "expected: iii-dev queues show QUEUE"),
      (["queues", "pause", "q", "x"], "unexpected argument 'x'"), (["queues", "--limit", "3"], "belong to 'show'"),
      (["queues", "dead", "q", "--limit", "x"], "is not a number"),
    ] {
      let end = await run(arguments)
      #expect(end.status == .usage && end.errors.contains(text), "\(end.errors)")
    }
    #expect(await run("queues", "--help").output.contains("Usage:"))
  }
}
