import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// A client of a stream socket.
struct StreamClient {
  let peer: RawPeer

  static func open(_ engine: MockEngine, path: String = "/") async throws -> StreamClient {
    StreamClient(peer: try await RawPeer.open(try #require(await engine.streamURL), path: path))
  }

  func send(_ type: String, _ id: String, stream: String = "s", group: String = "g", item: String? = nil) async {
    var data: JSONObject = [
      "subscriptionId": .string(id), "streamName": .string(stream), "groupId": .string(group),
    ]
    if let item { data["id"] = .string(item) }
    await peer.send(JSONValue.object(["type": .string(type), "data": .object(data)]).jsonString())
  }

  func join(_ id: String, stream: String = "s", group: String = "g", item: String? = nil) async {
    await send("join", id, stream: stream, group: group, item: item)
  }

  /// The next event.
  func next() async throws -> JSONValue { try JSONValue(parsing: try await peer.receiveText()) }

  /// The member `event` of the next event.
  func event() async throws -> JSONValue { try await next()["event"] ?? nil }
}

@Suite(.timeLimit(.minutes(5))) struct StreamSocketTests {
  @Test("a subscriber gets what is there, then every change once, and nothing after it has left")
  func group() async throws {
    try await withMockEngine { engine in
      let stream = engine.stream("s")
      try await stream.set("a", in: "g", to: 1)
      let client = try await StreamClient.open(engine)
      await client.join("sub")
      let sync = try await client.next()
      #expect(sync["type"] == "stream" && sync["streamName"] == "s" && sync["groupId"] == "g")
      #expect(sync["id"] == .some(.null))
      #expect(sync["event"] == ["type": "sync", "data": [1]])
      try await stream.set("a", in: "g", to: 2)
      try await stream.set("b", in: "g", to: 3)
      try await stream.set("b", in: "other", to: 4)
      try await stream.send("ping", data: 5, to: "g")
      try await stream.remove("b", in: "g")
      var events: [JSONValue] = []
      for _ in 0..<4 { events.append(try await client.event()) }
      #expect(
        events == [
          ["type": "update", "data": 2], ["type": "create", "data": 3],
          ["type": "event", "event": ["type": "ping", "data": 5]], ["type": "delete", "data": 3],
        ])
      await client.send("leave", "sub")
      try await client.peer.fence()
      try await stream.set("a", in: "g", to: 6)
      try await client.peer.fence()
      #expect(await client.peer.takeUnread().isEmpty)
      await client.peer.abort()
    }
  }

  @Test("what changes while clients join is seen by each of them exactly once")
  func everyChangeOnce() async throws {
    try await withMockEngine { engine in
      let stream = engine.stream("s")
      let count = 200
      let writer = Task {
        for number in 0..<count { try await stream.set("i\(number)", in: "g", to: .int(Int64(number))) }
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<8 {
          group.addTask {
            let client = try await StreamClient.open(engine)
            await client.join("sub")
            guard case .array(let first)? = try await client.event()["data"] else {
              Issue.record("no sync")
              return
            }
            var seen = first
            while seen.count < count { seen.append(try await client.event()["data"] ?? nil) }
            #expect(seen == (0..<count).map { .int(Int64($0)) })
            await client.peer.abort()
          }
        }
        try await group.waitForAll()
      }
      try await writer.value
    }
  }

  @Test("a subscription to an item is told of that item only, and each matching subscription counts")
  func item() async throws {
    try await withMockEngine { engine in
      let stream = engine.stream("s")
      let client = try await StreamClient.open(engine)
      await client.join("one", item: "i")
      let sync = try await client.next()
      #expect(sync["id"] == "i" && sync["event"] == ["type": "sync", "data": nil])
      try await stream.set("other", in: "g", to: 1)
      try await stream.send("t", to: "g")
      await client.join("all")
      #expect(try await client.event()["data"] == [1])
      try await stream.set("i", in: "g", to: 2)
      for _ in 0..<2 { #expect(try await client.next()["id"] == "i") }
      try await stream.send("t", to: "g", item: "i")
      for _ in 0..<2 { #expect(try await client.event()["type"] == "event") }
      try await client.peer.fence()
      #expect(await client.peer.takeUnread().isEmpty)
      await client.peer.abort()
    }
  }

  @Test("a join handler refuses a client; leave handlers hear of each subscription that ends")
  func handlers() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let left = try worker.feed("left")
      try worker.registerFunction("joins") { (event: JSONValue) async -> JSONValue in
        ["unauthorized": .bool(event["group_id"] == "secret")]
      }
      try worker.registerFunction("fails") { (_: JSONValue) async throws -> JSONValue in
        throw IIIInvocationError(code: "BROKE", message: "as it should")
      }
      let triggers = [
        try worker.registerTrigger(type: "stream:join", functionID: "fails", config: [:] as JSONValue),
        try worker.registerTrigger(type: "stream:join", functionID: "joins", config: [:] as JSONValue),
        try worker.registerTrigger(type: "stream:leave", functionID: "left", config: [:] as JSONValue),
      ]
      for trigger in triggers { try await engine.waitForTrigger(trigger.id) }
      let client = try await StreamClient.open(engine)
      // All at once: they are handled one after another.
      await client.join("no", group: "secret")
      await client.join("yes", item: "i")
      await client.send("leave", "unknown")
      #expect(try await client.event() == ["type": "unauthorized"])
      #expect(try await client.event()["type"] == "sync")
      #expect(
        await left.first { _ in true }
          == ["context": nil, "group_id": "g", "id": nil, "stream_name": "s", "subscription_id": "unknown"])
      try await engine.stream("s").set("x", in: "secret", to: 1)
      await client.peer.abort()
      #expect(await left.first { _ in true }?["subscription_id"] == "yes")
    }
  }

