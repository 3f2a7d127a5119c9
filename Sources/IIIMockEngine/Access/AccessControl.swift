public import III

/// Denies and allows functions while an engine runs, and tells why a call is denied: for tests of what a worker does
/// when it may not call something.
///
/// ```swift
/// engine.access.deny("orders::*")
/// let error = await #expect(throws: IIIForbiddenError.self) {
///   let _: Int = try await worker.trigger("orders::charge", payload: 3)
/// }
/// let denial = try await engine.waitForDenial(of: "orders::charge")
/// engine.access.reset()
/// ```
///
/// What is denied here is denied on every listener, also on one without rules, with the error of the real engine.
/// Commands take effect in their order, before any message that a worker sends after them.
public struct AccessControl: Sendable {
  let core: EngineCore

  /// Denies calls of the functions whose ids match a pattern, in which `*` stands for any text.
  ///
  /// Of several rules that match an id the newest decides.
  ///
  /// - Parameters:
  ///   - pattern: Matches the functions' ids.
  ///   - workerName: The name of the worker that is concerned; nil: every worker.
  public func deny(_ pattern: String, for workerName: String? = nil) { add(allows: false, pattern, workerName) }

  /// Allows calls of the functions whose ids match a pattern, whatever the listener's rules say.
  ///
  /// Of several rules that match an id the newest decides.
  ///
  /// - Parameters:
  ///   - pattern: Matches the functions' ids.
  ///   - workerName: The name of the worker that is concerned; nil: every worker.
  public func allow(_ pattern: String, for workerName: String? = nil) { add(allows: true, pattern, workerName) }

  /// Takes back all that `deny` and `allow` have set.
  public func reset() { core.commands.post(.reset) }

  /// Whether a connected worker may call a function, and which rule decides.
  ///
  /// - Throws: ``MockEngineError/notConnected(workerID:)`` if the worker is not connected to this engine;
  ///   ``MockEngineError/stopped``.
  public func explain(_ functionID: String, as worker: III) async throws -> AccessExplanation {
    try await core.explainAccess(to: functionID, by: worker.workerID ?? "none")
  }

  private func add(allows: Bool, _ pattern: String, _ workerName: String?) {
    let rule = AccessOverrides.Rule(allows: allows, pattern: WildcardPattern(pattern), workerName: workerName)
    core.commands.post(.add(rule))
  }
}

/// Why a function may or may not be called.
public struct AccessExplanation: Sendable, Hashable, CustomStringConvertible {
  /// What one rule says, in the order of evaluation.
  public struct Step: Sendable, Hashable {
    /// The rule, as `rbac.expose_functions`.
    public let rule: String
    /// What it says; nil if it does not apply.
    public let verdict: String?
  }

  /// The function that is asked about.
  public let functionID: String
  /// Whether it may be called.
  public let isAllowed: Bool
  /// The rules up to the one that decides, which is the last.
  public let steps: [Step]

  /// A line for the decision and one for each rule.
  public var description: String {
    let lines = steps.map { "  \($0.rule): \($0.verdict ?? "does not apply")" }
    return (["\(functionID): \(isAllowed ? "allowed" : "denied")"] + lines).joined(separator: "\n")
  }
}

extension AccessExplanation {
  init(_ functionID: String, _ explained: [(step: AccessStep, decision: AccessDecision?)]) {
    self.functionID = functionID
    isAllowed = explained.last?.decision?.isAllowed ?? false
    steps = explained.map { Step(rule: $0.step.name, verdict: $0.decision?.verdict) }
  }

  /// As `mock::access::explain` answers.
  var json: JSONValue {
    [
      "function_id": .string(functionID), "allowed": .bool(isAllowed),
      "steps": .array(
        steps.map { ["rule": .string($0.rule), "verdict": $0.verdict.map { .string($0) } ?? .null] }),
    ]
  }
}

extension AccessStep {
  fileprivate var name: String {
    switch self {
    case .override: "deny and allow of the test"
    case .forbiddenFunctions: "forbidden_functions of the session"
    case .grants: "namespaces of the session"
    case .allowedFunctions: "allowed_functions of the session"
    case .infrastructure: "functions that every worker may call"
    case .noRules: "listener without rbac"
    case .exposeFunctions: "rbac.expose_functions"
    case .notExposed: "otherwise"
    }
  }
}

extension AccessDecision {
  fileprivate var verdict: String { "\(isAllowed ? "allowed" : "denied"), \(reason)" }
}

extension MockEngine {
  /// Denies and allows functions, and tells why.
  public var access: AccessControl { AccessControl(core: core) }

  /// What access control has denied, oldest first: the last 1,000.
  public var denials: [AccessDenial] { get async { await core.denials } }

  /// Suspends until something has been denied whose id matches a pattern, in which `*` stands for any text; returns at
  /// once if it has been already. Of earlier denials the last 1,000 count.
  ///
  /// - Parameters:
  ///   - pattern: Matches the id of what was denied.
  ///   - count: How many denials are waited for.
  ///   - limit: How long to wait, in real time.
  /// - Returns: The denial that is the last of `count`.
  /// - Throws: ``MockEngineError/timedOut(_:)``, which lists what was denied; `CancellationError`, or
  ///   ``MockEngineError/stopped``.
  @discardableResult
  public func waitForDenial(of pattern: String, count: Int = 1, within limit: Duration = .seconds(10)) async throws
    -> AccessDenial
  {
    try await core.waitForDenial(of: WildcardPattern(pattern), count: count, within: limit)
  }
}
