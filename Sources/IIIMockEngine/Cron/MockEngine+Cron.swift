internal import III

extension MockEngine {
  /// The cron jobs of the engine. Needs ``BuiltIn/cron``.
  public var cron: CronControls { CronControls(engine: self) }

  /// Runs cron jobs on demand.
  public struct CronControls: Sendable {
    let engine: MockEngine

    /// Runs a job now, whatever its expression says: its condition is asked, then its function is called, with the
    /// present second as the `scheduled_time`. The job's next run by the clock is the first after this one has ended.
    ///
    /// ```swift
    /// let trigger = try worker.registerTrigger(
    ///   type: "cron", functionID: "reports::daily", config: ["expression": "0 0 6 * * *"])
    /// try await engine.cron.fire(triggerID: trigger.id)   // returns when the report is done
    /// ```
    ///
    /// - Parameter triggerID: The id of a registered trigger of type `cron`.
    /// - Returns: Whether the function ran; `false` if the condition said no.
    /// - Throws: `IIIInvocationError` if the function or the condition fails; ``MockEngineError/cannotFire(triggerID:)``
    ///   if there is no such job or it is running; ``MockEngineError/stopped``; ``MockEngineError/builtInIsOff(_:)``.
    @discardableResult public func fire(triggerID: String) async throws -> Bool {
      let outcome = try await withCheckedThrowingContinuation { continuation in
        Task(executorPreference: engine.core.loop) {
          do {
            let isBegun = try await engine.core.ask(.cron) { (worker: CronWorker) in
              worker.fire(triggerID) { continuation.resume(returning: $0) }
            }
            if !isBegun { continuation.resume(throwing: MockEngineError.cannotFire(triggerID: triggerID)) }
          } catch {
            continuation.resume(throwing: error)
          }
        }
      }
      switch outcome {
      case .ran: return true
      case .skipped: return false
      case .failed(let failure):
        // The call failed because its worker was dropped.
        if await engine.core.hasEnded { throw MockEngineError.stopped }
        throw IIIInvocationError(code: failure.code, message: failure.message)
      case .stopped: throw MockEngineError.stopped
      }
    }
  }
}
