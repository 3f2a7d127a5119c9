import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

/// Access control over real sockets: a host serves auth function and hooks on an open listener, guests come to another.
@Suite(.timeLimit(.minutes(5))) struct AccessTests {
  /// Runs `body` with an engine of two listeners, and a host on the open one that has registered `functions`.
  private func withHost(
    _ rules: AccessRules, _ compatibility: Compatibility = .current, functions: String...,
    onEvent: (@Sendable (EngineEvent) -> Void)? = nil,
    _ body: (MockEngine, _ host: RawPeer, _ guests: String) async throws -> Void
  ) async throws {
    var configuration = MockEngine.Configuration()
    configuration.compatibility = compatibility
    configuration.listeners = [.init(), .init(access: rules)]
    configuration.onEvent = onEvent
    try await withMockEngine(configuration) { engine in
      let host = try await RawPeer.open(engine.url)
      _ = try await host.receiveText()
      for function in functions {
        await host.send(#"{"type":"registerfunction","id":"\#(function)"}"#)
        try await engine.waitForFunction(function)
      }
      try await body(engine, host, engine.addresses[1])
    }
  }

  private static let authenticated = AccessRules(
    authFunctionID: "gate::auth", exposeFunctions: [.matching("public::*")])

  /// Answers the next call that the host gets.
  @discardableResult private func answer(_ host: RawPeer, _ outcome: String) async throws -> JSONValue {
    let call = try JSONValue(parsing: try await host.receiveText())
    await host.send(
      #"{"type":"invocationresult","invocation_id":\#(call["invocation_id"] ?? .null),"function_id":"f"\#(outcome)}"#)
    return call
  }

  private func call(_ function: String, _ number: Int = 1) -> String {
    #"{"type":"invokefunction","invocation_id":"\#(id(number))","function_id":"\#(function)","data":{}}"#
  }

  // MARK: Authentication

  @Test(
    "what a client sends before it is authenticated is handled in order afterwards, however much it is",
    arguments: [0, 20, 300])
  func earlyMessages(kilobytes: Int) async throws {
    try await withHost(Self.authenticated, functions: "gate::auth") { _, host, guests in
      let padding = String(repeating: "x", count: 1 << 10)
      var frames = [RawFrame.ping([7])]
      for number in 0..<kilobytes { frames.append(.text(#"{"type":"ping","n":\#(number),"padding":"\#(padding)"}"#)) }
      frames.append(.text(call("private::f")))
      let guest = try await RawPeer.open(guests, early: frames)
      let input = try await answer(host, #","result":{}"#)
      #expect(input["data"]?["ip_address"] == "127.0.0.1")
      let first = try JSONValue(parsing: try await guest.receiveText())
      #expect(first["type"] == "workerregistered")
      #expect(try await guest.receive { $0.isPong }.payload == [7])
      for _ in 0..<kilobytes { #expect(try await guest.receiveText() == #"{"type":"pong"}"#) }
      #expect(try await guest.receiveText().contains("FORBIDDEN"))
      try await guest.fence()
    }
  }

  @Test("no more than 16 KiB are read of a client that waits for its authentication")
  func readsLittle() async throws {
    try await withHost(Self.authenticated, functions: "gate::auth") { engine, host, guests in
      let guest = try await RawPeer.open(guests)
      _ = try await host.receiveText()
      await guest.send(bytes: Array(repeating: 0, count: 4 << 20))
      // The host's messages pass through the loop many times, and the client's bytes would with them.
      for _ in 0..<20 { try await host.fence() }
      #expect(await engine.core.bytesKeptForAuthentication == [16 << 10])
      await guest.abort()
    }
  }

  @Test(
    "a refused client gets AUTH_ERROR and a Close, which has the code 1008 unless the engine is strict",
    arguments: [true, false])
  func refused(isStrict: Bool) async throws {
    try await withHost(Self.authenticated, isStrict ? .v0_13 : .current, functions: "gate::auth") {
      engine, host, guests in
      for path in ["/", "/otel"] {
        let guest = try await RawPeer.open(guests, path: path)
        try await answer(host, #","error":{"code":"DENIED","message":"who \"are\" you"}"#)
        #expect(
          try await guest.receiveText()
            == #"{"type":"error","error":{"code":"AUTH_ERROR","message":"who \"are\" you"}}"#)
        let close = try #require(try await guest.ended().close)
        #expect(close.closeCode == (isStrict ? nil : 1008))
      }
      let denials = await engine.denials
      #expect(denials.map(\.attempt) == [.connection, .connection])
      #expect(denials.map(\.worker.id) == ["/", "/otel"])
      #expect(denials.first?.reason == #"who "are" you"#)
    }
  }

  @Test("an auth function that is missing, or whose worker leaves, lets nobody in")
  func authenticationThatEnds() async throws {
    try await withHost(Self.authenticated) { engine, host, guests in
      let early = try await RawPeer.open(guests)
      #expect(try await early.receiveText().contains("Function gate::auth not found"))
      await host.send(#"{"type":"registerfunction","id":"gate::auth"}"#)
      try await engine.waitForFunction("gate::auth")
      let guest = try await RawPeer.open(guests)
      _ = try await host.receiveText()
      await host.abort()
      #expect(try await guest.receiveText().contains("Invocation stopped"))
    }
  }

  @Test("a client that leaves while it waits never was a worker, whatever the answer")
  func leavesWhileWaiting() async throws {
    let events = Lock<[EngineEvent]>([])
    try await withHost(
      Self.authenticated, functions: "gate::auth", onEvent: { event in events.withLock { $0.append(event) } }
    ) {
      engine, host, guests in
      let guest = try await RawPeer.open(guests)
      let asked = try JSONValue(parsing: try await host.receiveText())
      await guest.abort()
      for _ in 0..<3 { try await host.fence() }
      await host.send(
        #"{"type":"invocationresult","invocation_id":\#(asked["invocation_id"] ?? .null),"function_id":"f","result":{}}"#
      )
      try await host.fence()
      let other = try await RawPeer.open(guests)
      try await answer(host, #","result":{}"#)
      _ = try await other.receiveText()
      let connected = events.withLock { $0.filter { if case .workerConnected = $0 { true } else { false } } }
      #expect(connected.count == 2)
    }
  }

  @Test("many clients wait for their authentication at the same time, and all are let in")
  func manyClients() async throws {
    let count = Proofs.count(suite: 100, full: 3000)
    try await withHost(Self.authenticated, functions: "gate::auth") { _, host, guests in
      var clients: [RawPeer] = []
      for _ in 0..<count { clients.append(try await RawPeer.open(guests)) }
      var calls: [JSONValue] = []
      for _ in 0..<count { calls.append(try JSONValue(parsing: try await host.receiveText())) }
      for call in calls.reversed() {
        await host.send(
          #"{"type":"invocationresult","invocation_id":\#(call["invocation_id"] ?? .null),"function_id":"f","result":{}}"#
        )
      }
      for client in clients { #expect(try await client.receiveText().contains("workerregistered")) }
      for client in clients { await client.abort() }
    }
  }

  @Test("connections that wait for an answer that never comes leave no handle open")
  func leaks() async throws {
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(), .init(access: Self.authenticated)]
    let engine = try await MockEngine.start(configuration)
    let host = try await RawPeer.open(engine.url)
    await host.send(#"{"type":"registerfunction","id":"gate::auth"}"#)
    try await engine.waitForFunction("gate::auth")
    let guest = try await RawPeer.open(engine.addresses[1])
    _ = try await host.receive { $0.text.contains("gate::auth") }
    #expect(await engine.shutdownReportingLeaks() == 0)
    _ = try await guest.ended()
    await host.abort()
  }

  // MARK: Hooks

  @Test("a strict engine answers no ping of a connection about which a hook is asked, and goes on after its answer")
  func strictHook() async throws {
    let rules = AccessRules(onFunctionRegistrationFunctionID: "gate::hook")
    try await withHost(rules, .v0_13, functions: "gate::hook") { _, host, guests in
      let guest = try await RawPeer.open(
        guests,
        early: [.text(#"{"type":"registerfunction","id":"a"}"#), .ping([1]), .text(#"{"type":"ping"}"#)])
      let other = try await RawPeer.open(guests)
      let asked = try JSONValue(parsing: try await host.receiveText())
      await guest.send(RawFrame.ping([2]))
      for peer in [other, host, other, host] { try await peer.fence() }
      #expect(await guest.takeUnread().map(\.text).allSatisfy { $0.contains("workerregistered") })
      await host.send(
        #"{"type":"invocationresult","invocation_id":\#(asked["invocation_id"] ?? .null),"function_id":"f","result":{}}"#
      )
      #expect(try await guest.receive { $0.isPong }.payload == [1])
      #expect(try await guest.receive { $0.isText && $0.text.contains("pong") }.text == #"{"type":"pong"}"#)
      #expect(try await guest.receive { $0.isPong }.payload == [2])
    }
  }

  @Test("a hook may register functions itself, on its own connection and on the one that it is asked about")
  func hookThatRegisters() async throws {
    let rules = AccessRules(onFunctionRegistrationFunctionID: "gate::hook")
    try await withHost(rules, functions: "gate::hook") { engine, host, guests in
      let guest = try await RawPeer.open(guests, early: [.text(#"{"type":"registerfunction","id":"a"}"#)])
      let asked = try JSONValue(parsing: try await host.receiveText())
      await host.send(#"{"type":"registerfunction","id":"from::hook"}"#)
      await guest.send(#"{"type":"registerfunction","id":"b"}"#)
      await host.send(
        #"{"type":"invocationresult","invocation_id":\#(asked["invocation_id"] ?? .null),"function_id":"f","result":{}}"#
      )
      try await answer(host, #","result":{}"#)
      for id in ["from::hook", "a", "b"] { try await engine.waitForFunction(id) }
    }
  }

  // MARK: Workers of the SDK

  /// An engine with an auth function of the SDK that knows the tokens `ada` and `bob`.
  private func withGate(
    _ rules: AccessRules = Self.authenticated, _ body: (MockEngine, III) async throws -> Void
  ) async throws {
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(), .init(access: rules)]
    try await withMockEngine(configuration) { engine in
      let gate = try await engine.registerWorker(options: InitOptions(workerName: "gate"))
      try gate.registerFunction("gate::auth") { (input: AuthInput) async throws -> AuthResult in
        let token = input.headers["x-token"] ?? input.queryParams["token"]?.first
        guard let token, ["ada", "bob"].contains(token) else {
          throw IIIInvocationError(code: "DENIED", message: "unknown token")
        }
        return AuthResult(forbiddenFunctions: token == "bob" ? ["public::f"] : [], context: ["user": .string(token)])
      }
      for id in ["public::f", "private::f"] { try gate.registerFunction(id) { (n: Int) async in n + 1 } }
      for id in ["gate::auth", "public::f", "private::f"] { try await engine.waitForFunction(id) }
      try await body(engine, gate)
    }
  }

  private func guest(_ engine: MockEngine, token: String, query: Bool = false) async throws -> III {
    var options = InitOptions(workerName: token)
    options.log = { _, _ in }
    if !query { options.headers["X-Token"] = token }
    return try await registerWorker(engine.addresses[1] + (query ? "/?token=\(token)" : ""), options: options)
  }

  @Test("headers and the query of the address reach the auth function; what is forbidden is IIIForbiddenError")
  func credentials() async throws {
    try await withGate { engine, _ in
      let ada = try await guest(engine, token: "ada")
      #expect(try await ada.trigger("public::f", payload: 1) == 2)
      let notExposed = await #expect(throws: IIIForbiddenError.self) {
        let _: Int = try await ada.trigger("private::f", payload: 1)
      }
      #expect(notExposed?.functionID == "private::f")
      #expect(notExposed?.message == "function 'private::f' not allowed (add to rbac.expose_functions)")
      let bob = try await guest(engine, token: "bob", query: true)
      let forbidden = await #expect(throws: IIIForbiddenError.self) {
        let _: Int = try await bob.trigger("public::f", payload: 1)
      }
      #expect(forbidden?.message == "function 'public::f' not allowed (remove from rbac.forbidden_functions)")
      #expect(await engine.denials.map(\.worker.name) == ["ada", "bob"])
      await ada.shutdown()
      await bob.shutdown()
    }
  }

  @Test("a worker that is refused has failed with the engine's reason, and does not come again")
  func refusedWorker() async throws {
    try await withGate { engine, _ in
      let stranger = try await guest(engine, token: "eve")
      for await state in stranger.connectionStates where state == .failed { break }
      let error = await #expect(throws: IIIInvocationError.self) {
        let _: Int = try await stranger.trigger("public::f", payload: 1)
      }
      #expect(error?.code == IIIErrorCode.connectionFailed)
      #expect(error?.message.contains("has refused this worker: AUTH_ERROR: unknown token") == true)
      await stranger.shutdown()
      #expect(await engine.denials.count == 1)
    }
  }

  @Test("where refused authentication is retried, a worker is let in once the auth function allows it")
  func retriedWorker() async throws {
    let isOpen = Lock(false)
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(), .init(access: Self.authenticated)]
    try await withMockEngine(configuration) { engine in
      let gate = try await engine.registerWorker()
      try gate.registerFunction("gate::auth") { (_: AuthInput) async throws -> AuthResult in
        guard isOpen.withLock({ $0 }) else { throw IIIInvocationError(code: "NO", message: "not yet") }
        return AuthResult()
      }
      try gate.registerFunction("public::f") { (n: Int) async in n + 1 }
      for id in ["gate::auth", "public::f"] { try await engine.waitForFunction(id) }
      var options = InitOptions(workerName: "eve")
      options.log = { _, _ in }
      options.reconnection = ReconnectionConfig(
        initialDelay: .milliseconds(1), maxDelay: .milliseconds(1), retriesRefusedAuthentication: true)
      let eve = try await registerWorker(engine.addresses[1], options: options)
      try await engine.waitForDenial(of: "gate::auth", count: 3)
      isOpen.withLock { $0 = true }
      try await engine.waitForWorker(named: "eve")
      #expect(try await eve.trigger("public::f", payload: 1) == 2)
      await eve.shutdown()
    }
  }

  @Test("a hook of the SDK sees the registration and the session's context, and may deny it")
  func hookOfTheSDK() async throws {
    var rules = Self.authenticated
    rules.onFunctionRegistrationFunctionID = "gate::hook"
    try await withGate(rules) { engine, gate in
      let inputs = AsyncStream.makeStream(of: OnFunctionRegistrationInput.self)
      try gate.registerFunction("gate::hook") { (input: OnFunctionRegistrationInput) async throws in
        inputs.continuation.yield(input)
        guard input.functionID.hasPrefix("ok::") else { throw IIIInvocationError(code: "NO", message: "no") }
        return OnFunctionRegistrationResult(functionID: input.functionID)
      }
      try await engine.waitForFunction("gate::hook")
      let ada = try await guest(engine, token: "ada")
      try ada.registerFunction("bad::f") { (n: Int) async in n }
      try ada.registerFunction("ok::f", description: "Fine.") { (n: Int) async in n * 10 }
      try await engine.waitForFunction("ok::f")
      var iterator = inputs.stream.makeAsyncIterator()
      let first = await iterator.next()
      #expect(first?.functionID == "bad::f" && first?.context == ["user": "ada"])
      #expect(await iterator.next()?.description == "Fine.")
      let denial = try await engine.waitForDenial(of: "bad::*")
      #expect(denial.attempt == .functionRegistration)
      #expect(denial.reason == "hook 'gate::hook' failed: NO: no")
      #expect(try await gate.trigger("ok::f", payload: 4) == 40)
      await ada.shutdown()
    }
  }

  // MARK: Controls of tests

  @Test("deny, allow and reset hold for every message that is sent after them")
  func controls() async throws {
    try await withGate { engine, gate in
      let outside = try await registerWorker(engine.url, options: InitOptions(workerName: "outside"))
      for _ in 0..<Proofs.count(suite: 20, full: 500) {
        for worker in [gate, outside] {
          engine.access.deny("public::*", for: worker === gate ? "gate" : nil)
          await #expect(throws: IIIForbiddenError.self) {
            let _: Int = try await worker.trigger("public::f", payload: 1)
          }
          engine.access.reset()
          #expect(try await worker.trigger("public::f", payload: 1) == 2)
        }
      }
      let ada = try await guest(engine, token: "ada")
      engine.access.allow("private::*", for: "ada")
      #expect(try await ada.trigger("private::f", payload: 1) == 2)
      engine.access.deny("private::f")
      await #expect(throws: IIIForbiddenError.self) { let _: Int = try await ada.trigger("private::f", payload: 1) }
      await outside.shutdown()
      await ada.shutdown()
    }
  }

  @Test("explain names the rules in their order, up to the one that decides")
  func explain() async throws {
    try await withGate { engine, gate in
      let bob = try await guest(engine, token: "bob")
      _ = await #expect(throws: IIIForbiddenError.self) { let _: Int = try await bob.trigger("public::f", payload: 1) }
      let denied = try await engine.access.explain("public::f", as: bob)
      #expect(
        "\(denied)" == """
          public::f: denied
            deny and allow of the test: does not apply
            forbidden_functions of the session: denied, in forbidden_functions of the session
          """)
      let exposed = try await engine.access.explain("public::g", as: bob)
      #expect(exposed.isAllowed && exposed.steps.last?.rule == "rbac.expose_functions")
      #expect(try await engine.access.explain("anything", as: gate).steps.last?.rule == "listener without rbac")
      engine.access.deny("anything")
      #expect(try await engine.access.explain("anything", as: gate).isAllowed == false)
      await bob.shutdown()
      let gone = await #expect(throws: MockEngineError.self) { try await engine.access.explain("f", as: bob) }
      #expect(gone?.description.contains("is not connected to this engine") == true)
    }
  }

  @Test("a wait for a denial returns the one that is meant, or says what was denied instead")
  func waitsForDenials() async throws {
    try await withGate { engine, gate in
      engine.access.deny("*::f")
      async let second = engine.waitForDenial(of: "private::*", count: 2)
      for id in ["private::f", "public::f", "private::f"] {
        _ = await #expect(throws: IIIForbiddenError.self) { let _: Int = try await gate.trigger(id, payload: 1) }
      }
      let denial = try await second
      #expect(denial.id == "private::f")
      let error = await #expect(throws: MockEngineError.self) {
        try await engine.waitForDenial(of: "other::*", within: .milliseconds(1))
      }
      #expect(
        error?.description.contains("a denial of 'other::*' did not come within 0.001 seconds: denied were: call of")
          == true)
    }
  }
}
