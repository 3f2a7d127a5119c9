internal import III

/// Decides whether a connection may call a function: the steps of `AccessStep`, in order; the first that applies decides.
struct AccessPolicy {
  /// Nil: the listener has no rules, and only the session's own lists restrict its workers.
  var rules: AccessRules?
  /// What a test has denied or allowed, on every listener.
  var overrides = AccessOverrides()

  /// What is asked: a function, by the id that the caller sent.
  struct Question {
    let functionID: ByteView
    let session: AccessSession
    /// The name that the worker has reported.
    let workerName: String?
    /// Of the registered function, if there is one; read only where a filter needs it.
    let metadata: () -> JSONValue?
  }

  func decide(_ question: Question) -> AccessDecision {
    for step in AccessStep.allCases {
      if let decision = decision(of: step, question) { return decision }
    }
    return AccessDecision(isAllowed: false, step: .notExposed, detail: nil)
  }

  /// What each step says, up to the one that decides.
  func explain(_ question: Question) -> [(step: AccessStep, decision: AccessDecision?)] {
    var all: [(step: AccessStep, decision: AccessDecision?)] = []
    for step in AccessStep.allCases {
      let decision = decision(of: step, question)
      all.append((step, decision))
      if decision != nil { break }
    }
    return all
  }

  private func decision(of step: AccessStep, _ question: Question) -> AccessDecision? {
    let id = question.functionID
    let session = question.session
    switch step {
    case .override:
      return overrides.rule(for: id, workerName: question.workerName).map {
        AccessDecision(isAllowed: $0.allows, step: step, detail: $0.pattern.text)
      }
    case .forbiddenFunctions:
      return session.forbiddenFunctions.find(id).map { _ in AccessDecision(isAllowed: false, step: step, detail: nil) }
    case .grants:
      return session.grants.first { $0.matches(id) }.map {
        AccessDecision(isAllowed: true, step: step, detail: $0.text)
      }
    case .allowedFunctions:
      return session.allowedFunctions.find(id).map { _ in AccessDecision(isAllowed: true, step: step, detail: nil) }
    case .infrastructure: return Self.isInfrastructure(id) ? AccessDecision(isAllowed: true, step: step) : nil
    case .noRules: return rules == nil ? AccessDecision(isAllowed: true, step: step) : nil
    case .exposeFunctions:
      return rules?.exposeFunctions.first { $0.matches(id, metadata: question.metadata) }.map {
        AccessDecision(isAllowed: true, step: step, detail: $0.description)
      }
    case .notExposed: return AccessDecision(isAllowed: false, step: step)
    }
  }

  /// What every worker needs: channels, its own registration, logging, baggage.
  static func isInfrastructure(_ id: ByteView) -> Bool {
    // Nearly all ids of users end here.
    guard id.count > 8, id.prefix(8) == "engine::" else { return false }
    return infrastructure.contains { id == $0 }
  }

  private static let infrastructure: [StaticString] = [
    "engine::channels::create", "engine::workers::register", "engine::log::info", "engine::log::warn",
    "engine::log::error", "engine::log::debug", "engine::log::trace", "engine::baggage::get", "engine::baggage::set",
    "engine::baggage::get_all",
  ]
}

/// A step of the decision whether a function may be called, in the order of evaluation.
enum AccessStep: Sendable, Hashable, CaseIterable {
  /// `engine.access.deny` and `allow`, and `mock::access::…`.
  case override
  /// `forbidden_functions` of the session.
  case forbiddenFunctions
  /// `namespaces.default` of the session.
  case grants
  /// `allowed_functions` of the session.
  case allowedFunctions
  /// Functions that every worker may call.
  case infrastructure
  /// The listener has no rules.
  case noRules
  /// `rbac.expose_functions` of the listener.
  case exposeFunctions
  /// No step before allows the call.
  case notExposed
}

/// Whether a function may be called, and which step decided.
struct AccessDecision: Equatable {
  let isAllowed: Bool
  let step: AccessStep
  /// The pattern or the filter that matched.
  var detail: String?

  /// The step and what matched, as a log line and `explain` show them.
  var reason: String {
    switch step {
    case .override: "\(isAllowed ? "allowed" : "denied") by the test: \(detail ?? "")"
    case .forbiddenFunctions: "in forbidden_functions of the session"
    case .grants: "granted by namespaces.default of the session: \(detail ?? "")"
    case .allowedFunctions: "in allowed_functions of the session"
    case .infrastructure: "a function that every worker may call"
    case .noRules: "the listener has no rbac"
    case .exposeFunctions: "exposed by rbac.expose_functions: \(detail ?? "")"
    case .notExposed: "not exposed by rbac.expose_functions"
    }
  }

  /// The error of a denied call, in the real engine's words.
  func failure(of functionID: String) -> InvocationFailure {
    let hint = step == .forbiddenFunctions ? "remove from rbac.forbidden_functions" : "add to rbac.expose_functions"
    return InvocationFailure(code: "FORBIDDEN", message: "function '\(functionID)' not allowed (\(hint))")
  }
}

/// What a test has denied and allowed: the newest rule that matches decides.
struct AccessOverrides: Sendable, Equatable {
  struct Rule: Sendable, Equatable {
    let allows: Bool
    let pattern: WildcardPattern
    /// Nil: every worker.
    let workerName: String?
  }

  private(set) var rules: [Rule] = []

  var isEmpty: Bool { rules.isEmpty }

  /// A rule with the pattern and worker of an older one replaces it, so that rules do not pile up.
  mutating func add(_ rule: Rule) {
    rules.removeAll { $0.pattern == rule.pattern && Self.isSame($0.workerName, rule.workerName) }
    rules.append(rule)
  }

  mutating func reset() { rules = [] }

  /// The functions of access control itself are never concerned, so that `deny("*")` can be taken back.
  func rule(for id: ByteView, workerName: String?) -> Rule? {
    if id.count > 14, id.prefix(14) == "mock::access::" { return nil }
    return rules.last { rule in
      (rule.workerName == nil || Self.isSame(rule.workerName, workerName)) && rule.pattern.matches(id)
    }
  }

  private static func isSame(_ a: String?, _ b: String?) -> Bool {
    switch (a, b) {
    case (nil, nil): true
    case (let a?, let b?): a.utf8.elementsEqual(b.utf8)
    default: false
    }
  }
}
