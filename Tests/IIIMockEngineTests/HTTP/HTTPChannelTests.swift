import III
import IIIMockEngine
import TestSupport
import Testing
import UV

/// The channels of requests, which are made when somebody needs them.
@Suite(.timeLimit(.minutes(1))) struct HTTPChannelTests {
  private func withRoute(
    _ method: HttpTriggerConfig.Method, _ configuration: MockEngine.Configuration = .init(),
    _ body: (_ engine: MockEngine, _ worker: III) async throws -> Void
  ) async throws {
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let trigger = try worker.registerTrigger(HttpTriggerConfig(apiPath: "/f", httpMethod: method), functionID: "f")
      try await engine.waitForTrigger(trigger.id)
      try await body(engine, worker)
    }
  }

  @Test("the channels of a request that waits are listed, and can be asked about by their ids")
  func listed() async throws {
    try await withRoute(.post) { engine, worker in
      let (channels, note) = AsyncStream.makeStream(of: [MockEngine.ChannelStatus].self)
      try worker.registerFunction("f") { (request: JSONValue) async throws -> JSONValue in
        let id = request["request_body"]?["channel_id"]?.stringValue ?? ""
        let asked = try await engine.channels.status(id)
        note.yield([asked] + (try await engine.channels.list()))
        return ["body": .string(id)]
      }
      try await engine.waitForFunction("f")
      for (body, bytes) in [(#"{"n":1}"#, 7), ("", 0)] {
        let response = try await engine.http.request(
          .post, "/f", headers: ["Content-Type": "application/json"], body: Array(body.utf8))
        let found = try #require(await channels.first { _ in true })
        #expect(response.json?.stringValue == found[0].id)
        #expect(found.count == 3 && found[0] == found[1])
        #expect(found.allSatisfy { $0.capacity == 64 && $0.creator == nil })
        #expect(found[1].writer == .ended && found[1].reader == .unopened && found[1].bufferedBytes == bytes)
        #expect(found[2].writer == .unopened && found[2].reader == .open && found[2].bufferedBytes == 0)
        #expect(try await engine.channels.list().isEmpty)
      }
    }
  }

  @Test("a handler reads the body of a JSON request as it was sent, also after the channel was listed")
  func wholeBody() async throws {
    try await withRoute(.post) { engine, worker in
      let lists = Lock(false)
      try worker.registerFunction("f") { (request: StreamedRequest) async throws in
        if lists.withLock({ $0 }) { #expect(try await engine.channels.list().count == 2) }
        var all: [UInt8] = []
        for try await part in request.body { all += part }
        try await request.response.write(all)
        try await request.response.close()
      }
      try await engine.waitForFunction("f")
      for value in [false, true] {
        lists.withLock { $0 = value }
        let body = Array(#" {"z":2, "a":1}"#.utf8)
        let response = try await engine.http.request(
          .post, "/f", headers: ["Content-Type": "application/json"], body: body)
        #expect(response.body == body)
      }
    }
  }

  @Test("the channels of a request that got no answer in time outlive it, with their ends, until they are swept")
  func swept() async throws {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual()
    try await withRoute(.get, configuration) { engine, worker in
      let (called, note) = AsyncStream.makeStream(of: Void.self)
      try worker.registerFunction("f") { (_: JSONValue) async throws in
        note.yield()
        try await engine.clock.sleep(for: .seconds(600))
      }
      try await engine.waitForFunction("f")
      async let response = engine.http.request(.get, "/f")
      for await _ in called { break }
      try await engine.advance(by: .seconds(31))
      #expect(try await response.status == 504)
      let kept = try await engine.channels.list()
      #expect(kept.map(\.writer) == [.ended, .unopened] && kept.map(\.reader) == [.unopened, .ended])
      try await engine.advance(by: .seconds(400))
      #expect(try await engine.channels.list().isEmpty)
    }
  }
}
