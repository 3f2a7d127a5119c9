#if canImport(Testing)
  internal import III
  internal import IIIMockEngine
  internal import Testing
  internal import UV

  /// Whether a test has recorded a failure. Known issues and warnings are none.
  struct FailureNote: Sendable {
    private final class Flag: Sendable { let value = Lock(false) }

    private let flag = Flag()

    var hasFailed: Bool { flag.value.withLock { $0 } }

    /// Runs a test's body, and notes the issues that it records.
    func noting(for test: Test, _ testCase: Test.Case?, _ body: @Sendable () async throws -> Void) async throws {
      let flag = flag
      let handling: some TestScoping = IssueHandlingTrait.compactMapIssues { issue in
        #if compiler(>=6.3)
          if issue.isFailure { flag.value.withLock { $0 = true } }
        #else
          flag.value.withLock { $0 = true }
        #endif
        return issue
      }
      try await handling.provideScope(for: test, testCase: testCase, performing: body)
    }
  }

  /// The end of a test with an engine: the report of one that has failed, the checks of one that has passed.
  struct TestEnd: Sendable {
    let engine: MockEngine
    let checks: MockEngineTrait.Checks
    let test: Test

    /// How many entries of the journal a failing test shows.
    private static let tail = 20

    func report(hasFailed: Bool) async {
      if hasFailed {
        await showJournal()
        await engine.shutdownReportingLeaks()
        return
      }
      var problems: [String] = []
      if checks.contains(.faults) {
        problems += await engine.faults.unmatched.map {
          "the fault '\($0)' never had an effect: what it names did not happen in this test"
        }
      }
      if checks.contains(.workers) { problems += await leftWorkers() }
      let code = await engine.shutdownReportingLeaks()
      if checks.contains(.handles), code != 0 {
        problems.append(
          "the engine left a socket or a timer open (uv_loop_close: \(code)); this is an error in IIIMockEngine")
      }
      guard !problems.isEmpty else { return }
      await attachJournal()
      for problem in problems { Issue.record(Comment(rawValue: problem), sourceLocation: test.sourceLocation) }
    }

    /// The workers that are connected and will not end with the engine; a worker that is closing gets its time.
    private func leftWorkers() async -> [String] {
      do {
        try await engine.waitUntil("the end of all workers", within: .seconds(10)) {
          await engine.foreignWorkers.isEmpty
        }
        return []
      } catch {
        return await engine.foreignWorkers.map { worker in
          let functions =
            worker.functionIDs.isEmpty
            ? "without functions" : "with \(worker.functionIDs.map { "'\($0)'" }.joined(separator: ", "))"
          return "worker \(worker.label) is still connected, \(functions): shut it down at the end of the test"
        }
      }
    }

    private func showJournal() async {
      let entries = await engine.journal.entries
      let lines = entries.suffix(Self.tail).map { "  \($0)" }
      await attachJournal()
      let text =
        lines.isEmpty
        ? "the engine's journal is empty"
        : (["the last entries of the engine's journal:"] + lines).joined(separator: "\n")
      #if compiler(>=6.3)
        Issue.record(Comment(rawValue: text), severity: .warning, sourceLocation: test.sourceLocation)
      #else
        print(text)
      #endif
    }

    private func attachJournal() async {
      Attachment.record(await engine.journal.jsonLines, named: "journal.jsonl", sourceLocation: test.sourceLocation)
    }
  }
#endif
