/// What the connection's machine wants done; in the order in which it says so.
enum ConnectionAction {
  /// Look the engine up, connect and shake hands; then say `opened` or `dialFailed`.
  case dial
  /// Append bytes to the stream.
  case write([UInt8])
  /// Drop the socket, or the attempt to get one. Nothing more is heard of it.
  case drop
  /// As `drop`, but what was written may still leave, within a short time.
  case dropAfterFlush
  case complete(PendingCall, CallOutcome)
  case run(RegisteredFunction, InboundInvocation)
  /// Tell a type's handler of a trigger, and the engine what it says.
  case registerTrigger(RegisteredTriggerType, InboundTrigger, connection: Int)
  /// Tell a type's handler that a trigger is gone.
  case unregisterTrigger(RegisteredTriggerType, InboundTrigger)
  case report(IIIConnectionState)
  case identified(workerID: String)
  case rejected(RegistrationRejectedError)
  case log(LogLevel, String)
  /// The worker has ended for good.
  case didShutDown
}
