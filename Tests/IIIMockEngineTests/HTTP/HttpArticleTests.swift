import III
import IIIMockEngine
import TestSupport
import Testing

/// Compiles and runs the code of the article "HTTP handlers".
@Suite(.timeLimit(.minutes(5))) struct HttpArticleTests {
  struct Order: Codable, Sendable {
    var item: String
    var count: Int
  }

  @Test("every Swift block of the article is in this file, line by line")
  func blocksAreHere() throws {
    try Article.expectBlocks(of: "HTTP handlers", count: 6, in: #filePath)
  }

  @Test("the code of the article does what it says")
  func runs() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("orders::create") { (request: HttpRequest<Order>) async -> HttpResponse<JSONValue> in
        guard let order = request.body, order.count > 0 else {
          return HttpResponse(statusCode: 400, body: ["error": "nothing is ordered"])
        }
        return HttpResponse(
          statusCode: 201, headers: ["location": "/orders/17"],
          body: ["shop": .init(request.pathParams["shop"]), "item": .init(order.item)])
      }
      let trigger = try worker.registerTrigger(
        HttpTriggerConfig(apiPath: "/shops/:shop/orders", httpMethod: .post), functionID: "orders::create")

      try worker.registerFunction(
        "files::count",
        handler: http { request, response in
          var count = 0
          for try await part in request.requestBody { count += part.count }
          try await response.status(202)
          try await response.headers(["content-type": "text/event-stream"])
          for number in 1...3 { try await response.write("data: \(count * number)\n\n") }
        })
      try worker.registerFunction(
        "files::store",
        handler: http { request, response -> HttpResponse<JSONValue>? in
          let content = try await request.requestBody.readAll(maxBytes: 1 << 20)
          guard !content.isEmpty else { return HttpResponse(statusCode: 400, body: "the file is empty") }
          return HttpResponse(statusCode: 201, body: ["bytes": .init(content.count)])
        })
      for (path, id) in [("/count", "files::count"), ("/store", "files::store")] {
        let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: path, httpMethod: .post), functionID: id)
        try await engine.waitForTrigger(trigger.id)
        try await engine.waitForFunction(id)
      }
      try worker.registerFunction(
        "mail::send",
        invocation: HttpInvocationConfig(
          url: "https://mail.example.com/send", timeoutMs: 5000, auth: .bearer(tokenKey: "MAIL_TOKEN")))

      try await engine.waitForTrigger(trigger.id)
      let address = try #require(await engine.httpURL)
      let client = try await RawHTTPClient.connect(address)
      let json = ["Content-Type": "application/json"]
      await client.request("POST", "/shops/7/orders", json, #"{"item":"pear","count":2}"#)
      let created = try await client.response()
      #expect(created.status == 201 && created.header("location") == "/orders/17")
      #expect(try JSONValue(parsing: created.text) == ["shop": "7", "item": "pear"])
      await client.request("POST", "/shops/7/orders", json, #"{"item":"pear","count":0}"#)
      #expect(try await client.response().status == 400)
      await client.request("POST", "/count", [:], "12345")
      let events = try await client.response()
      #expect(events.status == 202 && events.header("content-type") == "text/event-stream")
      #expect(events.text == "data: 5\n\ndata: 10\n\ndata: 15\n\n")
      await client.request("POST", "/store", [:], "123")
      #expect(try await client.response().text == #"{"bytes":3}"#)
      await client.request("POST", "/store")
      #expect(try await client.response().status == 400)
      await client.close()
    }
  }
}
