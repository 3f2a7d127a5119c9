import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct AccessPolicyTests {
  @Test("random rules, sessions and functions are decided as the reference model decides, and explain agrees")
  func agreesWithTheModel() throws {
    var random = SeededGenerator(seed: 5)
    for round in 0..<Proofs.count(suite: 1000, full: 10_000) {
      let example = AccessExample(&random)
      let (decision, explained) = example.id.utf8View { id in
        let question = AccessPolicy.Question(
          functionID: id, session: example.session, workerName: example.workerName, metadata: { example.metadata })
        return (example.policy.decide(question), example.policy.explain(question))
      }
      #expect(decision.isAllowed == example.expected, "round \(round): \(example)")
      let listener = example.listener
      let connection = ConnectionAccess(on: listener, example.session)
      // The second answer comes from the cache.
      for _ in 0..<2 {
        let isAllowed = example.id.utf8View { id in
          listener.allows(id, connection, workerName: { example.workerName }, example.functions)
        }
        #expect(isAllowed == example.expected, "round \(round): \(example)")
      }
      #expect(explained.last?.decision == decision, "round \(round)")
      #expect(explained.dropLast().allSatisfy { $0.decision == nil }, "round \(round)")
    }
  }

  @Test("a denied function is named, with what to change")
  func failures() {
    let exposed = AccessDecision(isAllowed: false, step: .notExposed).failure(of: "a::b")
    #expect(exposed.code == "FORBIDDEN")
    #expect(exposed.message == "function 'a::b' not allowed (add to rbac.expose_functions)")
    let forbidden = AccessDecision(isAllowed: false, step: .forbiddenFunctions).failure(of: "a::b")
    #expect(forbidden.message == "function 'a::b' not allowed (remove from rbac.forbidden_functions)")
  }

  @Test(
    "metadata is compared strictly: 1 is neither 1.0 nor \"1\"",
    arguments: [
      (#"{"ew":true}"#, true), (#"{"ew":"true"}"#, false), (#"{"ew":1}"#, false), (#"{}"#, false), (#"[]"#, false),
    ] as [(String, Bool)])
  func strictMetadata(metadata: String, expected: Bool) throws {
    let value = try JSONValue(parsing: metadata)
    let filter = FunctionFilter.metadata([.equals("ew", true)])
    #expect("f".utf8View { filter.matches($0, metadata: { value }) } == expected)
    let number = FunctionFilter.metadata([.equals("n", 1)])
    for (text, isEqual) in [("1", true), ("1.0", false), ("\"1\"", false), ("1e0", false)] {
      let value = try JSONValue(parsing: "{\"n\":\(text)}")
      #expect("f".utf8View { number.matches($0, metadata: { value }) } == isEqual, "\(text)")
    }
  }

  @Test("the newest override that matches decides, for one worker or for all")
  func overrides() {
    var overrides = AccessOverrides()
    func allows(_ id: String, _ worker: String? = nil) -> Bool? {
      id.utf8View { overrides.rule(for: $0, workerName: worker)?.allows }
    }
    overrides.add(.init(allows: false, pattern: WildcardPattern("orders::*"), workerName: nil))
    #expect(allows("orders::charge") == false)
    #expect(allows("bank::charge") == nil)
    overrides.add(.init(allows: true, pattern: WildcardPattern("orders::charge"), workerName: "web"))
    #expect(allows("orders::charge", "web") == true)
    #expect(allows("orders::charge", "other") == false)
    overrides.add(.init(allows: false, pattern: WildcardPattern("orders::*"), workerName: nil))
    #expect(overrides.rules.count == 2)
    overrides.reset()
    #expect(allows("orders::charge") == nil)
  }

  @Test("a thousand filters with patterns made for backtracking are tried in linear time")
  func patternsForBacktracking() {
    let pattern = String(repeating: "a*", count: 50) + "b"
    let rules = AccessRules(exposeFunctions: (0..<1000).map { .matching("\(pattern)\($0)") })
    let listener = ListenerAccess(.init(access: rules), index: 0)
    let connection = ConnectionAccess(on: listener, AccessSession())
    let id = String(repeating: "a", count: 2000)
    let time = threadTime {
      #expect(!id.utf8View { listener.allows($0, connection, workerName: { nil }, FunctionRegistry()) })
    }
    #expect(time < 5)
  }
}

/// One random case, with what a plain reading of the rules says about it.
private struct AccessExample: CustomStringConvertible {
  var policy: AccessPolicy
  let session: AccessSession
  let id: String
  let metadata: JSONValue?
  let workerName: String?
  let expected: Bool
  let description: String

  /// A listener with these rules, which decides as calls are decided.
  var listener: ListenerAccess {
    let listener = ListenerAccess(.init(access: policy.rules), index: 0)
    listener.policy = policy
    return listener
  }

  /// A table with the function, if it is registered.
  var functions: FunctionRegistry {
    var functions = FunctionRegistry()
    if let metadata {
      functions.register(
        FunctionEntry(
          name: FunctionName(id), target: .worker(PeerID(slot: 0, generation: 1)), metadata: metadata.jsonBytes))
    }
    return functions
  }

  private static let ids = [
    "a::x", "a::y", "b::x", "engine::log::info", "engine::functions::list", "engine::channels::create", "a",
  ]
  private static let patterns = ["a::*", "*::x", "*", "b", "engine::*", "a::y", "*log*"]

  init(_ random: inout SeededGenerator) {
    func some<T>(_ items: [T], _ random: inout SeededGenerator) -> [T] { items.filter { _ in random.oneIn(4) } }
    id = random.pick(Self.ids)
    workerName = random.pick(["w", nil])
    let level = random.below(3)
    metadata = random.oneIn(2) ? ["level": .int(Int64(level))] : nil
    let allowed = some(Self.ids, &random), forbidden = some(Self.ids, &random), granted = some(Self.patterns, &random)
    session =
      (try? AccessSession(
        authResult: [
          "allowed_functions": .array(allowed.map { .string($0) }),
          "forbidden_functions": .array(forbidden.map { .string($0) }),
          "namespaces": ["default": .array(granted.map { .string($0) })],
        ], readsNamespaces: true)) ?? AccessSession()
    let exposed = some(Self.patterns, &random)
    let wantedLevel = random.oneIn(3) ? random.below(3) : nil
    let hasRules = !random.oneIn(4)
    let overridden: [AccessOverrides.Rule] = some(Self.patterns, &random).filter { _ in random.oneIn(3) }.map {
      .init(allows: random.oneIn(2), pattern: WildcardPattern($0), workerName: random.pick(["w", nil]))
    }
    var filters = exposed.map { FunctionFilter.matching($0) }
    if let wantedLevel { filters.append(.metadata([.equals("level", .int(Int64(wantedLevel)))])) }
    policy = AccessPolicy(rules: hasRules ? AccessRules(exposeFunctions: filters) : nil)
    for rule in overridden { policy.overrides.add(rule) }
    expected = Self.reference(
      id, overrides: policy.overrides.rules, worker: workerName, forbidden: forbidden, granted: granted,
      allowed: allowed, exposed: hasRules ? exposed : nil, level: metadata == nil ? nil : level, wanted: wantedLevel)
    description = "\(id) worker \(workerName ?? "-") \(policy) allowed \(allowed) forbidden \(forbidden) \(granted)"
  }

  private static func reference(
    _ id: String, overrides: [AccessOverrides.Rule], worker: String?, forbidden: [String], granted: [String],
    allowed: [String], exposed: [String]?, level: Int?, wanted: Int?
  ) -> Bool {
    func matches(_ pattern: String) -> Bool {
      switch pattern {
      case "*": true
      case "a::*": id.hasPrefix("a::")
      case "engine::*": id.hasPrefix("engine::")
      case "*::x": id.hasSuffix("::x")
      case "*log*": id.contains("log")
      default: id == pattern
      }
    }
    for rule in overrides.reversed() where rule.workerName == nil || rule.workerName == worker {
      if matches(rule.pattern.text) { return rule.allows }
    }
    if forbidden.contains(id) { return false }
    if granted.contains(where: matches) || allowed.contains(id) { return true }
    if ["engine::log::info", "engine::channels::create"].contains(id) { return true }
    guard let exposed else { return true }
    return exposed.contains(where: matches) || (level != nil && level == wanted)
  }
}
