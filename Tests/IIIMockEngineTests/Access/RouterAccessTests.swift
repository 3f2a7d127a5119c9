import III
import Testing

@testable import IIIMockEngine

/// Access control in the router, without sockets: a host serves hooks and middleware on the open listener 0, guests
/// connect to listener 1.
@Suite struct RouterAccessTests {
  private func setting(
    _ compatibility: Compatibility = .current, middleware: String? = nil,
    _ change: (inout AccessRules) -> Void = { _ in }
  ) -> RouterBench {
    var rules = AccessRules(exposeFunctions: [.matching("public::*")])
    change(&rules)
    return RouterBench(compatibility, listeners: [.init(), .init(access: rules, middlewareFunctionID: middleware)])
  }

  private static let ping = #"{"type":"ping"}"#
  private static let pong: JSONValue = ["type": "pong"]

  private func code(_ answer: JSONValue?) -> JSONValue? { answer?["error"]?["code"] }

  // MARK: Calls

  @Test("a call that no filter exposes is answered with FORBIDDEN, names the function, and reaches nobody")
  func forbidden() throws {
    var bench = setting()
    let host = bench.connect("host", functions: "private::f", "public::f")
    let guest = try bench.connect(on: 1, "guest")
    bench.call(guest, 1, "private::f")
    let answer = bench.output.take(guest).first
    #expect(answer?["function_id"] == "private::f")
    #expect(
      answer?["error"]
        == ["code": "FORBIDDEN", "message": "function 'private::f' not allowed (add to rbac.expose_functions)"])
    #expect(bench.output.take(host).isEmpty)
    bench.call(guest, 2, "public::f")
    #expect(bench.output.take(host).first?["function_id"] == "public::f")
    let denial = try #require(bench.router.access.denials.all.first)
    #expect(denial.attempt == .call && denial.id == "private::f" && denial.worker.name == "guest")
    #expect(denial.reason == "not exposed by rbac.expose_functions")
    #expect(bench.output.events.contains(.accessDenied(denial)))
  }

  @Test("a function that does not exist is forbidden if it is not exposed, and not found if it is")
  func unknownFunctions() throws {
    var bench = setting()
    let guest = try bench.connect(on: 1)
    bench.call(guest, 1, "private::none")
    #expect(code(bench.output.take(guest).first) == "FORBIDDEN")
    bench.call(guest, 2, "public::none")
    #expect(code(bench.output.take(guest).first) == "function_not_found")
  }

  @Test("ids with every character are compared byte by byte")
  func oddIDs() throws {
    var bench = setting { $0.exposeFunctions = [.matching("caf\u{E9}"), .matching("a\"*\\")] }
    let host = bench.connect("host")
    for id in [#"caf\u00e9"#, #"cafe\u0301"#, #"a\"\n\\"#, #"a\"\n"#] {
      bench.send(host, #"{"type":"registerfunction","id":"\#(id)"}"#)
    }
    let guest = try bench.connect(
      on: 1, session: ["forbidden_functions": ["\u{0}"], "allowed_functions": ["\u{1F600}"]])
    for (number, (id, isAllowed)) in [
      (#"caf\u00e9"#, true), (#"cafe\u0301"#, false), (#"a\"\n\\"#, true), (#"a\"\n"#, false),
      (#"\ud83d\ude00"#, true), (#"\u0000"#, false), ("", false),
    ].enumerated() {
      bench.call(guest, number, id)
      let answer = bench.output.take(guest).first
      #expect((code(answer) != "FORBIDDEN") == isAllowed, "\(id): \(String(describing: answer))")
    }
  }

  @Test("metadata filters follow every registration and its end")
  func metadataChanges() throws {
    var bench = setting { $0.exposeFunctions = [.metadata([.equals("open", true)])] }
    let host = bench.connect("host")
    let guest = try bench.connect(on: 1)
    func isAllowed(_ bench: inout RouterBench) -> Bool {
      bench.call(guest, 1, "f")
      _ = bench.output.take(host)
      return code(bench.output.take(guest).last) != "FORBIDDEN"
    }
    bench.send(host, #"{"type":"registerfunction","id":"f","metadata":{"open":false}}"#)
    #expect(!isAllowed(&bench))
    bench.send(host, #"{"type":"registerfunction","id":"f","metadata":{"open":true}}"#)
    #expect(isAllowed(&bench))
    bench.send(host, #"{"type":"unregisterfunction","id":"f"}"#)
    #expect(!isAllowed(&bench))
    bench.send(host, #"{"type":"registerfunction","id":"f","metadata":{"open":true}}"#)
    #expect(isAllowed(&bench))
    bench.disconnect(host)
    #expect(!isAllowed(&bench))
  }

  @Test("a session with 100,000 allowed functions is decided at once")
  func manyAllowed() throws {
    var bench = setting()
    let ids = (0..<100_000).map { JSONValue.string("private::\($0)") }
    let guest = try bench.connect(on: 1, session: ["allowed_functions": .array(ids)])
    bench.call(guest, 1, "private::99999")
    #expect(code(bench.output.take(guest).first) == "function_not_found")
    bench.call(guest, 2, "private::100000")
    #expect(code(bench.output.take(guest).first) == "FORBIDDEN")
  }

  @Test("more ids than the cache holds are decided as well, long ones too")
  func manyIDs() throws {
    var bench = setting()
    let guest = try bench.connect(on: 1)
    for number in 0..<5000 {
      bench.call(guest, 1, number % 2 == 0 ? "public::\(number)" : "private::\(number)")
    }
    let codes = bench.output.take(guest).map { code($0) }
    #expect(codes.count == 5000)
    #expect(codes.enumerated().allSatisfy { $1 == ($0 % 2 == 0 ? "function_not_found" : "FORBIDDEN") })
    bench.call(guest, 1, "public::" + String(repeating: "x", count: 1000))
    #expect(code(bench.output.take(guest).first) == "function_not_found")
  }

  // MARK: Tests that deny and allow

  @Test("what a test denies is denied on a listener without rules too, until it is taken back")
  func overrides() throws {
    var bench = setting()
    let host = bench.connect("host", functions: "orders::charge", "private::f")
    let web = bench.connect("web")
    let guest = try bench.connect(on: 1, "guest")
    func isAllowed(_ bench: inout RouterBench, _ peer: PeerID, _ id: String) -> Bool {
      bench.call(peer, 1, id)
      _ = bench.output.take(host)
      return code(bench.output.take(peer).last) != "FORBIDDEN"
    }
    let access = bench.router.access
    access.apply(.add(.init(allows: false, pattern: WildcardPattern("orders::*"), workerName: nil)))
    #expect(!isAllowed(&bench, web, "orders::charge"))
    access.apply(.add(.init(allows: true, pattern: WildcardPattern("*"), workerName: "guest")))
    #expect(isAllowed(&bench, guest, "private::f"))
    #expect(!isAllowed(&bench, web, "orders::charge"))
    access.apply(.reset)
    #expect(isAllowed(&bench, web, "orders::charge"))
    #expect(!isAllowed(&bench, guest, "private::f"))
    #expect(access.denials.all.first?.reason == "denied by the test: orders::*")
  }

  @Test("the functions under mock::access deny, allow and take back; a test cannot lock itself out")
  func functions() throws {
    var bench = setting()
    let tester = bench.connect("tester", functions: "f")
    bench.call(tester, 1, "mock::access::deny", #"{"pattern":"*"}"#)
    #expect(bench.output.take(tester).first?["result"] == ["success": true])
    bench.call(tester, 2, "f")
    #expect(code(bench.output.take(tester).first) == "FORBIDDEN")
    bench.call(tester, 3, "mock::access::allow", #"{"pattern":"f","worker_name":"tester"}"#)
    bench.call(tester, 4, "mock::access::explain", #"{"function_id":"f","worker_name":"tester"}"#)
    let explanation = bench.output.take(tester).last?["result"]
    #expect(explanation?["allowed"] == true)
    #expect(explanation?["steps"]?[0]?["verdict"] == "allowed, allowed by the test: f")
    bench.call(tester, 5, "mock::access::reset")
    bench.call(tester, 6, "mock::access::denials")
    let denials = bench.output.take(tester).last?["result"]?["denials"]
    #expect(denials?[0]?["id"] == "f" && denials?[1] == nil)
    bench.call(tester, 7, "mock::access::explain", #"{"function_id":"f","worker_name":"nobody"}"#)
    bench.call(tester, 8, "mock::access::explain", #"{"function_id":"f","listener":2}"#)
    let errors = bench.output.take(tester).map { $0["error"]?["message"] }
    #expect(
      errors == [
        "Worker 'nobody' is not connected.", "There is no listener 2: this engine has 2, from 0 on.",
      ])
  }

  @Test("an explanation for a new connection asks the listener's auth function")
  func explainsNewConnections() throws {
    var bench = setting { $0.authFunctionID = "gate::auth" }
    let host = bench.connect("host", functions: "gate::auth")
    let tester = bench.connect("tester")
    bench.call(
      tester, 1, "mock::access::explain",
      #"{"function_id":"private::f","listener":1,"headers":{"X-Token":"t"},"query":"a=1"}"#)
    let asked = bench.output.take(host).first
    #expect(asked?["data"]?["headers"] == ["x-token": "t"])
    #expect(asked?["data"]?["query_params"] == ["a": ["1"]])
    guard case .string(let id)? = asked?["invocation_id"] else { throw Missing() }
    bench.answer(host, id, #","result":{"forbidden_functions":["private::f"]}"#)
    let result = bench.output.take(tester).first?["result"]
    #expect(result?["allowed"] == false)
    #expect(result?["steps"]?[1]?["verdict"] == "denied, in forbidden_functions of the session")
    bench.call(tester, 2, "mock::access::explain", #"{"function_id":"f","listener":1}"#)
    guard case .string(let next)? = bench.output.take(host).first?["invocation_id"] else { throw Missing() }
    bench.answer(host, next, #","error":{"code":"x","message":"no"}"#)
    #expect(bench.output.take(tester).first?["error"] == ["code": "AUTH_ERROR", "message": "no"])
  }

  @Test("a strict engine has no functions and no worker of its own")
  func strictHasNone() throws {
    var bench = RouterBench(.v0_13)
    let caller = bench.connect("caller")
    bench.call(caller, 1, "mock::access::reset")
    #expect(code(bench.output.take(caller).first) == "function_not_found")
    #expect(!bench.router.inProcess.contains { $0.name == "mock" })
    #expect(RouterBench(.current).router.inProcess.contains { $0.name == "mock" })
  }

  // MARK: Hooks

  @Test("while a hook is asked, pings and results go on and all other messages wait in order")
  func messagesWait() throws {
    var bench = setting { $0.onFunctionRegistrationFunctionID = "gate::hook" }
    let host = bench.connect("host", functions: "gate::hook", "public::f")
    let guest = try bench.connect(on: 1)
    bench.send(guest, #"{"type":"registerfunction","id":"a"}"#)
    bench.call(guest, 1, "private::x")
    bench.send(guest, #"{"type":"registerfunction","id":"b"}"#)
    bench.call(guest, 2, "private::y")
    bench.send(guest, Self.ping)
    #expect(bench.output.take(guest) == [Self.pong])
    #expect(bench.output.paused.isEmpty)
    try answerHook(&bench, host, "{}")
    // Only the messages up to the next registration.
    #expect(bench.output.take(guest).map { $0["function_id"] } == ["private::x"])
    #expect(bench.router.functions.entry("a") != nil && bench.router.functions.entry("b") == nil)
    try answerHook(&bench, host, "{}")
    #expect(bench.output.take(guest).map { $0["function_id"] } == ["private::y"])
    #expect(bench.router.functions.entry("b") != nil)
  }

  @Test("a strict engine handles nothing of a connection while a hook is asked about it")
  func strictPauses() throws {
    var bench = setting(.v0_13) { $0.onFunctionRegistrationFunctionID = "gate::hook" }
    let host = bench.connect("host", functions: "gate::hook")
    let guest = try bench.connect(on: 1)
    bench.send(guest, #"{"type":"registerfunction","id":"a"}"#)
    #expect(bench.output.paused == [guest])
    try answerHook(&bench, host, "{}")
    #expect(bench.output.paused.isEmpty)
  }

  @Test("what waits for a hook is limited: beyond it the connection is not read")
  func heldLimit() throws {
    var bench = setting { $0.onFunctionRegistrationFunctionID = "gate::hook" }
    let host = bench.connect("host", functions: "gate::hook")
    let guest = try bench.connect(on: 1)
    bench.send(guest, #"{"type":"registerfunction","id":"a"}"#)
    let large = #"{"type":"unregisterfunction","id":"\#(String(repeating: "x", count: 1 << 20))"}"#
    for _ in 0..<15 { bench.send(guest, large) }
    #expect(bench.output.paused.isEmpty)
    bench.send(guest, large)
    #expect(bench.output.paused == [guest])
    try answerHook(&bench, host, "{}")
    #expect(bench.output.paused.isEmpty)
  }

  @Test(
    "only an object allows a registration",
    arguments: [
      (#","result":{}"#, true), (#","result":{"other":1}"#, true), (#","result":[]"#, false),
      (#","result":true"#, false), (#","result":null"#, false), ("", false),
      (#","error":{"code":"no","message":"no"}"#, false), (#","result":"{}""#, false),
    ])
  func verdicts(answer: String, isAllowed: Bool) throws {
    var bench = setting { $0.onFunctionRegistrationFunctionID = "gate::hook" }
    let host = bench.connect("host", functions: "gate::hook")
    let guest = try bench.connect(on: 1)
    bench.send(guest, #"{"type":"registerfunction","id":"a"}"#)
    guard case .string(let id)? = bench.output.take(host).first?["invocation_id"] else { throw Missing() }
    bench.answer(host, id, answer)
    bench.answer(host, id, #","result":{"function_id":"twice"}"#)
    #expect((bench.router.functions.entry("a") != nil) == isAllowed)
    #expect(bench.router.functions.entry("twice") == nil)
    #expect((bench.router.access.denials.count == 1) == !isAllowed)
    #expect(bench.output.take(guest).isEmpty)
  }

  @Test("a hook that is not registered, or whose worker leaves, denies")
  func hooksThatEnd() throws {
    var bench = setting { $0.onTriggerRegistrationFunctionID = "gate::hook" }
    let guest = try bench.connect(on: 1)
    let trigger = #"{"type":"registertrigger","id":"t","trigger_type":"x","function_id":"f","config":{}}"#
    bench.send(guest, trigger)
    #expect(
      bench.router.access.denials.all.last?.reason
        == "hook 'gate::hook' failed: function_not_found: Function gate::hook not found")
    let host = bench.connect("host", functions: "gate::hook")
    bench.send(guest, trigger)
    bench.disconnect(host)
    #expect(
      bench.router.access.denials.all.last?.reason
        == "hook 'gate::hook' failed: invocation_stopped: Invocation stopped")
    bench.send(guest, Self.ping)
    #expect(bench.output.take(guest) == [Self.pong])
  }

  @Test("a worker that leaves while a hook is asked is gone, and the answer changes nothing")
  func leavesDuringHook() throws {
    var bench = setting { $0.onFunctionRegistrationFunctionID = "gate::hook" }
    let host = bench.connect("host", functions: "gate::hook")
    let guest = try bench.connect(on: 1)
    bench.send(guest, #"{"type":"registerfunction","id":"a"}"#)
    bench.disconnect(guest)
    let other = try bench.connect(on: 1)
    #expect(other.slot == guest.slot)
    try answerHook(&bench, host, "{}")
    #expect(bench.router.functions.entry("a") == nil)
  }

  @Test("a hook without an answer is reported after 5 s, once, with its name")
  func slowHooks() throws {
    var bench = setting { $0.onFunctionRegistrationFunctionID = "gate::hook" }
    let host = bench.connect("host", functions: "gate::hook")
    for _ in 0..<3 {
      bench.send(try bench.connect(on: 1, "guest"), #"{"type":"registerfunction","id":"a"}"#)
    }
    bench.advance(by: .milliseconds(4999))
    #expect(bench.output.warnings.isEmpty)
    bench.advance(by: .milliseconds(1))
    #expect(bench.output.warnings.count == 1)
    #expect(bench.output.warnings.first?.hasPrefix("hook 'gate::hook' has not answered for 5 s") == true)
    _ = host
  }

  @Test("an auth function without an answer is reported after 5 s, and again after it has answered")
  func slowAuthentication() {
    var bench = setting { $0.authFunctionID = "gate::auth" }
    let host = bench.connect("host", functions: "gate::auth")
    func ask(_ number: UInt64) {
      bench.router.authenticate(
        AuthenticationToken(number: number), with: "gate::auth",
        AuthenticationInput(headers: [:], query: nil, ipAddress: "127.0.0.1"))
      bench.settle()
    }
    ask(1)
    ask(2)
    bench.advance(by: .seconds(6))
    let wanted = "auth function 'gate::auth' has not answered for 5 s"
    #expect(bench.output.warnings.map { $0.hasPrefix(wanted) } == [true])
    guard case .string(let id)? = bench.output.take(host).first?["invocation_id"] else { return }
    bench.answer(host, id, #","result":{}"#)
    #expect(bench.output.verdicts.count == 1)
    ask(3)
    bench.advance(by: .seconds(6))
    #expect(bench.output.warnings.count == 2)
  }

  private func answerHook(_ bench: inout RouterBench, _ host: PeerID, _ result: String) throws {
    guard case .string(let id)? = bench.output.take(host).last?["invocation_id"] else { throw Missing() }
    bench.answer(host, id, #","result":\#(result)"#)
  }

  struct Missing: Error {}

  // MARK: Middleware

  @Test("middleware answers in place of the function, with the payload as it was sent, under the caller's id")
  func middleware() throws {
    var bench = setting(middleware: "gate::audit")
    let host = bench.connect("host", functions: "gate::audit", "public::f")
    let guest = try bench.connect(on: 1, session: ["context": ["user": "ada"]])
    bench.call(guest, 1, "public::f", #"{"n":1.0}"#, #","traceparent":"odd","action":{"type":"enqueue","queue":"q"}"#)
    let call = bench.output.take(host).first
    #expect(
      call?["data"] == [
        "function_id": "public::f", "payload": ["n": 1.0], "action": ["type": "enqueue", "queue": "q"],
        "context": ["user": "ada"],
      ])
    guard case .string(let own)? = call?["invocation_id"] else { throw Missing() }
    #expect(own != id(1))
    bench.answer(host, own, #","error":{"code":"C","message":"m","stacktrace":"s"}"#)
    let answer = bench.output.take(guest).first
    #expect(answer?["invocation_id"] == .string(id(1)))
    #expect(answer?["function_id"] == "public::f")
    #expect(answer?["traceparent"] == "odd")
    #expect(answer?["error"] == ["code": "C", "message": "m", "stacktrace": "s"])
  }

  @Test("an answer of middleware for a caller that has left does not reach the worker that has its place")
  func middlewareOutlivesItsCaller() throws {
    var bench = setting(middleware: "gate::audit")
    let host = bench.connect("host", functions: "gate::audit")
    let guest = try bench.connect(on: 1)
    bench.call(guest, 1, "public::f")
    guard case .string(let call)? = bench.output.take(host).first?["invocation_id"] else { throw Missing() }
    bench.disconnect(guest)
    let other = try bench.connect(on: 1)
    #expect(other.slot == guest.slot)
    bench.answer(host, call, #","result":1"#)
    #expect(bench.output.take(other).isEmpty && bench.output.take(guest).isEmpty)
  }

  @Test("middleware that is missing or whose worker leaves is an error of the call")
  func middlewareThatEnds() throws {
    var bench = setting(middleware: "gate::audit")
    let guest = try bench.connect(on: 1)
    bench.call(guest, 1, "public::f")
    let missing = bench.output.take(guest).first
    #expect(missing?["function_id"] == "public::f")
    #expect(missing?["error"] == ["code": "function_not_found", "message": "Function gate::audit not found"])
    let host = bench.connect("host", functions: "gate::audit")
    bench.call(guest, 2, "public::f")
    bench.disconnect(host)
    #expect(code(bench.output.take(guest).first) == "invocation_stopped")
  }

  // MARK: Prefixes

  @Test("a prefix is put in front of registrations and taken off for their owner, on unregistration too")
  func prefixes() throws {
    var bench = setting()
    let host = bench.connect("host")
    let guest = try bench.connect(on: 1, session: ["function_registration_prefix": "team"])
    bench.send(guest, #"{"type":"registerfunction","id":"f"}"#)
    bench.send(guest, #"{"type":"registerfunction","id":"team::g"}"#)
    bench.call(host, 1, "team::f")
    bench.call(host, 2, "team::team::g")
    #expect(bench.output.take(guest).map { $0["function_id"] } == ["f", "team::g"])
    bench.call(host, 3, "f")
    #expect(code(bench.output.take(host).first) == "function_not_found")
    bench.send(guest, #"{"type":"unregisterfunction","id":"team::f"}"#)
    #expect(bench.router.functions.entry("team::f") != nil)
    bench.send(guest, #"{"type":"unregisterfunction","id":"f"}"#)
    #expect(bench.router.functions.entry("team::f") == nil)
  }

  // MARK: Discovery

  @Test("listings of functions show a session what it may call, the engine's own calls everything")
  func discovery() throws {
    var bench = setting { $0.exposeFunctions.append(.matching("engine::functions::*")) }
    _ = bench.connect("host", functions: "public::a", "private::b")
    let guest = try bench.connect(on: 1)
    bench.call(guest, 1, "engine::functions::list")
    let rows = bench.output.take(guest).first?["result"]?["functions"]
    #expect(rows?[0]?["function_id"] == "public::a" && rows?[1] == nil)
    for (function, wanted) in [
      (
        "private::b",
        InvocationFailure(code: "FORBIDDEN", message: "Function 'private::b' is not visible to this session.")
      ),
      (
        "private::none",
        InvocationFailure(code: "FORBIDDEN", message: "Function 'private::none' is not visible to this session.")
      ),
      ("public::none", InvocationFailure(code: "NOT_FOUND", message: "Function 'public::none' is not registered.")),
    ] {
      bench.call(guest, 2, "engine::functions::info", #"{"function_id":"\#(function)"}"#)
      let error = bench.output.take(guest).first?["error"]
      #expect(error?["code"] == .string(wanted.code) && error?["message"] == .string(wanted.message))
    }
  }

  // MARK: Warnings

  @Test("what the real engine does without a word is logged, once per worker and cause")
  func warnings() throws {
    var bench = setting(middleware: "gate::audit") {
      $0.onFunctionRegistrationFunctionID = "gate::hook"
      $0.exposeFunctions = [.matching("engine::*"), .matching("publik::*")]
    }
    let host = bench.connect("host", functions: "gate::hook", "gate::audit", "engine::mine", "private::f")
    bench.send(host, #"{"type":"registertrigger","id":"foreign","trigger_type":"log","function_id":"f","config":{}}"#)
    bench.send(host, #"{"type":"registertriggertype","id":"x","description":""}"#)
    bench.send(host, #"{"type":"registertrigger","id":"theirs","trigger_type":"x","function_id":"f","config":{}}"#)
    _ = bench.output.take(host)
    let guest = try bench.connect(on: 1, session: ["function_registration_prefix": ""], "guest")
    for _ in 0..<2 {
      bench.call(guest, 1, "engine::mine")
      _ = bench.output.take(host)
      bench.send(guest, #"{"type":"registerfunction","id":"a","metadata":{"k":1}}"#)
      try answerHook(&bench, host, #"{"function_id":"b","metadata":null}"#)
      bench.call(guest, 2, "private::f")
    }
    bench.send(guest, #"{"type":"unregistertrigger","id":"theirs"}"#)
    let other = try bench.connect(on: 1, "other")
    bench.send(other, #"{"type":"registertrigger","id":"t","trigger_type":"x","function_id":"private::f","config":{}}"#)
    let places = bench.output.warnings.map { text in Self.wanted.firstIndex { text.contains($0) } ?? -1 }
    #expect(places == Array(Self.wanted.indices), "\(bench.output.warnings)")
  }

  private static let wanted = [
    "its calls of 'engine::mine' do not pass middleware 'gate::audit'",
    "hook 'gate::hook' changed a registration: function 'a' became 'b'",
    "hook 'gate::hook' changed a registration: null erased the metadata of function 'b'",
    "function_registration_prefix of its session is an empty text",
    "the filter match(\"publik::*\") of rbac.expose_functions of listener 1 matches no registered function",
    "it unregistered trigger 'theirs' of host",
    "its trigger 't' calls 'private::f', which the worker itself may not call",
  ]

  @Test("a hook that is served by the connection that it is asked about is named as a deadlock of the real engine")
  func deadlock() throws {
    var bench = setting { $0.onFunctionRegistrationFunctionID = "hook" }
    let guest = try bench.connect(on: 1)
    // Nobody serves the hook yet: the registration is denied; a test lets the hook in.
    bench.send(guest, #"{"type":"registerfunction","id":"hook"}"#)
    #expect(bench.router.functions.entry("hook") == nil)
    bench.router.register(
      FunctionEntry(name: FunctionName("hook"), target: .worker(guest)), from: guest, bench.output)
    bench.send(guest, #"{"type":"registerfunction","id":"a"}"#)
    #expect(
      bench.output.warnings.contains { $0.contains("hook 'hook' is served by the connection whose registrations") })
    try answerHook(&bench, guest, "{}")
    #expect(bench.router.functions.entry("a") != nil)
  }
}
