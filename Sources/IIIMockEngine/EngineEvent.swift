/// Something that happened in an engine, for its log.
///
/// See ``MockEngine/Configuration/onEvent``.
public enum EngineEvent: Sendable, Hashable {
  /// The engine accepts connections at a URL.
  case listening(url: String)
  /// A worker's connection was accepted; it has not reported its name yet.
  case workerConnected(WorkerLabel)
  /// A worker reported its metadata, the first time or again.
  case workerNamed(WorkerLabel)
  /// A worker's connection ended; its functions, triggers and trigger types were removed.
  case workerDisconnected(WorkerLabel, reason: String)
  /// A function was registered; `replaced` says that it replaced another one with the same id.
  case functionRegistered(id: String, worker: WorkerLabel, replaced: Bool)
  /// A function cannot be called any more.
  case functionUnregistered(id: String, worker: WorkerLabel)
  /// Triggers of a type can be registered: a worker provides it.
  case triggerTypeRegistered(id: String, worker: WorkerLabel)
  /// A type's provider gave it up or left; its triggers wait for another.
  case triggerTypeUnregistered(id: String, worker: WorkerLabel)
  /// A trigger is in force.
  case triggerRegistered(id: String, type: String, functionID: String, worker: WorkerLabel)
  /// A trigger has ended.
  case triggerUnregistered(id: String, type: String)
  /// A trigger waits for a worker that provides its type; `similarType` is a provided type that may have been meant.
  case triggerParked(id: String, type: String, worker: WorkerLabel, similarType: String?)
  /// A trigger was refused.
  case triggerRejected(id: String, type: String, code: String, message: String, worker: WorkerLabel)
  /// A call ended with an error, whether or not its caller waits for an answer.
  case invocationFailed(functionID: String, code: String, message: String, caller: WorkerLabel)
  /// A job of a queue has failed as often as it may, and is a dead letter now.
  case jobFailed(queue: String, jobID: String, functionID: String, attempts: Int, code: String, message: String)
  /// Access control denied a call, a registration or a connection.
  case accessDenied(AccessDenial)
  /// A frame was ignored.
  case frameIgnored(Diagnostic)
  /// A message was sent to a worker whose SDK may refuse it for its size.
  case largeMessage(worker: WorkerLabel, bytes: Int, hint: String)
  /// A worker does not read what is sent to it.
  case slowWorker(worker: WorkerLabel, unsentBytes: Int)
  /// A worker logged a record.
  case logged(EngineLogRecord)
  /// A warning of any other kind.
  case warning(String)
}
