/// Something that happened in an engine and that a person who watches it wants to read.
///
/// See ``MockEngine/Configuration/onEvent``.
public enum EngineEvent: Sendable, Hashable {
  /// The engine accepts connections at a URL.
  case listening(url: String)
  /// A worker's connection was accepted; it has not reported its name yet.
  case workerConnected(WorkerLabel)
  /// A worker reported its metadata, the first time or again.
  case workerNamed(WorkerLabel)
  /// A worker's connection ended, and what it owned is gone.
  case workerDisconnected(WorkerLabel, reason: String)
  /// A function can be called; `replaced` says that its id was taken from an earlier one.
  case functionRegistered(id: String, worker: WorkerLabel, replaced: Bool)
  /// A function cannot be called any more.
  case functionUnregistered(id: String, worker: WorkerLabel)
  /// Triggers of a type can be registered: a worker provides it.
  case triggerTypeRegistered(id: String, worker: WorkerLabel)
  /// A type's provider gave it up or left; its triggers wait for another.
  case triggerTypeUnregistered(id: String, worker: WorkerLabel)
  /// A trigger is in force.
  case triggerRegistered(id: String, type: String, functionID: String, worker: WorkerLabel)
  /// A trigger is in force no more.
  case triggerUnregistered(id: String, type: String)
  /// A trigger waits for somebody to provide its type.
  case triggerParked(id: String, type: String, worker: WorkerLabel)
  /// A trigger was refused.
  case triggerRejected(id: String, type: String, code: String, message: String, worker: WorkerLabel)
  /// A call ended with an error, whether or not its caller waits for an answer.
  case invocationFailed(functionID: String, code: String, message: String, caller: WorkerLabel)
  /// A frame could not be acted upon.
  case frameIgnored(Diagnostic)
  /// A message is on its way to a worker whose SDK may refuse it for its size.
  case largeMessage(worker: WorkerLabel, bytes: Int, hint: String)
  /// A worker does not read what it is sent.
  case slowWorker(worker: WorkerLabel, unsentBytes: Int)
  /// A worker logged something that the engine's log is to show.
  case logged(EngineLogRecord)
  /// Anything else that deserves attention.
  case warning(String)
}
