import III
import IIIMockEngine
import Testing

/// `mock::state::…` and `mock::streams::…`, which tests in other languages call.
@Suite(.timeLimit(.minutes(5))) struct MockStoresTests {
  @Test("state is set and read, and a scope is listed with its keys")
  func state() async throws {
    try await withMockEngine { engine in
      let set = try await engine.call("mock::state::set", ["scope": "users", "key": "ada", "value": ["age": 36]])
      #expect(set["new_value"] == ["age": 36])
      #expect(try await engine.call("mock::state::get", ["scope": "users", "key": "ada"]) == ["age": 36])
      #expect(try await engine.call("mock::state::list", [:])["groups"] == ["users"])
      #expect(
        try await engine.call("mock::state::list", ["scope": "users"])["entries"]
          == [["key": "ada", "value": ["age": 36]]])
      #expect(try await engine.call("mock::state::list", ["scope": "none"])["entries"] == [])
      #expect(try await engine.state(scope: "users").value("ada") == ["age": 36])
      let error = await #expect(throws: IIIInvocationError.self) {
        try await engine.call("mock::state::list", ["scop": "users"])
      }
      #expect(error?.message.contains("did you mean `scope`?") == true)
    }
  }

  @Test("items are set and read, and a group is listed with their ids; those that a function serves have none")
  func streams() async throws {
    try await withMockEngine { engine in
      let item: JSONValue = ["stream_name": "chat", "group_id": "room", "item_id": "m1", "data": "hello"]
      #expect(try await engine.call("mock::streams::set", item)["new_value"] == "hello")
      #expect(
        try await engine.call(
          "mock::streams::get", ["stream_name": "chat", "group_id": "room", "item_id": "m1"]) == "hello")
      #expect(
        try await engine.call("mock::streams::list", [:])["stream"] == [["groups": ["room"], "id": "chat"]])
      #expect(try await engine.call("mock::streams::list", ["stream_name": "chat"]) == ["room"])
      let group: JSONValue = ["stream_name": "chat", "group_id": "room"]
      #expect(
        try await engine.call("mock::streams::list", group)["entries"] == [["item_id": "m1", "value": "hello"]])
      try engine.stub("stream::list(chat)", returning: ["own"])
      #expect(try await engine.call("mock::streams::list", group)["entries"] == [["item_id": nil, "value": "own"]])
      let error = await #expect(throws: IIIInvocationError.self) {
        try await engine.call("mock::streams::list", ["group_id": "room"])
      }
      #expect(error?.message.contains("`stream_name` is missing") == true)
    }
  }
}
