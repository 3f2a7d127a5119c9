// A build with `--static-swift-stdlib` has no testing library: the target is empty there.
#if canImport(Testing)
  internal import III
  public import IIIMockEngine
  public import Testing

  /// Gives each test an engine of its own, which is ``IIIMockEngine/MockEngine/current``, and shuts it down at the test's end.
  ///
  /// ```swift
  /// @Test(.mockEngine(clock: .manual, seed: 1))
  /// func timesOut() async throws {
  ///   let engine = try MockEngine.current
  ///   …
  /// }
  /// ```
  ///
  /// On a suite it holds for each test of the suite; each case of a parameterized test has an engine, too. Tests with the trait run in
  /// parallel, as others do. Start a trait from the static members of `Trait`: `.mockEngine` or `.mockEngine(…)`.
  ///
  /// At the end of a test that has failed, the last entries of the engine's journal are shown, and the whole journal is attached as
  /// `journal.jsonl` (`swift test --attachments-path FOLDER` writes attachments into files). At the end of a test that has passed, the
  /// ``Checks`` are made.
  public struct MockEngineTrait: TestTrait, SuiteTrait, TestScoping {
    /// What is checked when a test has passed. What does not hold is an issue of the test.
    public struct Checks: OptionSet, Sendable {
      /// The bits of the set.
      public let rawValue: Int

      /// A set from its bits.
      public init(rawValue: Int) { self.rawValue = rawValue }

      /// Each fault that the test added had an effect: a test that expects a fault and never meets it proves nothing.
      public static let faults = Checks(rawValue: 1)
      /// No worker is connected any more, except those of ``IIIMockEngine/MockEngine/registerWorker(options:)``, which end with the
      /// engine: others would try to connect again while other tests run.
      public static let workers = Checks(rawValue: 2)
      /// The engine has closed all its sockets and timers.
      public static let handles = Checks(rawValue: 4)
      /// All of them.
      public static let all: Checks = [.faults, .workers, .handles]
    }

    let configuration: MockEngine.Configuration
    let checks: Checks

    /// Whether the tests of a suite have the trait as well: they do.
    public var isRecursive: Bool { true }

    /// Starts the engine, runs the test, and ends the engine. Called by the testing library.
    public func provideScope(
      for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
      let engine = try await MockEngine.start(configuration)
      let failure = FailureNote()
      let end = TestEnd(engine: engine, checks: checks, test: test)
      do {
        try await failure.noting(for: test, testCase) { try await engine.asCurrent(function) }
      } catch {
        await end.report(hasFailed: true)
        throw error
      }
      await end.report(hasFailed: failure.hasFailed)
    }
  }

  extension Trait where Self == MockEngineTrait {
    /// An engine with the default configuration for each test.
    public static var mockEngine: Self { mockEngine(MockEngine.Configuration()) }

    /// An engine for each test.
    ///
    /// - Parameters:
    ///   - configuration: What the engines are started with.
    ///   - checks: What is checked when a test has passed; all by default.
    public static func mockEngine(
      _ configuration: MockEngine.Configuration, checks: MockEngineTrait.Checks = .all
    ) -> Self {
      MockEngineTrait(configuration: configuration, checks: checks)
    }

    /// An engine for each test, on a clock that the test advances.
    ///
    /// - Parameters:
    ///   - clock: What the engine's time follows.
    ///   - seed: Makes ids and jitter the same in each run.
    ///   - checks: What is checked when a test has passed; all by default.
    public static func mockEngine(
      clock: MockEngine.Configuration.Clock, seed: UInt64? = nil, checks: MockEngineTrait.Checks = .all
    ) -> Self {
      var configuration = MockEngine.Configuration()
      configuration.clock = clock
      configuration.seed = seed
      return mockEngine(configuration, checks: checks)
    }
  }
#endif
