internal import III

/// A worker that is part of the engine: its functions, trigger types, timers and connections.
///
/// A final class that is confined to the engine's loop, and a thin one: what it decides is decided by plain values, which
/// tests drive without a loop. To add a worker, write its `BuiltInSettings` and add one line to `BuiltInCatalog`.
///
/// The kernel calls these methods one at a time and never from within a call of the host: what a worker asks of its host
/// goes into the outbox, which the kernel empties after the frame, timer or connection event that it is handling.
protocol BuiltInWorker: AnyObject {
  /// What this instance provides. Read once, before `start`.
  var manifest: BuiltInManifest { get }

  /// Opens what the worker needs: ports, stored data. Either everything is open when it returns, or it throws and
  /// nothing is; the engine then does not start.
  func start(_ host: BuiltInHost) throws(MockEngineError)

  /// Executes a function. A thrown mismatch becomes `deserialization_error` in the real engine's words.
  ///
  /// - Parameter kernel: The engine's tables as they are now, for reading.
  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply

  /// A trigger of one of the worker's types was registered.
  ///
  /// - Parameter old: The trigger of the same type that had this id until now.
  /// - Returns: Why the trigger is refused, if it is: it is not kept then, `old` stays in force, and the owner is told
  ///   unless the engine is strict.
  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure?

  /// A trigger of one of the worker's types ended, or its type is now provided by somebody else.
  func triggerUnregistered(_ trigger: TriggerEntry)

  /// A call that was begun with `BuiltInHost.call` and a token has ended. The outcome's bytes are valid during the call.
  func callCompleted(_ token: CallToken, _ outcome: CallOutcome)

  /// A condition that was asked with `BuiltInHost.check` has been decided.
  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict)

  /// A timer that was set with `BuiltInHost.schedule` is due.
  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView)

  /// The turn that was asked for with `BuiltInHost.continueNextTurn` has come.
  func turnCame(_ kernel: borrowing KernelView)

  /// A worker connected, reported its name, or disconnected. Called only if the manifest's `observesWorkers` is set.
  func workerChanged(_ change: WorkerChange, of worker: UUID128)

  /// A function was registered or removed. Called only if the manifest's `observesWorkers` is set.
  func functionsChanged()

  /// A worker sent a binary message. Called only if the manifest's `readsBinaryMessages` is set.
  ///
  /// - Returns: Whether the message was meant for this built-in worker; otherwise it is read as a frame.
  func received(binary message: ByteView, from sender: PeerID, _ kernel: borrowing KernelView) -> Bool

  /// A request came for one of the manifest's `paths`, on a listener for workers.
  ///
  /// The worker answers the request; if it accepts it, it also gives the connection its role (`Peer.become`). Without a
  /// role the connection ends when the answer has been sent.
  func admit(_ request: HTTPRequestHead, on connection: Peer)

  /// The worker's entry of the configuration file has changed.
  ///
  /// - Returns: Whether all of it is in force now; the rest takes effect when the engine is started again.
  /// - Throws: Why the settings could not be applied: the old ones stay in force.
  func reload(_ settings: any BuiltInSettings) throws(MockEngineError) -> Bool

  /// The engine begins to shut down: its connections end next, and calls of their functions fail.
  func engineStops()

  /// A test wants a fresh engine while workers stay connected: forgets what the worker keeps, but not what connected workers have
  /// registered.
  func reset()

  /// The engine has restarted and keeps its state: takes over what `old`, the same worker before the restart, has kept in memory. Called
  /// after `start`.
  func takeOver(_ old: any BuiltInWorker)

  /// The engine shuts down: closes what `start` opened. Nothing is called afterwards.
  func stop()
}

/// What happened to a connected worker.
enum WorkerChange {
  case connected, metadataUpdated, disconnected
}

extension BuiltInWorker {
  func start(_ host: BuiltInHost) throws(MockEngineError) {}
  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? { nil }
  func triggerUnregistered(_ trigger: TriggerEntry) {}
  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {}
  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict) {}
  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {}
  func turnCame(_ kernel: borrowing KernelView) {}
  func workerChanged(_ change: WorkerChange, of worker: UUID128) {}
  func functionsChanged() {}
  func received(binary message: ByteView, from sender: PeerID, _ kernel: borrowing KernelView) -> Bool { false }
  func admit(_ request: HTTPRequestHead, on connection: Peer) {}
  func reload(_ settings: any BuiltInSettings) throws(MockEngineError) -> Bool { false }
  func engineStops() {}
  func reset() {}
  func takeOver(_ old: any BuiltInWorker) {}
  func stop() {}
}
