import Testing
import Transcripts

@Suite struct ReplayTests {
  private static let uuid = "0b0c0d0e-0000-4000-8000-00000000000"

  /// Two calls of a worker, which the engine passes back to it.
  private static let steps = [
    #"{"peer":"peer1","open":{"path":"/","headers":{},"port":"main"},"accepted":true}"#,
    #"{"peer":"peer1","receive":{"type":"workerregistered","worker_id":"$uuid1"}}"#,
    #"{"peer":"peer1","send":{"type":"registerfunction","id":"f"}}"#,
    #"{"peer":"peer1","send":{"type":"invokefunction","function_id":"f","invocation_id":"$uuid2","data":{"n":1}}}"#,
    #"{"peer":"peer1","receive":{"type":"invokefunction","function_id":"f","invocation_id":"$uuid2","data":{"n":1}}}"#,
    #"{"peer":"peer1","receive":{"type":"invokefunction","function_id":"f","invocation_id":"$uuid3","data":{"n":2}}}"#,
    #"{"peer":"peer1","send":{"type":"invocationresult","invocation_id":"$uuid2","result":1}}"#,
    #"{"peer":"peer1","send":{"type":"invocationresult","invocation_id":"$uuid3","result":2}}"#,
    #"{"peer":"peer1","receive":{"type":"invocationresult","invocation_id":"$uuid2","result":1}}"#,
    #"{"peer":"peer1","close":1000}"#,
  ]

  private func replay(_ steps: [String] = steps) throws -> Replay {
    try Replay(Transcript(parsing: "{\"steps\": [\(steps.joined(separator: ","))]}"))
  }

  private func json(_ text: String) throws -> JSON { try JSON.parse(text) }

