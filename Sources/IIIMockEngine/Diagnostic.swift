/// A frame that the engine ignored, and why: the real engine says this nowhere but in its own log.
public struct Diagnostic: Sendable, Hashable, CustomStringConvertible {
  /// Who sent it.
  public let worker: WorkerLabel
  /// What it was meant to be: its `type`, or `frame` if it has none that is known.
  public let kind: String
  /// What is wrong with it, as ``missing field `data` ``. Payloads are never quoted.
  public let problem: String
  /// What to do about it, where the problem does not say so itself.
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
