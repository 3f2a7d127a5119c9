extension III {
  /// Serves calls until the calling task is cancelled, then shuts the worker down gracefully; handlers get 5 s to finish.
  ///
  /// This method fits the `Service` protocol of swift-service-lifecycle: `extension III: @retroactive Service {}` makes a worker a service.
  ///
  /// ```swift
  /// let iii = try await registerWorker()
  /// try iii.registerFunction("hello::greet") { (name: String) async in "Hello, \(name)!" }
  /// try await iii.run()
  /// ```
  ///
  /// - Throws: As ``run(finishingWithin:)``.
  public func run() async throws { try await run(finishingWithin: .seconds(5)) }

  /// Serves calls until the calling task is cancelled, then shuts the worker down gracefully.
  ///
  /// When the task is cancelled, the engine is told to end the worker's triggers and functions, and no new ones are accepted (code
  /// `SHUTDOWN`). Running handlers may finish and may call other functions meanwhile; their answers are sent. Then the worker is shut down
  /// as by ``shutdown()``. The method also returns when the worker is shut down elsewhere.
  ///
  /// - Parameter limit: How long handlers may take after the cancellation. The tasks of handlers that take longer are cancelled and their
  ///   answers are dropped, with a warning.
  /// - Throws: ``IIIConnectionError`` if the worker has failed because all retries are used up, or the ``RegistrationRejectedError`` with
  ///   which an engine has refused it.
  public func run(finishingWithin limit: Duration) async throws {
    for await state in connectionStates where state == .failed {
      let outcome = await withCheckedContinuation { continuation in
        beginConnecting(.zero) { continuation.resume(returning: $0) }
      }
      if case .shutDown = outcome { return }
      try check(outcome, .zero)
    }
    guard Task.isCancelled else { return }
    // A new task: the current one is cancelled, so every wait in it would end at once.
    await Task { await self.end(finishingWithin: limit) }.value
  }

  private func end(finishingWithin limit: Duration) async {
    let deadline = host.source.now.advanced(by: limit)
    retire()
    if connectionState == .connected {
      // The engine answers after it has read that there is nothing more to invoke, and everything that it sent before has then arrived.
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