  private func call(_ id: String, n: Int = 1) throws -> JSON {
    try json(#"{"data":{"n":\#(n)},"function_id":"f","invocation_id":"\#(id)","type":"invokefunction"}"#)
  }

  private func result(_ id: String, _ value: Int) throws -> JSON {
    try json(#"{"type":"invocationresult","invocation_id":"\#(id)","result":\#(value)}"#)
  }

  @Test("the engine's messages leave once what came before them has happened, with the ids of this run")
  func order() throws {
    var replay = try replay()
    let opened = replay.opened(7, path: "/")
    guard case .accept(7)? = opened.first, case .send(7, let hello)? = opened.last else {
      Issue.record("\(opened)")
      return
    }
    #expect(hello["worker_id"]?.string?.count == 36)
    #expect(try replay.received(json(#"{"id":"f","type":"registerfunction"}"#), from: 7).isEmpty)
    let passed = try replay.received(call(Self.uuid + "5"), from: 7)
    #expect(passed.count == 2)
    guard case .send(7, let first)? = passed.first, case .send(7, let second)? = passed.last,
      let other = second["invocation_id"]?.string
    else {
      Issue.record("\(passed)")
      return
    }
    #expect(first["invocation_id"]?.string == Self.uuid + "5" && other != Self.uuid + "5")
    // Answers may come in any order.
    #expect(try replay.received(result(other, 2), from: 7).isEmpty)
    #expect(!replay.awaitsOnlyEnds)
    let answered = try replay.received(result(Self.uuid + "5", 1), from: 7)
    #expect(answered.count == 1 && replay.awaitsOnlyEnds)
    guard case .finish? = replay.closed(7).first else {
      Issue.record("not finished")
      return
    }
  }

  @Test("a worker's messages may come in another order; the engine's wait for all that came before them")
  func otherOrder() throws {
    var replay = try replay()
    _ = replay.opened(1, path: "/")
    #expect(try replay.received(call(Self.uuid + "5"), from: 1).isEmpty)
    #expect(try replay.received(json(#"{"id":"f","type":"registerfunction"}"#), from: 1).count == 2)
  }

  @Test("a message that is not in the recording is a difference, which names its place")
  func difference() throws {
    var replay = try replay()
    _ = replay.opened(1, path: "/")
    _ = try replay.received(json(#"{"id":"f","type":"registerfunction"}"#), from: 1)
    guard case .fail(let difference)? = try replay.received(call(Self.uuid + "5", n: 2), from: 1).first else {
      Issue.record("no difference")
      return
    }
    #expect(difference.step == 4)
    #expect(difference.text.hasSuffix("at data.n: recorded 1, got 2"), "\(difference)")
    // Only the first one is reported.
    #expect(try replay.received(call(Self.uuid + "5"), from: 1).isEmpty && replay.ended("x").isEmpty)
  }

  @Test(
    "the place of a difference",
    arguments: [
      (#"{"a":[1,{"b":2}]}"#, #"{"a":[1,{"b":3}]}"#, "at a[1].b: recorded 2, got 3"),
      (#"{"a":1}"#, #"{"a":1,"b":2}"#, "at b: recorded nothing, got 2"),
      (#"{"a":1,"b":2}"#, #"{"a":1}"#, "at b: recorded 2, got nothing"),
      (#"{"a":[1]}"#, #"{"a":[1,2]}"#, "at a: recorded 1 elements, got 2"),
      (#"{"a":1}"#, #"{"a":1.0}"#, "at a: recorded 1, got 1.0"),
      ("1", "2", "at the top: recorded 1, got 2"),
    ])
  func place(recorded: String, got: String, text: String) throws {
    var replay = try replay([Self.steps[0], #"{"peer":"peer1","send":\#(recorded)}"#])
    _ = replay.opened(1, path: "/")
    guard case .fail(let difference)? = try replay.received(json(got), from: 1).first else {
      Issue.record("no difference")
      return
    }
    #expect(difference.description.hasSuffix(text), "\(difference)")
  }

  @Test("what is missing at the end is a difference, and so is a worker that ends too early")
  func missing() throws {
    var early = try replay()
    _ = early.opened(1, path: "/")
    guard case .fail(let ended)? = early.closed(1).first else {
      Issue.record("no difference")
      return
    }
    #expect(ended.step == 3 && ended.text.contains("has ended before it sent"), "\(ended)")

    var silent = try replay()
    guard case .fail(let waiting)? = silent.ended("nothing came for 5 ms").first else {
      Issue.record("no difference")
      return
    }
    #expect(waiting.description == "step 1: nothing came for 5 ms: peer1 has not connected to /")

    var surplus = try replay([Self.steps[0]])
    _ = surplus.opened(1, path: "/")
    #expect(surplus.awaitsOnlyEnds)
  }

  @Test("connections are told apart by their paths, and a refusal is repeated")
  func connections() throws {
    var replay = try replay([
      #"{"peer":"peer1","open":{"path":"/x?key=$secret1","headers":{},"port":"main"},"refused":401,"body":"no"}"#,
      #"{"peer":"peer2","open":{"path":"/","headers":{},"port":"main"},"accepted":true}"#,
      #"{"peer":"peer2","closed":{"code":1012,"reason":"bye"}}"#,
    ])
    guard case .accept(1)? = replay.opened(1, path: "/").first else {
      Issue.record("not accepted")
      return
    }
    let actions = replay.opened(2, path: "/x?key=abc")
    guard actions.count == 3, case .refuse(2, 401, "no") = actions[0], case .close(1, 1012, "bye") = actions[1],
      case .finish = actions[2]
    else {
      Issue.record("\(actions)")
      return
    }
  }

  @Test(
    "a text that is no recording is refused with the reason",
    arguments: [
      ("", "it is not JSON from byte 0 on"), ("{\"steps\": [1", "it is not JSON from byte 12 on"),
      ("[]", "it has no list `steps`"), (#"{"steps": {}}"#, "it has no list `steps`"),
      (#"{"steps": []}"#, "its list `steps` is empty: nothing was recorded"),
      (#"{"steps": [{"peer": "a", "dance": 1}]}"#, #"step 1: a step cannot be replayed: {"peer":"a","dance":1}"#),
      (#"{"steps": [{"http": {}}]}"#, #"step 1: a step cannot be replayed: {"http":{}}"#),
      (#"{"steps": [{"sleep": 1}]}"#, "it has no step that can be replayed"),
      (String(repeating: "[", count: 100_000), "it is not JSON from byte 256 on"),
    ])
  func unreadable(text: String, reason: String) {
    let error = #expect(throws: Transcript.Unreadable.self) { try Replay(Transcript(parsing: text)) }
    #expect(error?.description == reason)
  }

  @Test("every recorded conversation of workers can be read as a replay, and its text is read back")
  func all() throws {
    for transcript in Transcript.all where !transcript.steps.contains(where: { $0["http"] != nil }) {
      _ = try Replay(transcript)
      #expect(try Transcript(parsing: transcript.text).text == transcript.text)
    }
  }
}
