import III
import IIIMockEngine
import TestSupport
import Testing
import UV

/// HTTP triggers over real sockets.
@Suite(.timeLimit(.minutes(5))) struct HTTPTests {
  private func withRoutes(
    _ routes: [String], _ body: (_ engine: MockEngine, _ worker: III, _ client: RawHTTPClient) async throws -> Void
  ) async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let triggers = try routes.map { route in
        let parts = route.split(separator: " ").map(String.init)
        return try worker.registerTrigger(
          type: "http", functionID: parts[2], config: ["http_method": .init(parts[0]), "api_path": .init(parts[1])])
      }
      for trigger in triggers { try await engine.waitForTrigger(trigger.id) }
      let client = try await RawHTTPClient.connect(try #require(await engine.httpURL))
      try await body(engine, worker, client)
      await client.close()
    }
  }

  @Test("a request calls the function with its parts, and the result is the answer")
  func roundTrip() async throws {
    try await withRoutes(["POST /orders/:id f"]) { engine, worker, client in
      try worker.registerFunction("f") { (request: JSONValue) async -> JSONValue in
        [
          "status_code": 201, "headers": ["X-A": "b"],
          "body": [
            "id": request["path_params"]?["id"] ?? nil, "body": request["body"] ?? nil,
            "q": request["query_params"] ?? nil, "path": request["path"] ?? nil,
          ],
        ]
      }
      try await engine.waitForFunction("f")
      await client.request("POST", "/orders/7?x=a+b", ["Content-Type": "application/json"], #"{"n":1}"#)
      let response = try await client.response()
      #expect(response.status == 201)
      #expect(response.header("x-a") == "b")
      #expect(response.header("content-type") == "application/json")
      #expect(response.header("access-control-allow-origin") == "*")
      #expect(
        try JSONValue(parsing: response.text) == [
          "id": "7", "body": ["n": 1], "q": ["x": "a b"], "path": "/orders/:id",
        ])
    }
  }

  @Test("a connection serves requests one after the other, pipelined ones too; bodies may be chunked")
  func pipelining() async throws {
    try await withRoutes(["POST /echo f", "GET /hi g"]) { engine, worker, client in
      try worker.registerFunction("f") { (request: JSONValue) async -> JSONValue in ["body": request["body"] ?? nil] }
      try worker.registerFunction("g") { (_: JSONValue) async -> JSONValue in ["body": "hi"] }
      try await engine.waitForFunction("g")
      await client.send(
        "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
          + "2\r\n[1\r\n3;x\r\n,2]\r\n0\r\nT: x\r\n\r\nGET /hi HTTP/1.1\r\nHost: localhost\r\n\r\n"
          + "HEAD /hi HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nowhere HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
      )
      #expect(try await client.response().text == "[1,2]")
      #expect(try await client.response().text == "\"hi\"")
      #expect(try await client.response(toHEAD: true).status == 404)
      let last = try await client.response()
      #expect(last.status == 404)
      #expect(last.header("connection") == "close")
      #expect(await client.isEnded())
    }
  }

  @Test("the log names a segment in braces that is no parameter, and the function that a request needs and nobody has")
  func warnings() async throws {
    let (warnings, feed) = AsyncStream.makeStream(of: String.self)
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { if case .warning(let text) = $0 { feed.yield(text) } }
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/orders/{id}"), functionID: "nobody")
      try await engine.waitForTrigger(trigger.id)
      var warning = warnings.makeAsyncIterator()
      #expect(await warning.next()?.contains("'{id}' in the path '/orders/{id}' matches any text") == true)
      let client = try await RawHTTPClient.connect(try #require(await engine.httpURL))
      await client.request("GET", "/orders/7", [:], "")
      #expect(try await client.response().status == 500)
      #expect(await warning.next()?.contains("function 'nobody', which is not registered") == true)
      await client.close()
    }
  }

  @Test("an answered request leaves no channel, whether it had a body or not")
  func channelsAreForgotten() async throws {
    try await withRoutes(["GET /a f", "POST /a f"]) { engine, worker, client in
      try worker.registerFunction("f") { (_: JSONValue) async -> JSONValue in ["status_code": 200] }
      try await engine.waitForFunction("f")
      for method in ["GET", "POST"] {
        await client.request(method, "/a", ["Content-Type": "application/json"], method == "GET" ? "" : #"{"n":1}"#)
        #expect(try await client.response().status == 200)
        #expect(try await engine.channels.list().isEmpty)
      }
    }
  }

  @Test("a body that is not JSON streams through a channel, and the answer streams back")
  func streaming() async throws {
    try await withRoutes(["POST /upper f"]) { engine, worker, client in
      try worker.registerFunction("f") { (request: StreamedRequest) async throws in
        try await request.response.sendMessage(#"{"type":"set_status","status_code":206}"#)
        try await request.response.sendMessage(#"{"type":"set_headers","headers":{"content-type":"text/plain"}}"#)
        for try await part in request.body { try await request.response.write(part.map { $0 &- 32 }) }
        try await request.response.close()
      }
      try await engine.waitForFunction("f")
      await client.send(
        "POST /upper HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 6\r\n\r\n")
      #expect(try await client.responseHead().status == 100)
      await client.send("abc")
      let head = try await client.responseHead()
      #expect(head.status == 206)
      #expect(head.header("content-type") == "text/plain")
      #expect(try await client.chunk() == Array("ABC".utf8))
      await client.send("xyz")
      #expect(try await client.chunk() == Array("XYZ".utf8))
      #expect(try await client.chunk() == [])
    }
  }

  @Test("16 MiB go through a handler that echoes them, with back-pressure")
  func large() async throws {
    try await withRoutes(["POST /echo f"]) { engine, worker, client in
      try worker.registerFunction("f") { (request: StreamedRequest) async throws in
        for try await part in request.body { try await request.response.write(part) }
        try await request.response.close()
      }
      try await engine.waitForFunction("f")
      let body = [UInt8](repeating: 7, count: 16 << 20)
      await client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(body.count)\r\n\r\n")
      await client.send(bytes: body)
      #expect(try await client.response().body == body)
    }
  }

  @Test("a request that nobody answers in time gets 504, by the engine's time")
  func timeout() async throws {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual()
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let (called, note) = AsyncStream.makeStream(of: Void.self)
      try worker.registerFunction("f") { (_: JSONValue) async throws in
        note.yield()
        try await engine.clock.sleep(for: .seconds(60))
      }
      let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/slow"), functionID: "f")
      try await engine.waitForTrigger(trigger.id)
      let client = try await RawHTTPClient.connect(try #require(await engine.httpURL))
      await client.request("GET", "/slow")
      for await _ in called { break }
      try await engine.advance(by: .seconds(31))
      let response = try await client.response()
      #expect(response.status == 504)
      #expect(response.body.isEmpty)
      await client.close()
    }
  }

  @Test("functions that fail or are missing, and workers that leave, are answered with 500")
  func failures() async throws {
    try await withRoutes(["GET /boom f", "GET /none g", "GET /gone h"]) { engine, worker, client in
      try worker.registerFunction("f") { (_: JSONValue) async throws in
        throw IIIInvocationError(code: "SECRET", message: "boom")
      }
      try await engine.waitForFunction("f")
      await client.request("GET", "/boom")
      let response = try await client.response()
      #expect(response.status == 500)
      let body = try JSONValue(parsing: response.text)
      #expect(body["error"] == "boom")
      #expect((1...12).contains(body["error_id"]?.stringValue?.count ?? 0))
      #expect(!response.text.contains("SECRET"))
      await client.request("GET", "/none")
      #expect(try await client.response().text.contains("Function g not found"))
      let other = try await registerWorker(engine.url)
      let (called, note) = AsyncStream.makeStream(of: Void.self)
      try other.registerFunction("h") { (_: JSONValue) async in
        note.yield()
        for await _ in AsyncStream<Void>(unfolding: { nil }) {}
        while !Task.isCancelled { await Task.yield() }
      }
      try await engine.waitForFunction("h")
      await client.request("GET", "/gone")
      for await _ in called { break }
      await other.shutdown()
      #expect(try await client.response().text.contains("Invocation stopped"))
    }
  }

  @Test("a client that leaves ends its channels; requests that break the protocol end their connection")
  func badClients() async throws {
    struct Request: Decodable, Sendable { let response: ChannelWriter }
    try await withRoutes(["GET /stream f"]) { engine, worker, client in
      let (failed, note) = AsyncStream.makeStream(of: Bool.self)
      try worker.registerFunction("f") { (request: Request) async throws in
        do {
          while true { try await request.response.write([1, 2, 3]) }
        } catch { note.yield(error is IIIChannelError) }
      }
      try await engine.waitForFunction("f")
      await client.request("GET", "/stream")
      #expect(try await client.responseHead().status == 200)
      await client.close()
      for await isChannelError in failed {
        #expect(isChannelError)
        break
      }
      let url = try #require(await engine.httpURL)
      for (request, status) in [
        ("GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("POST /stream HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 405),
        ("nonsense\r\n\r\n", 400),
      ] {
        let bad = try await RawHTTPClient.connect(url)
        await bad.send(request)
        #expect(try await bad.response().status == status, "\(request)")
        _ = await bad.isEnded()
        await bad.close()
      }
    }
  }

  @Test("a page of a foreign origin is refused, unless CORS names it")
  func origins() async throws {
    try await withRoutes(["GET /x f"]) { engine, worker, client in
      await client.request("GET", "/x", ["Origin": "http://evil.example"])
      let foreign = try await client.response()
      #expect(foreign.status == 403)
      await client.request("GET", "/x", ["Origin": "http://localhost:3000"])
      let local = try await client.response()
      #expect(local.status == 500)
    }
  }
}
