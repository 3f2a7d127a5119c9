import III
import Testing

@testable import IIIMockEngine

/// Calls that built-in workers make, and what the kernel tells them.
@Suite struct EngineCallTests {
  let probe = ProbeWorker()

  private func makeBench(_ compatibility: Compatibility = .current) throws -> (RouterBench, BuiltInHost) {
    let bench = RouterBench(compatibility, adding: [probe])
    return (bench, try #require(probe.host))
  }

  private static func invocationID(_ call: JSONValue?) throws -> String {
    guard case .string(let id)? = call?["invocation_id"] else { throw Failure() }
    return id
  }

  private struct Failure: Error {}

  private static let data = Array(#"{"n":1}"#.utf8)

  // MARK: Calls of workers' functions

  @Test(
    "A worker's answer comes back under the token of its call",
    arguments: [
      (#","result":{"a":[1]}"#, #"{"a":[1]}"#), (#","result":null"#, "nothing"), ("", "nothing"),
      (#","error":{"code":"C","message":"m","stacktrace":"s"}"#, "C: m (s)"),
    ]) func answer(outcome: String, heard: String) throws
  {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "f")

    host.call("f", Self.data, metadata: Array("5".utf8), token: CallToken(7))
    #expect(bench.output.sent.isEmpty, "the call is made when the outbox is emptied, and not before")
    bench.settle()

    let call = try #require(bench.output.take(worker).first)
    #expect(call["data"] == ["n": 1] && call["metadata"] == 5 && call["function_id"] == "f")
    #expect(bench.router.active(worker) == 1)
    bench.answer(worker, try Self.invocationID(call), outcome)
    #expect(probe.take() == ["7 ended: \(heard)"])
    #expect(bench.router.active(worker) == 0 && bench.router.invocations.count == 0)
    #expect(bench.router.engineCalls.count == 0 && bench.output.sent.isEmpty)
  }

  @Test("A call ends with an error if its function is missing or its worker leaves")
  func noAnswer() throws {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "f")

    host.call("missing", Self.data, token: CallToken(1))
    host.call("f", Self.data, token: CallToken(2))
    bench.settle()
    #expect(probe.take() == ["1 ended: function_not_found: Function missing not found"])
    bench.disconnect(worker)

    #expect(probe.take() == ["2 ended: invocation_stopped: Invocation stopped"])
    #expect(bench.router.engineCalls.count == 0)
  }

  @Test("A deadline ends a call, and an answer after it is ignored")
  func deadline() throws {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "f")
    host.call("f", Self.data, token: CallToken(1), deadline: .seconds(30))
    bench.settle()
    let call = try #require(bench.output.take(worker).first)

    bench.advance(by: .seconds(29))
    #expect(probe.take().isEmpty)
    bench.advance(by: .seconds(1))

    #expect(probe.take() == ["1 ended: TIMEOUT: Function f did not answer in time"])
    bench.answer(worker, try Self.invocationID(call), #","result":1"#)
    #expect(probe.take().isEmpty && bench.router.active(worker) == 0)
  }

  @Test("An answer in time takes the deadline away")
  func deadlineIsCancelled() throws {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "f")
    let timers = bench.output.timers.count
    host.call("f", Self.data, token: CallToken(1), deadline: .seconds(30))
    bench.settle()
    bench.answer(worker, try Self.invocationID(bench.output.take(worker).first), "")
    #expect(bench.output.timers.count == timers)
  }

  @Test("Nobody hears of a call without a token, and the log tells if its function is missing")
  func fireAndForget() throws {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "f")
    host.call("f", Self.data)
    host.call("missing", Self.data)
    bench.settle()
    bench.answer(worker, try Self.invocationID(bench.output.take(worker).first), #","result":1"#)
    #expect(probe.take().isEmpty)
    #expect(
      bench.output.warnings == ["iii-probe: function 'missing' is not registered, so it was not called"])
  }

  // MARK: Calls of built-in functions

