import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct ServerUpgradeTests {
  static let upgrade =
    "host: e\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: abc=\r\n"

  @Test(arguments: [
    ("GET / HTTP/1.1\r\nhost: e\r\n\r\n", 400, "Connection header did not include 'upgrade'"),
    ("GET /nope HTTP/1.1\r\n\(upgrade)\r\n", 404, ""), ("POST / HTTP/1.1\r\nhost: e\r\n\r\n", 405, ""),
    ("GET /otel/ HTTP/1.1\r\n\(upgrade)\r\n", 404, ""),
    (
      "GET / HTTP/1.0\r\n\(upgrade)\r\n", 426,
      "WebSocket request couldn't be upgraded since no upgrade state was present"
    ),
    ("nonsense\r\n\r\n", 400, ""), ("GET / HTTP/1.1\r\nx: \(String(repeating: "y", count: 70_000))\r\n\r\n", 431, ""),
  ]) func refusals(request: String, status: Int, body: String) async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.connect(engine.url)
      await peer.send(bytes: Array(request.utf8))
      let response = try await peer.receiveResponse()
      #expect(response.status == status)
      #expect(String(decoding: response.body, as: UTF8.self) == body)
      // The connection is of no further use, and both sides end it.
      _ = try await peer.ended()
    }
  }

  @Test func http2IsClosedWithoutAByte() async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.connect(engine.url)
      await peer.send(bytes: Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8))
      _ = try await peer.ended()
      #expect(await peer.response == nil)
    }
  }

  @Test(arguments: ["/", "/?token=x&y=1", "/?"]) func theFirstFrameIsTheWorkersID(path: String) async throws {
    var configuration = MockEngine.Configuration()
    configuration.compatibility = .v0_13
    try await withMockEngine(configuration) { engine in
      let peer = try await RawPeer.open(
        engine.url, path: path, headers: [("Sec-WebSocket-Extensions", "permessage-deflate")])
      #expect(await peer.response?.header("sec-websocket-extensions") == nil)
      let text = try await peer.receiveText()
      #expect(text.hasPrefix(#"{"type":"workerregistered","worker_id":""#) && text.utf8.count == 78)
    }
  }

  @Test func framesSentWithTheRequestCount() async throws {
    try await withMockEngine { engine in
      _ = try await RawPeer.open(engine.url, early: [.text(#"{"type":"registerfunction","id":"early"}"#)])
      try await engine.waitForFunction("early")
    }
  }

  @Test func aRequestMayComeByteByByte() async throws {
    // Time stands still: a slow machine does not run into the limit of the handshake.
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: .manual())
    let peer = try await RawPeer.connect(engine.url)
    for byte in Array("GET / HTTP/1.1\r\n\(Self.upgrade)\r\n".utf8) {
      await peer.send(bytes: [byte])
      await Task.yield()
    }
    #expect(try await peer.receiveResponse().status == 101)
    #expect(try await peer.receiveText().contains("workerregistered"))
    #expect(await engine.shutdownReportingLeaks() == 0)
  }

  @Test func aRequestThatNeverComesIsGivenUp() async throws {
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: time)
    let silent = try await RawPeer.connect(engine.url)
    await silent.send(bytes: Array("GET / HT".utf8))
    let worker = try await RawPeer.open(engine.url)
    try await worker.fence()
    await time.advance(by: .milliseconds(9_999))
    try await worker.fence()
    #expect(await silent.endedBy == nil)
    await time.advance(by: .milliseconds(1))
    _ = try await silent.ended()
    try await worker.fence()
    #expect(await engine.shutdownReportingLeaks() == 0)
  }

  @Test func telemetryIsHeardAndNeverAnswered() async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url, path: "/otel?service=x")
      await peer.send(binary: Array("OTLP{}".utf8))
      await peer.send(#"{"type":"ping"}"#)
      await peer.send(#"{"type":"registerfunction","id":"no"}"#)
      try await peer.fence()
      #expect(await peer.takeUnread().isEmpty)
      await engine.shutdown()
      #expect(try await peer.ended().close?.payload == [])
    }
  }
}
