import III
import IIIMockEngine
import Testing

/// Storage of a stream that a worker provides, used by other workers through the engine.
@Suite("Streams of a worker at the engine", .timeLimit(.minutes(5)))
struct EngineCreateStreamTests {
  struct Item: Codable, Sendable, Equatable { var n: Int }

  /// Stores items, and records its calls.
  actor Shelf: IStream {
    private(set) var calls: [String] = []
    private var items: [String: [String: Item]] = [:]

    private func note(_ call: String, _ stream: String, _ place: String...) {
      calls.append(([call, stream] + place).joined(separator: " "))
    }

    func get(_ input: StreamGetInput) -> Item? {
      note("get", input.streamName, input.groupID, input.itemID)
      return items[input.groupID]?[input.itemID]
    }
    func set(_ input: StreamSetInput<Item>) -> StreamSetResult<Item>? {
      note("set", input.streamName, input.groupID, input.itemID, "\(input.data.n)")
      let old = items[input.groupID, default: [:]].updateValue(input.data, forKey: input.itemID)
      return StreamSetResult(oldValue: old, newValue: input.data)
    }
    func delete(_ input: StreamDeleteInput) -> StreamDeleteResult<Item> {
      note("delete", input.streamName, input.groupID, input.itemID)
      return StreamDeleteResult(oldValue: items[input.groupID]?.removeValue(forKey: input.itemID))
    }
    func list(_ input: StreamListInput) -> [Item] {
      note("list", input.streamName, input.groupID)
      return (items[input.groupID] ?? [:]).values.sorted { $0.n < $1.n }
    }
    func listGroups(_ input: StreamListGroupsInput) -> [String] {
      note("groups", input.streamName)
      return items.keys.sorted()
    }
  }

  @Test("another worker's reads and writes reach the five functions, and its writes fire triggers")
  func functions() async throws {
    try await withMockEngine { engine in
      let provider = try await registerWorker(engine.url, options: InitOptions(workerName: "provider"))
      let user = try await registerWorker(engine.url, options: InitOptions(workerName: "user"))
      let shelf = Shelf()
      for function in try provider.createStream("shelf", shelf) { try await engine.waitForFunction(function.id) }
      let (events, feed) = AsyncStream.makeStream(of: StreamChangeEvent.self)
      try user.registerFunction("changed", concurrency: .serial) { (event: StreamChangeEvent) async in
        _ = feed.yield(event)
      }
      let trigger = try user.registerTrigger(StreamTriggerConfig(streamName: "shelf"), functionID: "changed")
      try await engine.waitForTrigger(trigger.id)
      var changes = events.makeAsyncIterator()

      let place = StreamGetInput(streamName: "shelf", groupID: "g", itemID: "i")
      func set(_ n: Int) async throws -> StreamSetResult<Item> {
        try await user.trigger(
          "stream::set",
          payload: StreamSetInput(streamName: "shelf", groupID: "g", itemID: "i", data: Item(n: n)))
      }
      let none: Item? = try await user.trigger("stream::get", payload: place)
      #expect(none == nil)
      let first = try await set(1)
      #expect(first.oldValue == nil && first.newValue == Item(n: 1))
      #expect(await changes.next()?.event == .init(type: "create", data: ["n": 1]))
      let second = try await set(2)
      #expect(second.oldValue == Item(n: 1) && second.newValue == Item(n: 2))
      let update = await changes.next()
      #expect(update?.event == .init(type: "update", data: ["n": 2]))
      #expect(update?.streamName == "shelf" && update?.groupID == "g" && update?.id == "i")
      let item: Item? = try await user.trigger("stream::get", payload: place)
      #expect(item == Item(n: 2))
      let items: [Item] = try await user.trigger(
        "stream::list", payload: StreamListInput(streamName: "shelf", groupID: "g"))
      #expect(items == [Item(n: 2)])
      let groups: [String] = try await user.trigger(
        "stream::list_groups", payload: StreamListGroupsInput(streamName: "shelf"))
      #expect(groups == ["g"])
      let deleted: StreamDeleteResult<Item> = try await user.trigger(
        "stream::delete", payload: StreamDeleteInput(streamName: "shelf", groupID: "g", itemID: "i"))
      #expect(deleted.oldValue == Item(n: 2))
      #expect(await changes.next()?.event == .init(type: "delete", data: ["n": 2]))
      #expect(
        await shelf.calls == [
          "get shelf g i", "set shelf g i 1", "set shelf g i 2", "get shelf g i", "list shelf g", "groups shelf",
          "delete shelf g i",
        ])
      await user.shutdown()
      await provider.shutdown()
    }
  }

  @Test("a stream whose provider has left uses the engine's own storage")
  func providerLeaves() async throws {
    try await withMockEngine { engine in
      let provider = try await engine.registerWorker()
      let shelf = Shelf()
      let functions = try provider.createStream("shelf", shelf)
      for function in functions { try await engine.waitForFunction(function.id) }
      let stream = engine.stream("shelf")
      try await stream.set("i", in: "g", to: ["n": 1])
      for function in functions { function.unregister() }
      _ = try await provider.listFunctions()  // is answered after the engine has read what was sent before
      #expect(try await stream.value("i", in: "g") == nil)
      #expect(await shelf.calls == ["set shelf g i 1"])
    }
  }
}
