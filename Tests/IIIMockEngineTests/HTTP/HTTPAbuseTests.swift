import III
import IIIMockEngine
import TestSupport
import Testing
import UV

/// Clients that do not behave.
@Suite(.timeLimit(.minutes(5))) struct HTTPAbuseTests {
  private func withRoutes(
    _ configuration: MockEngine.Configuration = .init(),
    _ body: (_ engine: MockEngine, _ worker: III, _ connect: () async throws -> RawHTTPClient) async throws -> Void
  ) async throws {
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("hi") { (_: JSONValue) async -> JSONValue in ["body": "hi"] }
      for (method, path, function) in [("GET", "/hi", "hi"), ("POST", "/hi", "hi"), ("POST", "/f", "f")] {
        let trigger = try worker.registerTrigger(
          type: "http", functionID: function, config: ["http_method": .init(method), "api_path": .init(path)])
        try await engine.waitForTrigger(trigger.id)
      }
      let url = try #require(await engine.url(.http))
      try await body(engine, worker) { try await RawHTTPClient.connect(url) }
    }
  }

  @Test("a client that never reads holds up the handler that streams to it, and nobody else")
  func neverReads() async throws {
    try await withRoutes { engine, worker, connect in
      let written = Lock(0)
      let (ends, ended) = AsyncStream.makeStream(of: Bool.self)
      let (begins, begun) = AsyncStream.makeStream(of: Void.self)
      try worker.registerFunction("f") { (request: StreamedRequest) async throws in
        let piece = [UInt8](repeating: 1, count: 1 << 20)
        do {
          for number in 0..<512 {
            try await request.response.write(piece)
            written.withLock { $0 += piece.count }
            if number == 0 { begun.yield() }
          }
          ended.yield(true)
        } catch {
          ended.yield(false)
        }
      }
      try await engine.waitForFunction("f")
      let lazy = try await connect()
      await lazy.stopReading()
      await lazy.send("POST /f HTTP/1.1\r\nHost: localhost\r\n\r\n")
      for await _ in begins { break }
      let other = try await connect()
      for _ in 0..<200 {
        await other.request("GET", "/hi")
        #expect(try await other.response().status == 200)
      }
      await lazy.close()
      // The handler learns that nobody reads any more.
      #expect(await ends.first { _ in true } == false)
      #expect(written.withLock { $0 } < 64 << 20)
      await other.close()
    }
  }

  @Test("endless headers are refused, whether they are many or long", arguments: ["X: y\r\n", "X"])
  func headers(part: String) async throws {
    try await withRoutes { _, _, connect in
      let client = try await connect()
      let flood = part == "X" ? "X: " + String(repeating: "y", count: 1 << 20) : String(repeating: part, count: 200_000)
      await client.send("GET /hi HTTP/1.1\r\nHost: localhost\r\n" + flood)
      let status = try await client.response().status
      #expect(status == 431 || status == 400, "\(status)")
      #expect(await client.isEnded())
      let other = try await connect()
      await other.request("GET", "/hi")
      #expect(try await other.response().status == 200)
      await other.close()
    }
  }

  @Test("a body that does not come is answered with 504 by the engine's time; its rest is thrown away")
  func slowBody() async throws {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual()
    try await withRoutes(configuration) { engine, _, connect in
      let client = try await connect()
      await client.send(
        "POST /hi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n[1,")
      let other = try await connect()
      await other.request("GET", "/hi")
      #expect(try await other.response().status == 200)
      try await engine.advance(by: .seconds(31))
      #expect(try await client.response().status == 504)
      await client.send("2,3,4,5GET /hi HTTP/1.1\r\nHost: localhost\r\n\r\n")
      #expect(try await client.response().text == "\"hi\"")
      for one in [client, other] { await one.close() }
    }
  }

  @Test("a JSON body above 64 MiB is refused: at once if its length is told, else when it has come")
  func largeJSON() async throws {
    try await withRoutes { engine, _, connect in
      let head = "POST /hi HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      let told = try await connect()
      await told.send(head + "Content-Length: \(1 << 30)\r\n\r\n[")
      let response = try await told.response()
      #expect(response.status == 413 && response.header("connection") == "close")
      #expect(response.text.contains("at most 67108864 bytes"))
      #expect(await told.isEnded())

      let chunked = try await connect()
      await chunked.send(head + "Transfer-Encoding: chunked\r\n\r\n")
      let piece = Array("1000000\r\n".utf8) + [UInt8](repeating: 0x20, count: 16 << 20) + Array("\r\n".utf8)
      for _ in 0..<5 { await chunked.send(bytes: piece) }
      #expect(try await chunked.response().status == 413)
      #expect(try await engine.http.request(.post, "/hi", json: [1]).status == 200)
    }
  }

  @Test("a body of any size that is no JSON is streamed to its handler")
  func largeBody() async throws {
    try await withRoutes { engine, worker, connect in
      try worker.registerFunction("f") { (request: StreamedRequest) async throws in
        var count = 0
        for try await piece in request.body { count += piece.count }
        try await request.response.write(Array("\(count)".utf8))
        try await request.response.close()
      }
      try await engine.waitForFunction("f")
      let client = try await connect()
      let pieces = Proofs.count(suite: 64, full: 1024)
      await client.send("POST /f HTTP/1.1\r\nHost: localhost\r\nContent-Length: \(pieces << 20)\r\n\r\n")
      let piece = [UInt8](repeating: 7, count: 1 << 20)
      for _ in 0..<pieces { await client.sendWhenTaken(bytes: piece) }
      #expect(try await client.response().text == "\(pieces << 20)")
      await client.close()
    }
  }
}
