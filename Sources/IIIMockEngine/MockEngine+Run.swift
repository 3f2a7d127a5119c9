extension MockEngine {
  /// Serves until the calling task is cancelled, then shuts the engine down. Returns also if the engine is shut down by
  /// another task.
  ///
  /// This is the shape of a service of swift-service-lifecycle: `extension MockEngine: @retroactive Service {}` makes an engine one.
  public func run() async throws {
    do {
      try await core.wait(for: .end)
    } catch is CancellationError {
      await shutdown()
    } catch MockEngineError.stopped {
      return
    }
  }
}
