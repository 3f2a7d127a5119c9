internal import III

/// Why an engine did not start or does not answer, or a wait for something in it failed.
public enum MockEngineError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Another process listens at that port.
  case addressInUse(host: String, port: Int)
  /// The address cannot be listened at, for another reason.
  case cannotListen(host: String, port: Int, reason: String)
  /// The configuration cannot be used; the text says where and what to do.
  case configuration(String)
  /// A file that stored data is kept in cannot be used; the text says which, why and what to do.
  case store(String)
  /// The system refused a resource that every engine needs: a thread, a descriptor.
  case system(String)
  /// The engine was shut down.
  case stopped
  /// A built-in worker that was asked for something is switched off in this engine.
  case builtInIsOff(MockEngine.BuiltIn)
  /// There is no cron job with this trigger id, or it is running.
  case cannotFire(triggerID: String)
  /// No worker with this id is connected to the engine.
  case notConnected(workerID: String)
  /// There is no queue and no topic with a name; the text says which there are.
  case unknownQueue(String)
  /// There is no channel with an id; the text says what may have become of it.
  case unknownChannel(String)
  /// A wait took too long; the text says what there is instead, and the nearest name.
  case timedOut(String)
  /// The engine did not settle; the text lists what is under way.
  case notSettled(String)
  /// The clock cannot be advanced so, or not here; the text says why.
  case invalidAdvance(String)
  /// The engine follows the machine's clock, which cannot be advanced.
  case clockIsNotManual
  /// A function cannot be stubbed so; the text says why.
  case invalidStub(String)
  /// A request of HTTP cannot be made so; the text says why.
  case invalidRequest(String)

  /// A function was not called as often as a test expects; the text says how often, with which payloads, and what was called instead.
  case verificationFailed(String)

  /// What happened, and what to do about it.
  public var description: String {
    switch self {
    case .addressInUse(let host, let port):
      "port \(port) of \(host) is in use: another engine may be running; choose another port, or 0 for any free one"
    case .cannotListen(let host, let port, let reason): "cannot listen at \(host), port \(port): \(reason)"
    case .configuration(let problem), .store(let problem): problem
    case .system(let reason): "the engine could not be started: \(reason)"
    case .stopped: "the engine was shut down"
    case .builtInIsOff(let builtIn):
      "\(builtIn) is not on in this engine: add it to `builtIns` of the configuration, or to the configuration file"
    case .cannotFire(let id):
      "trigger '\(id)' cannot fire: no job with this id is registered (registrations are not acknowledged: call "
        + "something from its worker first), or it is running"
    case .notConnected(let id): "worker '\(id)' is not connected to this engine"
    case .timedOut(let text), .notSettled(let text), .invalidAdvance(let text), .invalidStub(let text),
      .invalidRequest(let text), .verificationFailed(let text), .unknownQueue(let text), .unknownChannel(let text):
      text
    case .clockIsNotManual:
      "the engine follows the machine's clock, which cannot be advanced: start it with "
        + "`configuration.clock = .manual`, or `iii-dev --manual-clock`"
    }
  }
}

extension InvocationFailure {
  /// What a function of the engine answers when what it was asked for failed.
  init(_ error: any Error) {
    let code =
      switch error {
      case let error as IIIInvocationError: error.code
      case MockEngineError.timedOut: "TIMEOUT"
      case MockEngineError.verificationFailed: "VERIFICATION_FAILED"
      case MockEngineError.stopped: "ENGINE_STOPPED"
      case MockEngineError.notConnected, MockEngineError.unknownChannel: "NOT_FOUND"
      default: "invocation_failed"
      }
    self.init(code: code, message: (error as? IIIInvocationError)?.message ?? "\(error)")
  }
}
