public import IIIMockEngine

extension MockEngine {
  @TaskLocal fileprivate static var ofTest: MockEngine?

  /// The engine of the running test, which has the trait ``MockEngineTrait``.
  ///
  /// It follows the test's structured tasks, and tasks that the test starts with `Task { … }`; a detached task has none.
  ///
  /// - Throws: ``NoCurrentEngine`` outside of such a test.
  public static var current: MockEngine {
    get throws(NoCurrentEngine) {
      guard let engine = ofTest else { throw NoCurrentEngine() }
      return engine
    }
  }

  /// Calls `body` with this engine as the current one.
  func asCurrent(_ body: @Sendable () async throws -> Void) async throws {
    try await MockEngine.$ofTest.withValue(self, operation: body)
  }
}

/// ``IIIMockEngine/MockEngine/current`` was asked for where no test has an engine.
public struct NoCurrentEngine: Error, Sendable, Hashable, CustomStringConvertible {
  /// What to do about it.
  public var description: String {
    "no engine belongs to this task: give the test the trait .mockEngine, and ask in the test's own tasks"
  }
}
