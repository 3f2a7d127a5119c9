extension III {
  /// Serves until the calling task is cancelled, then shuts the worker down gracefully; handlers get 5 s to finish.
  ///
  /// This is the shape of a service of swift-service-lifecycle: `extension III: @retroactive Service {}` makes a worker one.
  ///
  /// ```swift
  /// let iii = try await registerWorker()
  /// try iii.registerFunction("hello::greet") { (name: String) async in "Hello, \(name)!" }
  /// try await iii.run()
  /// ```
  ///
  /// - Throws: As ``run(finishingWithin:)``.
  public func run() async throws { try await run(finishingWithin: .seconds(5)) }

  /// Serves until the calling task is cancelled, then shuts the worker down gracefully.
  ///
  /// When the task is cancelled the engine is told to end the worker's triggers and functions, and no new ones are accepted (code
  /// `SHUTDOWN`). Handlers that run may finish, and call others meanwhile; their answers are sent. Then the worker is shut down as by
  /// ``shutdown()``. It also returns when the worker is shut down elsewhere.
  ///
  /// - Parameter limit: How long handlers may take from the cancellation on. The tasks of those that take longer are cancelled, and
  ///   their answers dropped, with a warning.
  /// - Throws: ``IIIConnectionError`` if the worker has failed for good because all retries are used up, or the
  ///   ``RegistrationRejectedError`` by which an engine has refused it.
  public func run(finishingWithin limit: Duration) async throws {
    for await state in connectionStates where state == .failed {
      let outcome = await withCheckedContinuation { continuation in
        beginConnecting(.zero) { continuation.resume(returning: $0) }
      }
      if case .shutDown = outcome { return }
      try check(outcome, .zero)
    }
    guard Task.isCancelled else { return }
    // A new task: in this one, which is cancelled, every wait would end at once.
    await Task { await self.end(finishingWithin: limit) }.value
  }

  private func end(finishingWithin limit: Duration) async {
    let deadline = host.source.now.advanced(by: limit)
    retire()
    if connectionState == .connected {
      // When the engine has answered, it has read that there is nothing to invoke any more, and what it sent before has come.
      _ = try? await trigger(
        TriggerRequest(
          functionID: EngineFunctions.listFunctions, payload: ["prefix": .string("\(UUID128.random())")],
          timeout: limit))
    }
    let now = host.source.now
    let rest = Duration.nanoseconds(clamping: deadline > now ? deadline - now : 0)
    let running = await withCheckedContinuation { continuation in
      if !post({ $0.waitForHandlers(rest) { continuation.resume(returning: $0) } }) {
        continuation.resume(returning: 0)
      }
    }
    if running > 0, !isShutDown {
      log(.warn, "\(running) of the handlers have not finished within \(limit): their answers are dropped")
    }
    await shutdown()
  }
}
