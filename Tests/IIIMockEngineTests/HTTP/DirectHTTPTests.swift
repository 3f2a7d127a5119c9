import III
import IIIMockEngine
import TestSupport
import Testing

/// Requests without a socket.
@Suite(.timeLimit(.minutes(5))) struct DirectHTTPTests {
  private func withRoute(
    _ method: HttpTriggerConfig.Method, _ path: String, _ configuration: MockEngine.Configuration = .init(),
    _ body: (_ engine: MockEngine, _ worker: III) async throws -> Void
  ) async throws {
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: path, httpMethod: method), functionID: "f")
      try await engine.waitForTrigger(trigger.id)
      try await body(engine, worker)
    }
  }

  @Test("a request goes the way of one from outside, and the answer is the same, status, headers and body")
  func sameAsSocket() async throws {
    try await withRoute(.post, "/orders/:id") { engine, worker in
      try worker.registerFunction("f") { (request: JSONValue) async -> JSONValue in
        [
          "status_code": 201, "headers": ["X-A": "b"],
          "body": [
            "id": request["path_params"]?["id"] ?? nil, "body": request["body"] ?? nil,
            "q": request["query_params"] ?? nil, "a": request["headers"]?["authorization"] ?? nil,
          ],
        ]
      }
      try await engine.waitForFunction("f")
      let response = try await engine.http.request(
        .post, "/orders/7?x=a+b", headers: ["Authorization": "me"], json: ["n": 1])
      #expect(response.status == 201)
      #expect(response.json == ["id": "7", "body": ["n": 1], "q": ["x": "a b"], "a": "me"])

      let client = try await RawHTTPClient.connect(try #require(await engine.url(.http)))
      await client.request(
        "POST", "/orders/7?x=a+b", ["Content-Type": "application/json", "Authorization": "me"], #"{"n":1}"#)
      let outside = try await client.response()
      #expect(outside.text == response.text)
      for name in ["x-a", "content-type", "content-length", "vary", "access-control-allow-origin"] {
        #expect(response.header(name) == outside.header(name), "\(name)")
      }
      await client.close()
    }
  }

  @Test("routes that are not there, other methods and HEAD are answered as from outside")
  func refusals() async throws {
    try await withRoute(.get, "/hi") { engine, _ in
      #expect(try await engine.http.request(.get, "/nowhere").status == 404)
      let other = try await engine.http.request(.delete, "/hi")
      #expect(other.status == 405 && other.header("allow") == "GET,HEAD" && other.body.isEmpty)
      let head = try await engine.http.request(.head, "/hi")
      #expect(head.status == 404 && head.body.isEmpty && head.header("content-length") == "9")
      let page = try await engine.http.request(.get, "/hi", headers: ["Origin": "https://evil.example"])
      #expect(page.status == 403)
    }
  }

  @Test("bodies in pieces go through channels, whatever their size; the answer is collected")
  func streams() async throws {
    try await withRoute(.put, "/copy") { engine, worker in
      try worker.registerFunction("f") { (request: StreamedRequest) async throws in
        for try await piece in request.body { try await request.response.write(piece) }
        try await request.response.close()
      }
      try await engine.waitForFunction("f")
      let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let response = try await engine.http.request(.put, "/copy", body: body)
      #expect(response.status == 200)
      #expect(response.body == body)
    }
  }

  @Test("the time-out follows the engine's clock")
  func timesOut() async throws {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual
    try await withRoute(.get, "/slow", configuration) { engine, _ in
      try engine.hang("f")
      async let response = engine.http.request(.get, "/slow")
      try await engine.waitForInvocation(of: "f")
      try await engine.advance(by: .seconds(60))
      #expect(try await response.status == 504)
    }
  }

  @Test("a request ends with its task, and with its engine")
  func ends() async throws {
    try await withRoute(.get, "/slow") { engine, _ in
      try engine.hang("f")
      let cancelled = Task { try await engine.http.request(.get, "/slow") }
      try await engine.waitForInvocation(of: "f")
      cancelled.cancel()
      await #expect(throws: CancellationError.self) { try await cancelled.value }
      let left = Task { try await engine.http.request(.get, "/slow") }
      try await engine.waitForInvocation(of: "f", count: 2)
      await engine.shutdown()
      await #expect(throws: MockEngineError.stopped) { try await left.value }
    }
  }

  @Test("a path or a header that cannot be sent is an error, and so is an engine without iii-http")
  func errors() async throws {
    try await withRoute(.get, "/hi") { engine, _ in
      await #expect(throws: MockEngineError.self) { try await engine.http.request(.get, "hi") }
      await #expect(throws: MockEngineError.self) { try await engine.http.request(.get, "/a b") }
      await #expect(throws: MockEngineError.self) { try await engine.http.request(.get, "/", headers: ["a b": "c"]) }
      await #expect(throws: MockEngineError.self) { try await engine.http.request(.get, "/", headers: ["a": "b\r\nc"]) }
    }
    var configuration = MockEngine.Configuration()
    configuration.builtIns.remove(.http)
    try await withMockEngine(configuration) { engine in
      await #expect(throws: MockEngineError.builtInIsOff(.http)) { try await engine.http.request(.get, "/") }
      #expect(await engine.url(.http) == nil)
      #expect(await engine.url(.worker) == engine.url)
    }
  }

  @Test("mock::http::request does the same on the wire; a strict engine does not have it")
  func wire() async throws {
    try await withRoute(.post, "/echo") { engine, worker in
      try worker.registerFunction("f") { (request: JSONValue) async -> JSONValue in ["body": request["body"] ?? nil] }
      try await engine.waitForFunction("f")
      let answer = try await engine.call("mock::http::request", ["method": "POST", "path": "/echo", "body": ["n": 1]])
      #expect(answer["status"] == 200 && answer["body"] == ["n": 1])
      #expect(answer["headers"]?["content-type"] == "application/json")
      let wrong = await #expect(throws: IIIInvocationError.self) {
        try await engine.call("mock::http::request", ["path": "echo"])
      }
      #expect(wrong?.code == "INVALID_REQUEST" && wrong?.message.contains("begins with '/'") == true)
    }
    var configuration = MockEngine.Configuration()
    configuration.compatibility = .v0_13
    try await withMockEngine(configuration) { engine in
      for id in ["mock::http::request", "mock::state::list", "mock::streams::list", "mock::engine::status"] {
        let error = await #expect(throws: IIIInvocationError.self) { try await engine.call(id, [:]) }
        #expect(error?.code == "function_not_found")
      }
    }
  }
}
