internal import UV

/// What the blocking forms of the client's calls have in common.
enum BlockingCall {
  /// Refuses to block where that would hold a thread that others need: inside a task, and on the thread of a loop.
  static func check(_ call: String, functionID: String? = nil) throws(IIIInvocationError) {
    if withUnsafeCurrentTask(body: { $0 != nil }) {
      throw IIIInvocationError(
        code: "BLOCKING_IN_TASK",
        message: "\(call) was called without `await` inside a task, whose thread must not block: "
          + "use the async form, `await \(call)`",
        functionID: functionID)
    }
    if Loop.isOnAnyLoop {
      throw IIIInvocationError(
        code: "BLOCKING_ON_LOOP",
        message: "\(call) was called on the thread that serves connections, which must not block: "
          + "start a task and use the async form, `await \(call)`",
        functionID: functionID)
    }
  }

  /// Starts what gives a value later, and blocks the thread until it has.
  static func value<Value: Sendable>(_ begin: (_ done: @escaping @Sendable (Value) -> Void) -> Void) -> Value {
    let rendezvous = Rendezvous<Value>()
    begin { rendezvous.put($0) }
    return BlockingPool.whileWaiting { rendezvous.wait() }
  }
}
