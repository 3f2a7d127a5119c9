import III
import Testing

@testable import IIIMockEngine

@Suite struct RouterInvocationTests {
  @Test func aCallReachesItsCalleeAndTheAnswerItsCaller() throws {
    var bench = RouterBench()
    let worker = bench.connect("w", functions: "f")
    let caller = bench.connect("c")
    bench.call(caller, 1, "f", #"{"x":1}"#)
    let call = try #require(bench.output.take(worker).first)
    #expect(
      call == [
        "type": "invokefunction", "invocation_id": .string(id(1)), "function_id": "f",
        "data": ["_caller_worker_id": bench.workerID(caller), "x": 1],
      ])
    bench.answer(worker, id(1), #","result":{"y":[1.0,2]}"#)
    #expect(bench.output.sent.map(\.text).last?.hasSuffix(#""result":{"y":[1.0,2]}}"#) == true)
    let result = try #require(bench.output.take(caller).first)
    #expect(result["type"] == "invocationresult" && result["invocation_id"] == .string(id(1)))
    #expect(result["function_id"] == "f")
    bench.answer(worker, id(1), #","result":2"#)
    #expect(bench.output.sent.isEmpty)
    #expect(bench.router.active(worker) == 0)
    #expect(bench.router.active(caller) == 0)
  }

  @Test(arguments: [
    (#"{}"#, #"{"_caller_worker_id":"ID"}"#),
    (#"{ }"#, #"{"_caller_worker_id":"ID" }"#),
    (#"{"a":1}"#, #"{"_caller_worker_id":"ID","a":1}"#),
    (#"{"_caller_worker_id":"forged"}"#, #"{"_caller_worker_id":"ID"}"#),
    (#"{"a":1, "_caller_worker_id":{"x":[]} ,"b":2}"#, #"{"_caller_worker_id":"ID","a":1,"b":2}"#),
    (
      #"{"\u005fcaller_worker_id":1,"_caller_worker_i\u0064":2,"c":{"_caller_worker_id":3}}"#,
      #"{"_caller_worker_id":"ID","c":{"_caller_worker_id":3}}"#
    ),
    (#"[{"_caller_worker_id":1}]"#, #"[{"_caller_worker_id":1}]"#),
    (#""s""#, #""s""#), ("null", "null"), ("5", "5"),
  ]) func theCallersIDGoesIntoObjectsAndCannotBeForged(data: String, seen: String) throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.call(caller, 1, "f", data)
    let text = try #require(bench.output.sent.first { $0.peer == worker }?.text)
    let callerID = bench.router.workers[caller]?.id.description ?? ""
    #expect(text.contains("\"data\":" + seen.replacing("ID", with: callerID) + "}"))
  }

  @Test func nothingComesBackWithoutAnIDOrAsVoid() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.call(caller, 1, "f", "{}", #","action":{"type":"void"}"#)
    bench.send(caller, #"{"type":"invokefunction","function_id":"f","data":null}"#)
    bench.call(caller, 2, "nobody", "{}", #","action":{"type":"void"}"#)
    let calls = bench.output.take(worker)
    #expect(calls.count == 2)
    for call in calls {
      guard case .string(let given)? = call["invocation_id"] else {
        Issue.record("a callee always sees an id")
        continue
      }
      #expect(given != id(1))
      #expect(bench.router.active(worker) > 0)
      bench.answer(worker, given, #","result":1"#)
    }
    #expect(bench.output.sent.isEmpty)
    #expect(bench.router.active(worker) == 0)
  }

  @Test func aMissingFunctionIsSaid() throws {
    var bench = RouterBench()
    let caller = bench.connect()
    bench.call(caller, 1, #"no\"pe"#)
    let answer = try #require(bench.output.take(caller).first)
    #expect(answer["error"] == ["code": "function_not_found", "message": #"Function no"pe not found"#])
    #expect(answer["function_id"] == #"no"pe"#)
  }

  @Test func aCallUnderAnIDInFlightTakesItsPlace() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    let first = bench.connect()
    let second = bench.connect()
    bench.call(first, 1, "f")
    bench.call(second, 1, "f")
    #expect(
      bench.output.take(first).first?["error"] == ["code": "invocation_error", "message": "channel closed"])
    bench.disconnect(first)
    bench.answer(worker, id(1), #","result":"r""#)
    #expect(bench.output.take(second).first?["result"] == "r")
    #expect(bench.router.active(worker) == 0)
    #expect(bench.router.invocations.count == 0)
  }

  @Test func aCalleesEndStopsTheCallsInTheOrderOfTheirBeginning() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    let callers = (0..<3).map { _ in bench.connect() }
    for n in 0..<9 { bench.call(callers[n % 3], n, "f") }
    bench.call(worker, 100, "f")
    _ = bench.output.take(worker)
    bench.disconnect(worker)
    let stopped = bench.output.sent.filter { $0.text.contains("invocation_stopped") }
    #expect(stopped.count == 9)
    #expect(stopped.enumerated().allSatisfy { $1.text.contains(id($0)) })
    #expect(stopped[0].text.contains(#""error":{"code":"invocation_stopped","message":"Invocation stopped"}"#))
    #expect(callers.allSatisfy { bench.router.active($0) == 0 })
    #expect(bench.router.invocations.count == 0)
  }

  @Test func aCallersEndIsNotToldToItsCallee() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.call(caller, 1, "f")
    _ = bench.output.take(worker)
    bench.disconnect(caller)
    bench.answer(worker, id(1), #","result":1"#)
    #expect(bench.output.sent.isEmpty)
    #expect(bench.router.active(worker) == 0)
  }

  @Test func aSelfCallCountsOnceAndUsesOneID() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    bench.call(worker, 1, "f")
    #expect(bench.router.active(worker) == 1)
    bench.answer(worker, id(1), #","result":1"#)
    #expect(bench.output.take(worker).compactMap { $0["type"] } == ["invokefunction", "invocationresult"])
    #expect(bench.router.active(worker) == 0)
  }

  @Test(arguments: [
    (#","result":null"#, "{}"), ("", "{}"), (#","result":false"#, #"{"result":false}"#),
    (#","result":1,"error":null"#, #"{"result":1}"#),
    (
      #","result":1,"error":{"code":"C","message":"m","stacktrace":null,"x":1}"#,
      #"{"error":{"code":"C","message":"m"}}"#
    ),
    (
      #","error":{"stacktrace":"s","message":"m","code":"C"}"#,
      #"{"error":{"code":"C","message":"m","stacktrace":"s"}}"#
    ),
  ]) func outcomesAreMapped(answer: String, expected: String) throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.call(caller, 1, "f")
    bench.answer(worker, id(1), answer)
    var members = JSONObject()
    let frame = try #require(bench.output.take(caller).first)
    members["result"] = frame["result"]
    members["error"] = frame["error"]
    #expect(.object(members) == (try JSONValue(parsing: expected)))
  }

  @Test func anUndecodableAnswerLeavesTheCallWaiting() throws {
    var bench = RouterBench()
    let worker = bench.connect("w", functions: "f")
    let caller = bench.connect()
    bench.call(caller, 1, "f")
    bench.answer(worker, id(1), #","error":{"message":"m"}"#)
    #expect(bench.output.take(caller).isEmpty)
    #expect(bench.output.diagnostics.map(\.problem) == ["field `error`: missing field `code`"])
    bench.answer(worker, id(1), #","result":1"#)
    #expect(bench.output.take(caller).count == 1)
  }

  @Test func enqueueingIsAnsweredAsWithoutQueues() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    bench.call(worker, 1, "f", "{}", #","action":{"type":"enqueue","queue":"q"},"baggage":"a=1""#)
    let answer = try #require(bench.output.take(worker).first)
    #expect(answer["error"] == ["code": "enqueue_error", "message": "QueueModule not loaded"])
    #expect(answer["baggage"] == "a=1")
  }

  @Test func callMetadataIsForwardedOnlyByLaterEngines() throws {
    for (compatibility, expected) in [
      (Compatibility.current, JSONValue.object(["k": 1])), (.v0_13, Optional<JSONValue>.none),
    ] as [(Compatibility, JSONValue?)] {
      var bench = RouterBench(compatibility)
      let worker = bench.connect(functions: "f")
      bench.call(worker, 1, "f", "{}", #","metadata":{"k":1}"#)
      #expect(bench.output.take(worker).first?["metadata"] == expected)
    }
  }
}