  @Test("the auth function is shown the request, and its context reaches join handlers; its failure lets clients in")
  func authentication() async throws {
    let warnings = Warnings()
    var configuration = warnings.configuration
    var settings = StreamSettings(environment: Variables([:]), isOn: true)
    settings.authFunctionID = "auth"
    configuration.selection.set(settings)
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let joined = try worker.feed("joined")
      let trigger = try worker.registerTrigger(type: "stream:join", functionID: "joined", config: [:] as JSONValue)
      try await engine.waitForTrigger(trigger.id)

      let early = try await StreamClient.open(engine)
      #expect(await warnings.first(with: "auth function 'auth': function_not_found") != nil)
      await early.join("a")
      #expect(await joined.first { _ in true }?["context"] == .some(.null))

      try worker.registerFunction("auth") { (request: JSONValue) async -> JSONValue in
        ["context": ["token": request["query_params"]?["token"]?[0] ?? nil, "path": request["path"] ?? nil]]
      }
      try await engine.waitForFunction("auth")
      let client = try await StreamClient.open(engine, path: "/?token=x+y%21")
      await client.join("b")
      #expect(await joined.first { _ in true }?["context"] == ["token": "x+y%21", "path": "/"])
      await client.peer.abort()
      await early.peer.abort()
    }
  }

  @Test("functions of a stream say what is there")
  func customSync() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("stream::list(s)") { (input: JSONValue) async -> JSONValue in [input] }
      try await engine.waitForFunction("stream::list(s)")
      let client = try await StreamClient.open(engine)
      await client.join("a")
      #expect(try await client.event()["data"] == [["group_id": "g", "stream_name": "s"]])
      await client.peer.abort()
    }
  }

  @Test("a client at another path gets 404, and the log names the right one")
  func wrongPath() async throws {
    let warnings = Warnings()
    try await withMockEngine(warnings.configuration) { engine in
      let url = try #require(await engine.streamURL)
      await #expect(throws: RawError.self) { _ = try await StreamClient.open(engine, path: "/streams/chat") }
      let warning = try #require(await warnings.first(with: "/streams/chat"))
      #expect(warning.contains("stream sockets are at \(url)/"))
    }
  }

  @Test("bytes that are no message are ignored, and the connection goes on")
  func oddMessages() async throws {
    try await withMockEngine { engine in
      let client = try await StreamClient.open(engine)
      for text in ["not json", "  ", "[]", #"{"type":"join"}"#] { await client.peer.send(text) }
      await client.peer.send(binary: [0, 1, 0xFF])
      try await client.peer.fence()
      #expect(await client.peer.takeUnread().isEmpty)
      await client.join("a")
      #expect(try await client.event()["type"] == "sync")
      // Frames of another protocol end it.
      await client.peer.send(RawFrame(opcode: 1, payload: [0xFF]))
      #expect(try await client.peer.receive { $0.isClose }.closeCode == 1007)
    }
  }

  @Test("a client that never reads is dropped, while others are told everything")
  func neverReads() async throws {
    let warnings = Warnings()
    try await withMockEngine(warnings.configuration) { engine in
      let worker = try await engine.registerWorker()
      let left = try worker.feed("left")
      let trigger = try worker.registerTrigger(type: "stream:leave", functionID: "left", config: [:] as JSONValue)
      try await engine.waitForTrigger(trigger.id)
      let deaf = try await StreamClient.open(engine)
      await deaf.join("deaf")
      _ = try await deaf.next()
      await deaf.peer.stopReading()
      let reader = try await StreamClient.open(engine)
      await reader.join("reader")
      _ = try await reader.next()
      let data = JSONValue.string(String(repeating: "x", count: 1 << 20))
      // Sockets of this system may hold several MiB by themselves.
      let stream = engine.stream("s")
      for _ in 0..<36 {
        try await stream.send("large", data: data, to: "g")
        #expect(try await reader.event()["event"]?["type"] == "large")
      }
      #expect(await left.first { _ in true }?["subscription_id"] == "deaf")
      #expect(await warnings.first(with: "a stream socket does not read") != nil)
      await reader.peer.abort()
      await deaf.peer.abort()
    }
  }

  @Test("a client whose request does not come is dropped, by the engine's time")
  func slowRequest() async throws {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual
    try await withMockEngine(configuration) { engine in
      let peer = try await RawPeer.connect(try #require(await engine.streamURL))
      await peer.send(bytes: Array("GET / HTTP/1.1\r\n".utf8))
      await peer.flush()
      // A whole request on another connection: the engine has accepted the first one by then.
      let other = try await StreamClient.open(engine)
      try await engine.advance(by: .seconds(11))
      #expect(try await peer.ended() == .byPeer(close: nil))
      try await other.peer.fence()
      await other.peer.abort()
    }
  }
}
