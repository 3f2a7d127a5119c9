/// Why a relayed call has no result.
package enum RelayFailure: Error, Sendable, Equatable {
  /// The function that was called, or its engine, answered with an error.
  case remote(code: String, message: String, stacktrace: String?)
  case timedOut
  /// The call could not be sent, or its answer cannot come any more.
  case notConnected(String)
}

/// What a relayed function answers.
package enum RelayAnswer: Sendable, Equatable {
  /// JSON.
  case result([UInt8])
  /// An answer without a result.
  case nothing
  case failure(code: String, message: String, stacktrace: String?)
}

/// Calls and functions whose payloads are JSON already, for an engine that passes them on to another one.
extension III {
  /// Begins a call; calls leave in the order in which they were begun. `done` is called once, on the worker's loop or at
  /// once; a function without a result answers `null`.
  package func relay(
    _ functionID: String, _ json: [UInt8], timeout: Duration,
    done: @escaping @Sendable (Result<[UInt8], RelayFailure>) -> Void
  ) {
    do {
      let message = try relayed(functionID, json, nil)
      post(try prepare(message, hasResult: true, timeout: timeout)) { done($0.mapError(RelayFailure.init)) }
    } catch {
      done(.failure(RelayFailure(error)))
    }
  }

  /// Sends a call that nobody waits for.
  package func relayWithoutAnswer(
    _ functionID: String, _ json: [UInt8], done: @escaping @Sendable (RelayFailure?) -> Void
  ) {
    do {
      let message = try relayed(functionID, json, .void(TriggerActionVoid()))
      guard let waiting = try handOverAtOnce(message, timeout: nil) else { return done(nil) }
      post(waiting) { outcome in
        if case .failure(let error) = outcome { done(RelayFailure(error)) } else { done(nil) }
      }
    } catch {
      done(RelayFailure(error))
    }
  }

  private func relayed(_ functionID: String, _ json: [UInt8], _ action: TriggerAction?) throws -> InvokeFunctionMessage
  {
    InvokeFunctionMessage(
      functionID: functionID, data: json, action: action, metadata: nil,
      namespace: try Namespace.target(functionID: functionID, chosen: nil, worker: namespace), traceparent: nil,
      baggage: nil)
  }

  /// Registers a function; its handler gets the payload and the calling worker's id.
  package func registerRelay(
    _ functionID: String, description: String? = nil,
    _ handler: @escaping @Sendable (_ payload: [UInt8], _ callerWorkerID: String?) async -> RelayAnswer
  ) throws {
    _ = try register(
      functionID, description, nil, .none, .none, .unlimited,
      .task { payload in
        switch await handler(payload, InvocationContext.current?.callerWorkerID) {
        case .result(let json): .result(json)
        case .nothing: .result([])
        case .failure(let code, let message, let stacktrace):
          .failure(code: code, message: message, stacktrace: stacktrace)
        }
      })
  }
}

extension RelayFailure {
  fileprivate init(_ error: any Error) {
    guard let error = error as? IIIInvocationError else {
      self = .notConnected("\(error)")
      return
    }
    self =
      switch (error.origin, error.code) {
      case (.answer, _): .remote(code: error.code, message: error.message, stacktrace: error.stacktrace)
      case (_, IIIErrorCode.timeout): .timedOut
      default: .notConnected(error.message)
      }
  }
}
