extension MockEngine {
  /// Restarts the engine, as after a crash of the real one: all connections are dropped without a Close, and registrations and calls are
  /// gone. Workers connect again by themselves, at the same port; on a manual clock when their delay has passed.
  ///
  /// Stubs, faults, what ``access`` denies, the journal and the clock stay. The sockets that listen stay open, so nobody else takes the
  /// ports in between.
  ///
  /// ```swift
  /// try await engine.restart()
  /// try await engine.advance(by: .seconds(1))   // the delay before the first attempt to reconnect
  /// try await engine.waitForFunction("orders::price")
  /// ```
  ///
  /// - Parameter keepingState: Whether what built-in workers keep in memory is there afterwards; `false` also deletes what they keep on
  ///   disk.
  /// - Throws: ``MockEngineError/stopped``, or why a built-in worker could not start again.
  public func restart(keepingState: Bool = true) async throws { try await core.restart(keepingState: keepingState) }

  /// Makes the engine as good as new for the next test, while workers stay connected and keep what they have registered.
  ///
  /// Gone are stubs and what they hold (calls end with `invocation_stopped`), what ``access`` denies and allows, denials, diagnostics,
  /// logs, the journal, and what `iii-state` and other built-in workers keep. The clock goes on.
  ///
  /// - Throws: ``MockEngineError/stopped``.
  public func reset() async throws { try await core.reset() }
}

extension EngineCore {
  /// Writes a warning into the engine's log.
  func note(_ warning: String) {
    engine?.note(.warning(warning))
  }
}
