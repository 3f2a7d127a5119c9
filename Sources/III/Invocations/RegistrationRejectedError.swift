/// The engine refused a worker's name or one of its functions; sent by engines since 0.23.
///
/// `FUNCTION_NAMESPACE_CONFLICT` leaves the worker connected. Every other code ends its connection, and it does not connect again.
public struct RegistrationRejectedError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reason: `FUNCTION_NAMESPACE_CONFLICT`, `WORKER_NAMESPACE_CONFLICT` or a later code.
  public let code: String
  /// The namespace in which the name is already in use.
  public let namespace: String
  /// The worker's name, if that was refused.
  public let workerName: String?
  /// The function's id, if that was refused.
  public let functionID: String?
  /// The worker that has the name, if the engine sends it.
  public let ownerWorkerID: String?

  /// Creates an error.
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
