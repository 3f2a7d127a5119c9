import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct StreamCoreTests {
  private func input(_ function: StreamFunction, _ json: String) throws -> StreamInput {
    try Array(json.utf8).withView { try StreamInput($0, named: function.inputName, fields: function.fields) }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  // MARK: Inputs

  @Test("an input is passed on with its documented members only, as they were spelled")
  func payload() throws {
    let json = #"{"extra":1,"data":{"b":1.0,"a":2},"stream_name":"s","item_id":"i","group_id":"g"}"#
    let set = try input(.set, json)
    #expect(
      text(set.payload(StreamFunction.set.fields))
        == #"{"data":{"b":1.0,"a":2},"group_id":"g","item_id":"i","stream_name":"s"}"#)
    let update = try input(.update, #"{"stream_name":"s","group_id":"g","item_id":"i","ops":[]}"#)
    #expect(
      text(update.payload(StreamFunction.update.fields))
        == #"{"group_id":"g","item_id":"i","ops":[],"stream_name":"s"}"#)
  }

  @Test(
    "an input that does not decode is refused with the reason",
    arguments: [
      (StreamFunction.set, "{}", "missing field `stream_name`"),
      (.set, #"{"stream_name":"s","group_id":"g","item_id":"i"}"#, "missing field `data`"),
      (.set, #"{"item_id":5,"data":1}"#, "invalid type: integer `5`, expected a string"),
      (.get, "null", "invalid type: null, expected struct StreamGetInput"),
      (.send, #"{"stream_name":"s","group_id":"g","data":1}"#, "missing field `type`"),
      (
        .send, #"{"stream_name":"s","group_id":"g","type":"t","data":1,"id":5}"#,
        "invalid type: integer `5`, expected a string"
      ),
    ])
  func refusedInput(_ function: StreamFunction, _ json: String, _ reason: String) {
    let error = #expect(throws: InputMismatch.self) { _ = try input(function, json) }
    #expect(error?.reason == reason)
  }

  @Test("an event that is sent has the id of the input, and null is none")
  func idOfSend() throws {
    let with = try input(.send, #"{"stream_name":"s","group_id":"g","type":"t","data":1,"id":""}"#)
    let without = try input(.send, #"{"stream_name":"s","group_id":"g","type":"t","data":1,"id":null,"item_id":"x"}"#)
    #expect(StreamEvent(sent: with).item == [])
    #expect(StreamEvent(sent: without).item == nil)
    #expect(
      text(StreamEvent(sent: without).json(milliseconds: 7))
        == #"{"type":"stream","timestamp":7,"streamName":"s","groupId":"g","id":null,"event":{"type":"event","event":{"type":"t","data":1}}}"#
    )
  }

  // MARK: The store

  @Test("listings show streams and groups in parts where a name has a colon")
  func listings() throws {
    var store = StreamStore()
    for (stream, group) in [("s", "g"), ("s", "b"), ("other", "x:y"), ("with:colon", "g"), ("s:g", "deep")] {
      _ = store.set(
        try input(
          .set, #"{"stream_name":"\#(stream)","group_id":"\#(group)","item_id":"i","data":1}"#))
    }
    #expect(store.groups(of: "s".bytes).map(text) == ["b", "g", "g:deep"])
    #expect(store.groups(of: "with".bytes).map(text) == ["colon:g"])
    #expect(store.groups(of: "unknown".bytes).isEmpty)
    #expect(store.streams.map { text($0.stream) } == ["other", "s", "with"])
    #expect(store.streams.map { $0.groups.map(text) } == [["x"], ["b", "g"], ["colon"]])
  }

  @Test("a group stays when its last item is deleted, and items keep their places")
  func order() throws {
    var store = StreamStore()
    for item in ["z", "a", "z"] {
      _ = store.set(try input(.set, #"{"stream_name":"s","group_id":"g","item_id":"\#(item)","data":"\#(item)"}"#))
    }
    #expect(store.items(of: "s".bytes, group: "g".bytes).map { text($0.value) } == ["\"z\"", "\"a\""])
    for item in ["z", "a"] {
      _ = store.delete(try input(.delete, #"{"stream_name":"s","group_id":"g","item_id":"\#(item)"}"#))
    }
    #expect(store.groups(of: "s".bytes).map(text) == ["g"])
  }

  // MARK: Functions of other workers

  @Test("what a function that serves a stream returns is read as a change, or refused with the reason")
  func customResults() {
    func outcome(_ function: StreamFunction, _ json: String) -> StreamOutcome {
      Array(json.utf8).withView { StreamOutcome(ofCustom: .value($0), function) }
    }
    #expect(
      outcome(.set, #"{"old_value":null,"new_value":{"x":1.0},"more":3}"#)
        == .changed(StreamChange(old: nil, new: #"{"x":1.0}"#.bytes)))
    #expect(
      outcome(.update, #"{"new_value":1,"errors":[{"code":"c"}]}"#)
        == .changed(StreamChange(old: nil, new: "1".bytes, errors: #"[{"code":"c"}]"#.bytes)))
    #expect(outcome(.update, #"{"new_value":1,"errors":[]}"#) == .changed(StreamChange(old: nil, new: "1".bytes)))
    #expect(outcome(.delete, "{}") == .changed(StreamChange(old: nil, new: nil)))
    #expect(outcome(.get, "5") == .read("5".bytes))
    func failure(_ outcome: StreamOutcome) -> String? {
      if case .failed(let failure) = outcome { "\(failure.code): \(failure.message)" } else { nil }
    }
    #expect(
      failure(outcome(.set, "5"))
        == "JSON_ERROR: Failed to convert result to value: invalid type: integer `5`, expected struct SetResult")
    #expect(
      failure(outcome(.set, #"{"old_value":1}"#))
        == "JSON_ERROR: Failed to convert result to value: missing field `new_value`")
    #expect(
      failure(StreamOutcome(ofCustom: .nothing, .delete))
        == "STREAM_DELETE_ERROR: Failed to delete value: Function returned no result")
    let broken = InvocationFailure(code: "c", message: "say \"m\"", stacktrace: "s")
    #expect(
      failure(StreamOutcome(ofCustom: .failure(broken), .set))
        == #"STREAM_SET_ERROR: Failed to set value: Failed to invoke function: "#
        + #"ErrorBody { code: "c", message: "say \"m\"", stacktrace: Some("s") }"#)
    #expect(StreamOutcome(ofCustom: .failure(broken), .list) == .failed(broken))
  }

  @Test("a change is an event, unless nothing was there to be removed")
  func eventsOfChanges() throws {
    let item = try input(.get, #"{"stream_name":"s","group_id":"g","item_id":"i"}"#)
    func body(_ old: String?, _ new: String?) -> String? {
      StreamEvent(StreamChange(old: old?.bytes, new: new?.bytes), item).map { text($0.body) }
    }
    #expect(body(nil, "1") == #"{"type":"create","data":1}"#)
    #expect(body("null", "1") == #"{"type":"update","data":1}"#)
    #expect(body("2", nil) == #"{"type":"delete","data":2}"#)
    #expect(body(nil, nil) == nil)
  }

  // MARK: Messages and subscriptions

  @Test("a message joins or leaves; the id null is none, and an empty one is an item")
  func messages() throws {
    func read(_ json: String) throws -> StreamMessage? { try Array(json.utf8).withView { try StreamMessage($0) } }
    func join(_ id: String) -> String {
      #"{"type":"join","data":{"subscriptionId":"u","streamName":"s","groupId":"g"\#(id),"more":1}}"#
    }
    let group = StreamSubscription(id: "u".bytes, stream: "s".bytes, group: "g".bytes, item: nil)
    let item = StreamSubscription(id: "u".bytes, stream: "s".bytes, group: "g".bytes, item: [])
    #expect(try read(join("")) == .join(group))
    #expect(try read(join(#","id":null"#)) == .join(group))
    #expect(try read(join(#","id":"""#)) == .join(item))
    #expect(try read(join("").replacing("join", with: "leave")) == .leave(group))
    #expect(try read("  \n") == nil)
    for (json, reason) in [
      ("not json", "it is not JSON"), ("[]", "it is no object"), (#"{"type":"join"}"#, "missing field `data`"),
      (#"{"type":"JOIN","data":{}}"#, "the type 'JOIN' is neither 'join' nor 'leave'"),
      (#"{"type":"join","data":{"subscriptionId":"x","streamName":"s"}}"#, "missing field `groupId`"),
      (join(#","id":5"#), "`id` is no string"),
    ] {
      let problem = #expect(throws: StreamMessage.Problem.self) { _ = try read(json) }
      #expect(problem?.reason == reason)
    }
  }

  @Test("an event finds the subscriptions of its group and of its item, and a connection's end removes its own")
  func subscriptions() {
    func subscription(_ id: String, _ item: String? = nil, group: String = "g") -> StreamSubscription {
      StreamSubscription(id: id.bytes, stream: "s".bytes, group: group.bytes, item: item?.bytes)
    }
    func event(_ item: String?) -> StreamEvent {
      StreamEvent(stream: "s".bytes, group: "g".bytes, item: item?.bytes, body: [])
    }
    var all = StreamSubscriptions()
    all.add(subscription("a"), of: 1)
    all.add(subscription("b", "i"), of: 1)
    all.add(subscription("a", "j"), of: 2)
    all.add(subscription("c", group: "other"), of: 2)
    #expect(all.clients(of: event("i")) == [1, 1])
    #expect(all.clients(of: event("j")) == [1, 2])
    #expect(all.clients(of: event(nil)) == [1])
    // The same id again takes the place of the first.
    all.add(subscription("a", "i"), of: 2)
    #expect(all.clients(of: event("j")) == [1])
    #expect(all.clients(of: event("i")) == [1, 1, 2])
    #expect(all.removeAll(of: 1).map(\.id) == ["a".bytes, "b".bytes])
    #expect(all.clients(of: event("i")) == [2])
    all.remove("a".bytes, of: 2)
    all.remove("c".bytes, of: 2)
    #expect(all.isEmpty)
  }

  @Test("subscriptions are those of a simple model, after any joins and leaves", arguments: 0..<50)
  func model(_ seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var subject = StreamSubscriptions()
    var model: [(client: UInt64, subscription: StreamSubscription)] = []
    for _ in 0..<300 {
      let client = UInt64(random.below(4))
      let id = random.pick(["a", "b", "c"]).bytes
      switch random.below(8) {
      case 0:
        let left = subject.removeAll(of: client)
        #expect(Set(left) == Set(model.filter { $0.client == client }.map(\.subscription)))
        model.removeAll { $0.client == client }
      case 1, 2:
        subject.remove(id, of: client)
        model.removeAll { $0.client == client && $0.subscription.id == id }
      default:
        let new = StreamSubscription(
          id: id, stream: random.pick(["s", "t"]).bytes, group: random.pick(["g", "h"]).bytes,
          item: random.oneIn(2) ? nil : random.pick(["i", ""]).bytes)
        subject.add(new, of: client)
        model.removeAll { $0.client == client && $0.subscription.id == id }
        model.append((client, new))
      }
      let event = StreamEvent(
        stream: "s".bytes, group: "g".bytes, item: random.oneIn(3) ? nil : random.pick(["i", "", "z"]).bytes, body: [])
      let wanted = model.filter {
        $0.subscription.stream == event.stream && $0.subscription.group == event.group
          && ($0.subscription.item == nil || $0.subscription.item == event.item)
      }.map(\.client)
      #expect(subject.clients(of: event).sorted() == wanted.sorted())
    }
  }

  // MARK: Triggers

  @Test("a trigger sees its stream only, and an empty group or item is no filter")
  func triggerFilters() throws {
    func filter(_ json: String) throws -> StreamTriggerFilter {
      try Array(json.utf8).withView { try StreamTriggerFilter($0) }
    }
    var triggers = StreamTriggers()
    triggers.add(1, try filter(#"{"stream_name":"s"}"#))
    triggers.add(2, try filter(#"{"stream_name":"s","group_id":"g","item_id":""}"#))
    triggers.add(3, try filter(#"{"stream_name":"s","group_id":"","item_id":"i"}"#))
    triggers.add(4, try filter(#"{"stream_name":"t","group_id":"g"}"#))
    func matching(_ group: String, _ item: String?) -> [UInt64] {
      triggers.matching(StreamEvent(stream: "s".bytes, group: group.bytes, item: item?.bytes, body: []))
    }
    #expect(matching("g", "i") == [1, 2, 3])
    #expect(matching("g", nil) == [1, 2])
    #expect(matching("h", "i") == [1, 3])
    triggers.remove(1)
    #expect(matching("h", "z") == [])
    for (json, reason) in [
      ("null", "invalid type: null, expected struct StreamTriggerConfig"), ("{}", "missing field `stream_name`"),
      (#"{"stream_name":5}"#, "invalid type: integer `5`, expected a string"),
    ] {
      let error = #expect(throws: InputMismatch.self) { _ = try filter(json) }
      #expect(error?.reason == reason)
    }
  }
}
