internal import UV

/// Shared code of the calls of `BlockingWorker`.
enum BlockingCall {
  /// Throws if blocking would hold a thread that others need: inside a task, and on the thread of a loop.
  static func check(
    _ call: String, instead: String? = nil, functionID: String? = nil
  ) throws(IIIInvocationError) {
    let form = "the async form, `await \(instead ?? call)`"
    if withUnsafeCurrentTask(body: { $0 != nil }) {
      throw .make(
        code: IIIErrorCode.blockingInTask,
        message: "\(call) of a BlockingWorker was called inside a task, whose thread must not block: use \(form)",
        functionID: functionID, origin: .client)
    }
    if Loop.isOnAnyLoop {
      throw .make(
        code: IIIErrorCode.blockingOnLoop,
        message: "\(call) of a BlockingWorker was called on the thread that serves connections, which must not block: "
          + "start a task and use \(form)",
        functionID: functionID, origin: .client)
    }
  }

  /// Starts an operation and blocks the thread until it has called `done`.
  static func value<Value: Sendable>(_ begin: (_ done: @escaping @Sendable (Value) -> Void) -> Void) -> Value {
    let rendezvous = Rendezvous<Value>()
    begin { rendezvous.put($0) }
    return BlockingPool.whileWaiting { rendezvous.wait() }
  }
}
