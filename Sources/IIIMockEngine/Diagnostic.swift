/// A frame that the engine ignored, and why.
public struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
  /// The sender.
  public let worker: WorkerLabel
  /// Its `type`, or `frame` if it has no known one.
  public let kind: String
  /// What is wrong with it, as "missing field `data`". Payloads are never quoted.
  public let problem: String
  /// What to do about it, if the problem does not say so itself.
  public let hint: String?

  /// A diagnostic for one ignored frame.
  public init(worker: WorkerLabel, kind: String, problem: String, hint: String? = nil) {
    self.worker = worker
    self.kind = kind
    self.problem = problem
    self.hint = hint
  }

  /// One line: who, what and why.
  public var description: String {
    "\(worker) sent \(kind == "frame" ? "a frame" : "`\(kind)`") that was ignored: \(problem)"
      + (hint.map { " (\($0))" } ?? "")
  }
}
