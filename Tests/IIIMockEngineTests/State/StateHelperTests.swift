import III
import IIIMockEngine
import Testing

/// The SDK's `State`, at the engine that keeps it.
@Suite("State of the SDK", .timeLimit(.minutes(5)))
struct StateHelperTests {
  struct Cart: Codable, Sendable, Equatable {
    var count: Int
    var items: [String]?
  }

  @Test("values are set, read, listed, updated and deleted")
  func life() async throws {
    try await withMockEngine { engine in
      let state = State(try await engine.registerWorker())
      #expect(try await state.get(scope: "carts", key: "1", as: Cart.self) == nil)
      #expect(try await state.list(scope: "carts", as: Cart.self) == [])
      let first = try await state.set(scope: "carts", key: "1", value: Cart(count: 1))
      #expect(first.oldValue == nil && first.newValue == Cart(count: 1))
      #expect(try await state.set(scope: "carts", key: "1", value: Cart(count: 2)).oldValue == Cart(count: 1))
      try await state.set(scope: "carts", key: "2", value: Cart(count: 9))
      #expect(try await state.get(scope: "carts", key: "1") == Cart(count: 2))
      #expect(try await state.list(scope: "carts", as: Cart.self).map(\.count) == [2, 9])
      #expect(try await state.listGroups() == ["carts"])
      let updated = try await state.update(
        scope: "carts", key: "1",
        ops: [
          .increment(path: "count", by: 5), .decrement(path: "count", by: 1), .append(path: "items", value: ["pear"]),
          .set(path: "__proto__", value: 1), .increment(path: "items", by: 1),
        ], as: JSONValue.self)
      #expect(updated.oldValue?["count"] == 2 && updated.newValue["count"] == 6)
      #expect(updated.errors.map(\.opIndex) == [3, 4])
      #expect(updated.errors.map(\.code) == ["set.path.proto_polluted", "increment.not_number"])
      #expect(try await state.delete(scope: "carts", key: "2").oldValue == ["count": 9])
      #expect(try await state.delete(scope: "carts", key: "2").oldValue == nil)
    }
  }

  @Test("objects are merged at a path, and members are removed")
  func merging() async throws {
    try await withMockEngine { engine in
      let state = State(try await engine.registerWorker())
      let merged = try await state.update(
        scope: "s", key: "k",
        ops: [
          .merge(path: ["sessions", "abc"], value: ["ts": 1]), .merge(path: nil, value: ["a": 1]), .remove(path: "a"),
        ], as: JSONValue.self)
      #expect(merged.newValue == ["sessions": ["abc": ["ts": 1]]] && merged.errors == [])
      let root = try await state.update(scope: "s", key: "list", ops: [.append(path: nil, value: 1)], as: [Int].self)
      #expect(root.newValue == [1])
    }
  }

  @Test("a change calls the functions of its triggers with a typed event")
  func events() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let (events, feed) = AsyncStream.makeStream(of: StateEvent<Cart>.self)
      try worker.registerFunction("changed") { (event: StateEvent<Cart>) async in _ = feed.yield(event) }
      let trigger = try worker.registerTrigger(StateTriggerConfig(scope: "carts", key: "1"), functionID: "changed")
      try await engine.waitForTrigger(trigger.id)
      let state = State(worker)
      var iterator = events.makeAsyncIterator()
      try await state.set(scope: "carts", key: "other", value: Cart(count: 0))
      try await state.set(scope: "carts", key: "1", value: Cart(count: 1))
      let created = await iterator.next()
      #expect(created?.eventType == .created && created?.key == "1" && created?.newValue == Cart(count: 1))
      try await state.delete(scope: "carts", key: "1")
      let deleted = await iterator.next()
      #expect(deleted?.eventType == .deleted && deleted?.oldValue == Cart(count: 1) && deleted?.newValue == nil)
    }
  }
}
