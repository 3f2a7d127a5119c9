import III
import IIIMockEngine
import Testing

/// Compiles and runs the code of the articles "HTTP", "State and streams" and "The configuration file".
@Suite(.timeLimit(.minutes(5))) struct ArticlesTests {
  @Test(
    "every Swift block of the articles is in this file, line by line",
    arguments: [("HTTP", 2), ("State and streams", 6), ("The configuration file", 1)])
  func blocksAreHere(_ article: String, _ count: Int) throws {
    try Article.expectBlocks(of: article, count: count, in: #filePath)
  }

  @Test("the code of the article about HTTP does what it says")
  func http() async throws {
    let engine = try await MockEngine.start()
    let worker = try await registerWorker(engine.url)
    try worker.registerFunction("orders::show") { (request: JSONValue) async -> JSONValue in
      ["status_code": 200, "body": ["id": request["path_params"]?["id"] ?? nil]]
    }
    let route = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/orders/:id"), functionID: "orders::show")
    try await engine.waitForTrigger(route.id)
    print(await engine.httpURL ?? "no iii-http")  // curl http://127.0.0.1:PORT/orders/7

    var configuration = MockEngine.Configuration()
    configuration.httpFunctionTargets.allowedHosts = ["*.example.com"]
    configuration.httpFunctionTargets.requiresHTTPS = true
    configuration.httpFunctionTargets.blocksPrivateAddresses = true
    #expect(configuration.httpFunctionTargets.allowedHosts == ["*.example.com"])
    await worker.shutdown()
    await engine.shutdown()
  }

  @Test("the code of the article about state and streams does what it says")
  func stateAndStreams() async throws {
    let engine = try await MockEngine.start()
    let worker = try await registerWorker(engine.url)
    let change: JSONValue = try await worker.trigger(
      "state::set", payload: ["scope": "users", "key": "ada", "value": ["visits": 1]] as JSONValue)
    print(change)  // {"new_value": {"visits": 1}, "old_value": null}
    let update: JSONValue = try await worker.trigger(
      "state::update",
      payload: ["scope": "users", "key": "ada", "ops": [["type": "increment", "path": "visits", "by": 1]]] as JSONValue)
    print(update["new_value"] ?? nil)  // {"visits": 2}
    #expect(update["new_value"] == ["visits": 2])

    struct User: Codable, Sendable { var visits: Int }

    let state = State(worker)
    try worker.registerFunction("users::changed") { (event: StateEvent<User>) async in
      print(event.eventType, event.key, event.newValue?.visits ?? 0)
    }
    try worker.registerTrigger(StateTriggerConfig(scope: "users"), functionID: "users::changed")
    try await state.set(scope: "users", key: "bob", value: User(visits: 1))
    try await state.update(scope: "users", key: "bob", ops: [.increment(path: "visits", by: 1)], as: User.self)
    #expect(try await state.get(scope: "users", key: "bob", as: User.self)?.visits == 2)

    let users = engine.state(scope: "users")
    try await users.set("bob", to: ["visits": 0])
    let bob = try await users.value("bob")
    let keys = try await users.keys
    #expect(bob == ["visits": 0] && keys == ["ada", "bob"])

    let chat = engine.stream("chat")
    try await chat.set("m1", in: "room-7", to: ["text": "hello"])
    let messages = try await chat.items(in: "room-7")
    try await chat.send("typing", data: ["who": "ada"], to: "room-7")
    try await chat.remove("m1", in: "room-7")
    #expect(messages == [["text": "hello"]])

    try worker.registerFunction("chat::changed") { (event: StreamChangeEvent) async in
      print(event.event.type, event.groupID, event.id ?? "")
    }
    try worker.registerTrigger(StreamTriggerConfig(streamName: "chat"), functionID: "chat::changed")

    print(await engine.streamURL ?? "no iii-stream")  // ws://127.0.0.1:PORT
    await worker.shutdown()
    await engine.shutdown()
  }

  @Test("the code of the article about the configuration file does what it says")
  func configurationFile() async throws {
    let path =
      "\(#filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"))/Files/core.yaml"
    var (configuration, warnings) = try MockEngine.Configuration.load(file: path)
    for warning in warnings { print(warning) }
    configuration.listeners[0].port = 0
    let engine = try await MockEngine.start(configuration)
    #expect(engine.port != 0)
    await engine.shutdown()
  }
}