  @Test("A built-in function can be called by a built-in worker")
  func builtInCallee() throws {
    var (bench, host) = try makeBench()
    host.call("probe::echo", Self.data, token: CallToken(1))
    host.call("probe::fail", Self.data, token: CallToken(2))
    host.call("probe::owe", Self.data, token: CallToken(3))
    bench.settle()
    #expect(
      probe.take() == [
        #"probe::echo {"n":1}"#, #"1 ended: {"n":1}"#, #"probe::fail {"n":1}"#,
        "2 ended: probe_error: as asked (here)", #"probe::owe {"n":1}"#,
      ])
    #expect(probe.senders.allSatisfy { $0 == .none })

    host.reply(probe.owed[0], .bytes(Array("9".utf8)))
    bench.settle()
    #expect(probe.take() == ["3 ended: 9"])
  }

  @Test("A built-in function can be the target of a trigger")
  func builtInTarget() throws {
    var bench = RouterBench(.current, observability: ObservabilitySettings(isEnabled: true), adding: [probe])
    let worker = bench.connect("w")
    for (id, type, function) in [("t", "log", "probe::echo"), ("u", "engine::workers-available", "probe::fail")] {
      bench.send(
        worker,
        #"{"type":"registertrigger","id":"\#(id)","trigger_type":"\#(type)","function_id":"\#(function)","config":{}}"#)
    }
    bench.call(worker, 1, "engine::log::info", #"{"message":"m"}"#)
    #expect(probe.take().map { $0.prefix(22) } == [#"probe::echo {"attribut"#])
    _ = bench.connect()
    #expect(probe.take().map { $0.prefix(22) } == [#"probe::fail {"event":""#])
    // What it answers goes nowhere, but a failure is seen in the log.
    #expect(
      bench.output.events.contains {
        if case .invocationFailed("probe::fail", "probe_error", "as asked", _) = $0 { true } else { false }
      })
  }

  @Test("An endless chain of calls leaves others their turn")
  func endlessChain() throws {
    var (bench, host) = try makeBench()
    probe.onCompleted = { [unowned probe] in
      probe.host?.call("probe::echo", Self.data, token: CallToken(1))
    }
    host.call("probe::echo", Self.data, token: CallToken(1))
    bench.router.beginTurn(bench.output)
    bench.router.emptyOutbox(bench.output)
    #expect(!bench.router.outbox.isEmpty && probe.take().count == 2 * Router.outboxBudget)
    probe.onCompleted = nil
  }

  // MARK: Later answers

  @Test("A later answer reaches its caller, and is dropped if the caller left")
  func laterReply() throws {
    var (bench, host) = try makeBench()
    let caller = bench.connect("c")
    let other = bench.connect("o")
    for (number, peer) in [(1, caller), (2, other)] { bench.call(peer, number, "probe::owe") }
    #expect(bench.output.sent.isEmpty && bench.router.active(caller) == 1)
    bench.disconnect(other)
    for token in probe.owed { host.reply(token, .failure(InvocationFailure(code: "C", message: "m"))) }
    bench.settle()
    #expect(bench.output.sent.count == 1)
    let answer = try #require(bench.output.take(caller).first)
    #expect(answer["invocation_id"] == .string(id(1)) && answer["error"] == ["code": "C", "message": "m"])
    #expect(bench.router.active(caller) == 0 && bench.router.lateReplies.isEmpty)
    // Twice is once.
    host.reply(probe.owed[0], .nothing)
    bench.settle()
    #expect(bench.output.sent.isEmpty)
  }

  // MARK: Conditions

  @Test(
    "Only the literal false makes a condition fail",
    arguments: [
      (#","result":false"#, "fails"), (#","result": false "#, "fails"), (#","result":null"#, "holds"),
      (#","result":0"#, "holds"), (#","result":"false""#, "holds"), (#","result":{}"#, "holds"), ("", "holds"),
      (#","error":{"code":"C","message":"m"}"#, "undecided: C"),
    ]) func condition(outcome: String, verdict: String) throws
  {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "allowed")
    host.check(condition: "allowed", Self.data, trigger: "t", token: CallToken(4))
    bench.settle()
    let call = try #require(bench.output.take(worker).first)
    #expect(call["data"] == ["n": 1])
    bench.answer(worker, try Self.invocationID(call), outcome)
    #expect(probe.take() == ["4 \(verdict)"])
    #expect(
      bench.output.warnings
        == (verdict.hasPrefix("undecided")
          ? ["iii-probe: condition function 'allowed' of trigger 't' failed: C: m"] : []))
  }

  @Test("A condition that is missing or whose worker leaves is undecided, and the log says so")
  func conditionWithoutAnswer() throws {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "allowed")
    host.check(condition: "missing", Self.data, trigger: "t", token: CallToken(1))
    host.check(condition: "allowed", Self.data, trigger: "t", token: CallToken(2))
    bench.settle()
    bench.disconnect(worker)
    #expect(probe.take() == ["1 undecided: function_not_found", "2 undecided: invocation_stopped"])
    #expect(bench.output.warnings.count == 2)
  }

  @Test("A condition that does not answer is reported after five seconds and waited for")
  func slowCondition() throws {
    var (bench, host) = try makeBench()
    let worker = bench.connect("w", functions: "allowed")
    host.check(condition: "allowed", Self.data, trigger: "t", token: CallToken(1))
    bench.settle()
    bench.advance(by: .seconds(4))
    #expect(bench.output.warnings.isEmpty)
    bench.advance(by: .seconds(3600))
    #expect(
      bench.output.warnings == [
        "iii-probe: condition function 'allowed' of trigger 't' has not answered for 5 s; the trigger waits for it"
      ])
    bench.answer(worker, try Self.invocationID(bench.output.take(worker).first), #","result":true"#)
    #expect(probe.take() == ["1 holds"])
  }

  // MARK: Triggers

  @Test("A refused trigger is told to its owner, and the one that had its id stays", arguments: [true, false])
  func refusedTrigger(isStrict: Bool) throws {
    var (bench, _) = try makeBench(isStrict ? .v0_13 : .current)
    let owner = bench.connect("o")
    func register(_ function: String) {
      bench.send(
        owner,
        #"{"type":"registertrigger","id":"t","trigger_type":"probe::type","function_id":"\#(function)","config":{}}"#)
    }
    register("first")
    probe.refusal = InvocationFailure(code: "taken", message: "already there")
    register("second")
    let told = bench.output.take(owner)
    #expect(told.map { $0["error"]?["code"] } == (isStrict ? [] : ["taken"]))
    #expect(bench.router.triggers.listed.map(\.functionID) == ["first"])
    #expect(
      bench.output.events.contains {
        if case .triggerRejected(_, _, "taken", "already there", _) = $0 { true } else { false }
      })
    register("third")
    bench.send(owner, #"{"type":"unregistertrigger","id":"t"}"#)
    register("fourth")
    bench.disconnect(owner)
    #expect(probe.take() == ["+t", "+t again", "-t", "+t", "-t"])
    #expect(probe.triggers.isEmpty)
  }

  @Test("A worker that provides a built-in type takes its triggers over")
  func typeTakenOver() throws {
    var (bench, _) = try makeBench()
    let owner = bench.connect("o")
    bench.send(
      owner, #"{"type":"registertrigger","id":"t","trigger_type":"probe::type","function_id":"f","config":{}}"#)
    let provider = bench.connect("p")
    bench.send(provider, #"{"type":"registertriggertype","id":"probe::type","description":"d"}"#)
    #expect(probe.take() == ["+t", "-t"])
    #expect(bench.output.take(provider).map { $0["id"] } == ["t"])
  }

  // MARK: Functions

  @Test("Functions that only this engine has are left out of a strict one")
  func mockOnly() throws {
    for (compatibility, isThere) in [(Compatibility.current, true), (.v0_13, false)] {
      var bench = RouterBench(compatibility, adding: [ProbeWorker()])
      let caller = bench.connect()
      bench.call(caller, 1, "mock::probe")
      let code = bench.output.take(caller).first?["error"]?["code"]
      #expect(code == (isThere ? "probe_error" : "function_not_found"))
    }
  }
}
