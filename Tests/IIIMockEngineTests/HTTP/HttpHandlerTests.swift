import III
import IIIMockEngine
import TestSupport
import Testing

/// The SDK's handlers of HTTP triggers, through the engine's server.
@Suite("Handlers of HTTP triggers", .timeLimit(.minutes(5)))
struct HttpHandlerTests {
  struct Order: Codable, Sendable { var item: String }

  private func serve(
    _ config: HttpTriggerConfig, _ register: (III) throws -> Void,
    _ body: (MockEngine, RawHTTPClient) async throws -> Void
  ) async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try register(worker)
      let trigger = try worker.registerTrigger(config, functionID: "f")
      try await engine.waitForTrigger(trigger.id)
      try await engine.waitForFunction("f")
      let client = try await RawHTTPClient.connect(try #require(await engine.httpURL))
      try await body(engine, client)
      await client.close()
    }
  }

  @Test("a request comes as a value, and a value goes as the answer")
  func whole() async throws {
    try await serve(HttpTriggerConfig(apiPath: "/orders/:id", httpMethod: .post)) { worker in
      try worker.registerFunction("f") { (request: HttpRequest<Order>) async -> HttpResponse<JSONValue> in
        HttpResponse(
          statusCode: 201, headers: ["x-agent": request.header("User-Agent") ?? ""],
          body: [
            "id": .init(request.pathParams["id"]), "item": .init(request.body?.item), "q": .init(request.query("q")),
            "method": .init(request.method),
          ])
      }
    } _: { _, client in
      await client.request(
        "POST", "/orders/7?q=a%20b", ["Content-Type": "application/json", "User-Agent": "test"], #"{"item":"pear"}"#)
      let response = try await client.response()
      #expect(response.status == 201 && response.header("x-agent") == "test")
      #expect(try JSONValue(parsing: response.text) == ["id": "7", "item": "pear", "q": "a b", "method": "POST"])
    }
  }

  @Test("a body is read in parts, and the answer is written in parts; it ends with the handler")
  func streamed() async throws {
    try await serve(HttpTriggerConfig(apiPath: "/upper", httpMethod: .post)) { worker in
      try worker.registerFunction(
        "f",
        handler: http { request, response in
          try await response.status(206)
          try await response.headers(["content-type": "text/plain", "x-path": request.head.path])
          for try await part in request.requestBody { try await response.write(part.map { $0 &- 32 }) }
        })
    } _: { _, client in
      await client.send("POST /upper HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\n\r\nabc")
      let head = try await client.responseHead()
      #expect(head.status == 206 && head.header("content-type") == "text/plain")
      #expect(head.header("x-path") == "/upper")
      #expect(try await client.chunk() == Array("ABC".utf8))
      await client.send("xyz")
      #expect(try await client.chunk() == Array("XYZ".utf8))
      #expect(try await client.chunk() == [])
    }
  }

  @Test("a handler that writes no body sends its status and headers; one that returns an answer sends that")
  func withoutBody() async throws {
    for returnsAnswer in [false, true] {
      try await serve(HttpTriggerConfig(apiPath: "/x")) { worker in
        try worker.registerFunction(
          "f",
          handler: http { _, response -> HttpResponse<JSONValue>? in
            try await response.status(202)
            try await response.headers(["x-test": "yes"])
            return returnsAnswer ? HttpResponse(statusCode: 409, body: ["why": "taken"]) : nil
          })
      } _: { _, client in
        await client.request("GET", "/x")
        let response = try await client.response()
        #expect(response.status == (returnsAnswer ? 409 : 202))
        #expect(response.header("x-test") == (returnsAnswer ? nil : "yes"))
        #expect(response.text == (returnsAnswer ? #"{"why":"taken"}"# : ""))
      }
    }
  }

  @Test("an answer that is returned after a part of a body is ignored, and the body ends")
  func bodyAndAnswer() async throws {
    try await serve(HttpTriggerConfig(apiPath: "/x")) { worker in
      try worker.registerFunction(
        "f",
        handler: http { _, response -> HttpResponse<JSONValue>? in
          try await response.write("part")
          return HttpResponse(statusCode: 500)
        })
    } _: { _, client in
      await client.request("GET", "/x")
      let response = try await client.response()
      #expect(response.status == 200 && response.text == "part")
    }
  }

  @Test("a handler that throws before the body is an error 500")
  func failure() async throws {
    try await serve(HttpTriggerConfig(apiPath: "/x")) { worker in
      try worker.registerFunction(
        "f",
        handler: http { _, response in
          try await response.status(202)
          throw IIIInvocationError(code: "BROKEN", message: "boom")
        })
    } _: { _, client in
      await client.request("GET", "/x")
      let response = try await client.response()
      #expect(response.status == 500)
      #expect(try JSONValue(parsing: response.text)["error"] == "boom")
    }
  }
}
