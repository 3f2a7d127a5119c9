import III
import IIIMockEngine
import IIIMockEngineTesting
import Testing
import UV

@Suite(.timeLimit(.minutes(5))) struct MockEngineTraitTests {
  @Test("the test has an engine of its own, on the clock that the trait names", .mockEngine(clock: .manual, seed: 1))
  func current() async throws {
    let engine = try MockEngine.current
    let worker = try await engine.registerWorker()
    try engine.hang("bank::charge")
    let charge = Task(executorPreference: engine.taskExecutor) { try await worker.trigger("bank::charge") }
    try await engine.advance(by: .seconds(30))
    await #expect(throws: IIITimeoutError.self) { try await charge.value }
    let same = await Task { try? MockEngine.current === engine }.value
    #expect(same == true)
  }

  @Test("without the trait there is no current engine, and the error says what to do")
  func noEngine() {
    let error = #expect(throws: NoCurrentEngine.self) { try MockEngine.current }
    #expect(error?.description.contains(".mockEngine") == true)
  }

  @Test("a worker that the test shuts down is no leak", .mockEngine)
  func shutDownWorker() async throws {
    let engine = try MockEngine.current
    let worker = try await registerWorker(engine.url)
    try worker.registerFunction("orders::charge") { (n: Int) async in n }
    try await engine.waitForFunction("orders::charge")
    engine.faults.add(.deny("orders::*"))
    await #expect(throws: IIIForbiddenError.self) { try await worker.trigger("orders::charge", payload: 1) }
    await worker.shutdown()
  }

  @Test("the cases of a parameterized test run in parallel, each with its engine", .mockEngine, arguments: 0..<16)
  func parallel(number: Int) async throws {
    let engine = try MockEngine.current
    try engine.stub("numbers::mine", returning: .int(Int64(number)))
    #expect(try await engine.call("numbers::mine") == .int(Int64(number)))
    try await engine.verify("numbers::mine", calledTimes: 1)
  }
}

/// A suite whose tests have the trait.
@Suite(.mockEngine) struct MockEngineSuiteTests {
  @Test("the trait of a suite holds for its tests") func has() throws { _ = try MockEngine.current.url }
}

/// A test that fails, for a process of its own.
@Suite(.enabled(if: SystemInfo.environment("III_FAILING_TEST") != nil)) struct MockEngineTraitFailingTests {
  @Test("this test fails without an error", .mockEngine) func fails() async throws {
    let worker = try await MockEngine.current.registerWorker()
    _ = try? await worker.trigger("orders::chrage", payload: ["password": "p4ss"])
    try MockEngine.current.faults.add(.dropResult(of: "orders::chrage"))
    #expect(Bool(false))
  }
}

/// The end of a test, by scopes that a test opens itself: what they report is a known issue of it.
@Suite(.timeLimit(.minutes(5))) struct MockEngineTraitReportTests {
  /// The issues that a scope with the trait reports.
  private func issues(
    _ trait: MockEngineTrait = .mockEngine, _ body: @escaping @Sendable (MockEngine) async throws -> Void
  ) async throws -> [String] {
    let texts = Lock<[String]>([])
    try await withKnownIssue(isIntermittent: true) {
      guard let test = Test.current else { return }
      try await trait.provideScope(for: test, testCase: Test.Case.current) { try await body(MockEngine.current) }
    } matching: { issue in
      texts.withLock { $0.append((issue.comments.map(\.rawValue) + [issue.error.map { "\($0)" } ?? ""]).joined()) }
      return true
    }
    return texts.withLock { $0 }
  }

  @Test("a test that throws shows the last entries of the journal")
  func thrown() async throws {
    let found = try await issues { engine in
      let worker = try await engine.registerWorker()
      _ = try await worker.trigger("orders::chrage")
    }
    #expect(found.contains { $0.contains("the last entries of the engine's journal:") }, "\(found)")
    #expect(found.contains { $0.contains("orders::chrage") }, "\(found)")
  }

  @Test("a fault that never had an effect is reported, unless the trait says otherwise")
  func unmatchedFault() async throws {
    let body: @Sendable (MockEngine) async throws -> Void = { $0.faults.add(.dropResult(of: "orders::chrage")) }
    let found = try await issues(.mockEngine, body)
    #expect(found.count == 1 && found.first?.contains("'orders::chrage'") == true, "\(found)")
    #expect(try await issues(.mockEngine(.init(), checks: [.workers, .handles]), body) == [])
  }

  @Test("a worker that is left connected is reported with its functions; the engine's own workers are not")
  func leftWorker() async throws {
    let left = Lock<III?>(nil)
    let found = try await issues { engine in
      let own = try await engine.registerWorker(options: InitOptions(workerName: "own"))
      try own.registerFunction("own::f") { (n: Int) async in n }
      let worker = try await registerWorker(engine.url, options: InitOptions(workerName: "orders"))
      try worker.registerFunction("orders::charge") { (n: Int) async in n }
      left.withLock { $0 = worker }
      try await engine.waitForFunction("orders::charge")
      try await engine.waitForFunction("own::f")
    }
    #expect(found.count == 1, "\(found)")
    #expect(
      found.first?.contains("worker orders (") == true && found.first?.contains("'orders::charge'") == true, "\(found)")
    await left.withLock { $0 }?.shutdown()
  }

  @Test(
    "a test that fails by an expectation shows the last entries of the journal, without secrets, and is not checked further"
  )
  func expectation() async throws {
    let output = try await OutputOfTests.run("MockEngineTraitFailingTests", variables: [("III_FAILING_TEST", "1")])
    #expect(output.contains("the last entries of the engine's journal:"), "\(output)")
    #expect(
      output.contains("received invokefunction of 'orders::chrage'") && output.contains("[REDACTED]"), "\(output)")
    #expect(!output.contains("p4ss") && !output.contains("never had an effect"), "\(output)")
    #expect(output.contains("Attached 'journal.jsonl'") && output.contains("failed after"), "\(output)")
  }
}

/// Runs tests of this bundle in a process of their own.
private enum OutputOfTests {
  /// The output of the tests of a suite.
  static func run(_ suite: String, variables: [(name: String, value: String)]) async throws -> String {
    let loop = try Loop(name: "tests")
    let file = "\(SystemInfo.environment("TMPDIR") ?? "/tmp")/\(suite).\(monotonicNanoseconds()).txt"
    let words = [
      "sh", "-c", "exec \"$0\" --testing-library swift-testing --filter \"$1\" > \"$2\" 2>&1",
      CommandLine.arguments[0], suite, file,
    ]
    let isStarted: Bool = await withCheckedContinuation { continuation in
      loop.post {
        do {
          _ = try ChildProcess(words, variables: variables, on: loop) { _ in continuation.resume(returning: true) }
        } catch {
          continuation.resume(returning: false)
        }
      }
    }
    _ = await loop.stop()
    #expect(isStarted)
    return String(decoding: try FileBytes.read(file, limit: 1 << 20), as: UTF8.self)
  }
}
