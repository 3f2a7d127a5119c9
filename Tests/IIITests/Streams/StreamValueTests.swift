import Testing

@testable import III

@Suite("Values of state and streams")
struct StreamValueTests {
  @Test(
    "each operation has the form of the wire, and is read again",
    arguments: [
      (.set(path: "a", value: nil), #"{"type":"set","path":"a","value":null}"#),
      (.increment(path: "n", by: 1), #"{"type":"increment","path":"n","by":1}"#),
      (.decrement(path: "n", by: 2), #"{"type":"decrement","path":"n","by":2}"#),
      (.append(path: nil, value: 1), #"{"type":"append","value":1}"#),
      (.append(path: "list", value: "x"), #"{"type":"append","path":"list","value":"x"}"#),
      (.remove(path: "a"), #"{"type":"remove","path":"a"}"#),
      (.merge(path: ["a", "b"], value: [:]), #"{"type":"merge","path":["a","b"],"value":{}}"#),
    ] as [(UpdateOp, String)])
  func operations(operation: UpdateOp, json: String) throws {
    #expect(try JSONValue(encoding: operation).jsonString() == json)
    #expect(try JSONValue(parsing: json).decoded(as: UpdateOp.self) == operation)
  }

  @Test("an operation that is not known is refused", arguments: [#"{"type":"push","path":"a"}"#, #"{"path":"a"}"#])
  func unknown(json: String) {
    #expect(throws: DecodingError.self) { try JSONValue(parsing: json).decoded(as: UpdateOp.self) }
  }

  @Test("results may lack what is not there")
  func results() throws {
    let set = try JSONValue(parsing: #"{"new_value":1,"old_value":null}"#).decoded(as: StreamSetResult<Int>.self)
    #expect(set.newValue == 1 && set.oldValue == nil)
    let update = try JSONValue(
      parsing:
        #"{"new_value":{},"errors":[{"op_index":2,"code":"c","message":"m","doc_url":"d"}]}"#
    ).decoded(as: StreamUpdateResult<JSONValue>.self)
    #expect(update.errors == [UpdateOpError(opIndex: 2, code: "c", message: "m", docURL: "d")])
    #expect(try JSONValue(parsing: "{}").decoded(as: StreamDeleteResult<Int>.self).oldValue == nil)
    #expect(try JSONValue(encoding: StreamSetResult(newValue: 2)).jsonString() == #"{"new_value":2}"#)
  }

  @Test("an event of a stream is read as the engine sends it, one that was sent to the group too")
  func streamEvents() throws {
    let change =
      #"{"event":{"data":{"x":1},"type":"create"},"groupId":"g","id":"i","streamName":"s","timestamp":1730000000000,"type":"stream"}"#
    let event = try JSONValue(parsing: change).decoded(as: StreamChangeEvent.self)
    #expect(
      event
        == StreamChangeEvent(
          timestamp: 1_730_000_000_000, streamName: "s", groupID: "g", id: "i",
          event: .init(type: "create", data: ["x": 1])))
    #expect(try JSONValue(encoding: event) == JSONValue(parsing: change))
    let sent =
      #"{"event":{"event":{"data":5,"type":"ping"},"type":"event"},"groupId":"g","id":null,"streamName":"s","timestamp":1,"type":"stream"}"#
    let custom = try JSONValue(parsing: sent).decoded(as: StreamChangeEvent.self)
    #expect(custom.event == .init(type: "event", data: ["type": "ping", "data": 5]) && custom.id == nil)
    #expect(try JSONValue(encoding: custom)["event"] == ["type": "event", "event": ["data": 5, "type": "ping"]])
    let join = try JSONValue(
      parsing: #"{"context":{"u":1},"group_id":"g","id":null,"stream_name":"s","subscription_id":"sub-1"}"#
    ).decoded(as: StreamJoinLeaveEvent.self)
    #expect(
      join == StreamJoinLeaveEvent(subscriptionID: "sub-1", streamName: "s", groupID: "g", context: ["u": 1]))
    #expect(try JSONValue(encoding: StreamJoinResult(unauthorized: true)).jsonString() == #"{"unauthorized":true}"#)
    let auth = try JSONValue(
      parsing: #"{"addr":"127.0.0.1:5","headers":{"a":"b"},"path":"/","query_params":{"token":["x","y"]}}"#
    ).decoded(as: StreamAuthInput.self)
    #expect(auth.queryParams == ["token": ["x", "y"]] && auth.addr == "127.0.0.1:5")
    #expect(try JSONValue(encoding: StreamAuthResult(context: ["u": 1])).jsonString() == #"{"context":{"u":1}}"#)
  }

  @Test("an event of the state is read as the engine sends it")
  func stateEvents() throws {
    let event = try JSONValue(
      parsing:
        #"{"event_type":"state:updated","key":"k","new_value":{"value":200},"old_value":null,"scope":"s","type":"state"}"#
    ).decoded(as: StateEvent<[String: Int]>.self)
    #expect(event.eventType == .updated && event.scope == "s" && event.key == "k")
    #expect(event.newValue == ["value": 200] && event.oldValue == nil)
  }
}

@Suite("Storage of a stream")
struct CreateStreamTests {
  struct Item: Codable, Sendable, Equatable { var n: Int }

  actor Shelf: IStream {
    private var items: [String: Item] = [:]

    func get(_ input: StreamGetInput) -> Item? { items["\(input.groupID)/\(input.itemID)"] }
    func set(_ input: StreamSetInput<Item>) -> StreamSetResult<Item>? {
      let old = items.updateValue(input.data, forKey: "\(input.groupID)/\(input.itemID)")
      return StreamSetResult(oldValue: old, newValue: input.data)
    }
    func delete(_ input: StreamDeleteInput) -> StreamDeleteResult<Item> {
      StreamDeleteResult(oldValue: items.removeValue(forKey: "\(input.groupID)/\(input.itemID)"))
    }
    func list(_ input: StreamListInput) -> [Item] {
      items.filter { $0.key.hasPrefix("\(input.groupID)/") }.map(\.value).sorted { $0.n < $1.n }
    }
    func listGroups(_ input: StreamListGroupsInput) -> [String] {
      Set(items.keys.compactMap { $0.split(separator: "/").first.map(String.init) }).sorted()
    }
  }

  private func call(_ peer: ScriptedPeer, _ operation: String, _ data: String) async throws -> JSONValue {
    let id = UUID128.random().description
    await peer.send(
      "{\"type\":\"invokefunction\",\"invocation_id\":\"\(id)\",\"function_id\":\"stream::\(operation)(s)\",\"data\":\(data)}"
    )
    return try #require(try await peer.receive("invocationresult")["result"])
  }

  @Test("five functions are registered, and they do what the engine asks")
  func functions() async throws {
    try await withWorker { worker, peer, _ in
      try worker.createStream("s", Shelf())
      var ids: [JSONValue?] = []
      for _ in 0..<5 { ids.append(try await peer.receive("registerfunction")["id"]) }
      #expect(
        ids == ["stream::get(s)", "stream::set(s)", "stream::delete(s)", "stream::list(s)", "stream::list_groups(s)"])
      let place = #""stream_name":"s","group_id":"g","item_id":"i""#
      #expect(try await call(peer, "get", "{\(place)}") == .null)
      #expect(try await call(peer, "set", "{\(place),\"data\":{\"n\":1}}") == ["new_value": ["n": 1]])
      #expect(
        try await call(peer, "set", "{\(place),\"data\":{\"n\":2}}") == ["old_value": ["n": 1], "new_value": ["n": 2]])
      #expect(try await call(peer, "get", "{\(place)}") == ["n": 2])
      #expect(try await call(peer, "list", #"{"stream_name":"s","group_id":"g"}"#) == [["n": 2]])
      #expect(try await call(peer, "list_groups", #"{"stream_name":"s"}"#) == ["g"])
      #expect(try await call(peer, "delete", "{\(place)}") == ["old_value": ["n": 2]])
      #expect(try await call(peer, "delete", "{\(place)}") == [:])
      #expect(await peer.takeUnread() == [])
    }
  }

  @Test("a stream that exists already is refused, and nothing of it is registered twice")
  func duplicate() async throws {
    try await withWorker { worker, _, _ in
      let functions = try worker.createStream("s", Shelf())
      #expect(throws: IIIRegistrationError.self) { try worker.createStream("s", Shelf()) }
      functions[4].unregister()
      functions[0].unregister()
      #expect(throws: IIIRegistrationError.self) { try worker.createStream("s", Shelf()) }
      // What the refused attempt had registered is free again.
      try worker.registerFunction("stream::get(s)") { (_: JSONValue) async in 1 }
    }
  }

  @Test("`update` without an implementation says so")
  func update() async throws {
    let input = StreamUpdateInput(streamName: "s", groupID: "g", itemID: "i", ops: [])
    let error = await #expect(throws: IIIInvocationError.self) { try await Shelf().update(input) }
    #expect(error?.code == "not_supported" && error?.message.contains("'s'") == true)
  }
}
