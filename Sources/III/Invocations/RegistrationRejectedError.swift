/// The engine refused what a worker is or registers; sent by engines from 0.23 on.
///
/// `FUNCTION_NAMESPACE_CONFLICT` leaves the worker connected, every other code ends its connection for good.
public struct RegistrationRejectedError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why: `FUNCTION_NAMESPACE_CONFLICT`, `WORKER_NAMESPACE_CONFLICT` or a later code.
  public let code: String
  /// The namespace in which the name is taken.
  public let namespace: String
  /// The worker's name, if that is what was refused.
  public let workerName: String?
  /// The function's id, if that is what was refused.
  public let functionID: String?
  /// The worker that has it, if the engine says so.
  public let ownerWorkerID: String?

  /// Makes an error, as the client does from the engine's frame.
  public init(
    code: String, namespace: String, workerName: String? = nil, functionID: String? = nil, ownerWorkerID: String? = nil
  ) {
    self.code = code
    self.namespace = namespace
    self.workerName = workerName
    self.functionID = functionID
    self.ownerWorkerID = ownerWorkerID
  }

  /// The code and what was refused.
  public var description: String {
    var text = code
    if let functionID { text += ": function '\(functionID)'" }
    if let workerName { text += ": worker '\(workerName)'" }
    text += " is taken in namespace '\(namespace)'"
    if let ownerWorkerID, !ownerWorkerID.isEmpty { text += " by worker \(ownerWorkerID)" }
    return text
  }
}
