import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct ServerFrameTests {
  @Test func pingsOfBothKindsAreAnsweredOnce() async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()
      await peer.send(RawFrame.ping(Array("abc".utf8)))
      #expect(try await peer.receive { $0.isPong }.payload == Array("abc".utf8))
      await peer.send(#"{"type":"ping"}"#)
      #expect(try await peer.receiveText() == #"{"type":"pong"}"#)
      await peer.send(binary: Array(#"{"type":"ping"}"#.utf8))
      #expect(try await peer.receiveText() == #"{"type":"pong"}"#)
      try await peer.fence()
      #expect(await peer.takeUnread().isEmpty)
    }
  }

  @Test func fragmentsMakeOneMessageAndPingsMayComeBetween() async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()
      let text = Array(#"{"type":"ping"}"#.utf8)
      await peer.send(RawFrame(opcode: 1, payload: Array(text[..<5]), isFinal: false))
      await peer.send(RawFrame.ping([7]))
      await peer.send(RawFrame(opcode: 0, payload: Array(text[5..<9]), isFinal: false))
      await peer.send(RawFrame(opcode: 0, payload: Array(text[9...])))
      #expect(try await peer.receive().isPong)
      #expect(try await peer.receiveText() == #"{"type":"pong"}"#)
    }
  }

  @Test func frameAndMessageLimitsHoldToTheByte() async throws {
    try await withMockEngine { engine in
      func ping(_ size: Int) -> [UInt8] {
        let (head, tail) = (Array(#"{"type":"ping","x":""#.utf8), Array(#""}"#.utf8))
        return head + Array(repeating: 0x78, count: size - head.count - tail.count) + tail
      }
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()
      await peer.send(RawFrame(opcode: 1, payload: ping(16 << 20)))
      #expect(try await peer.receiveText() == #"{"type":"pong"}"#)
      await peer.send(RawFrame(opcode: 1, payload: ping(16 << 20 + 1)))
      #expect(try await peer.ended().close?.closeCode == 1009)
    }
  }

  @Test func ignoredFramesAreKeptAsDiagnosticsAndDisturbNothing() async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url)
      _ = try await peer.receiveText()
      await peer.send(
        #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"w","pid":1}}"#)
      await peer.send("not json")
      await peer.send(#"{"type":"invokefunction","function_id":"f"}"#)
      await peer.send(binary: [0, 1])
      try await peer.fence()
      #expect(await peer.takeUnread().isEmpty)
      #expect(
        await engine.diagnostics.map(\.problem) == [
          "not JSON, at byte 0", "missing field `data`", "not JSON, at byte 0",
        ])
      #expect(await engine.diagnostics.allSatisfy { $0.worker.name == "w" })
    }
  }

  @Test(arguments: [("python", "0.13.0", true), ("python", "0.25.0", false), ("swift", "0.1.0", false)])
  func aMessageTooLargeForAnOldPythonComesWithAHint(runtime: String, version: String, isWarned: Bool) async throws {
    let hints = AsyncStream<String>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in
      if case .largeMessage(_, _, let hint) = event { hints.continuation.yield(hint) }
    }
    try await withMockEngine(configuration) { engine in
      let peer = try await RawPeer.open(engine.url, early: [.text(#"{"type":"registerfunction","id":"f"}"#)])
      _ = try await peer.receiveText()
      await peer.send(
        #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"w","runtime":"\#(runtime)","version":"\#(version)"}}"#
      )
      let data = String(repeating: "x", count: 2 << 20)
      await peer.send(#"{"type":"invokefunction","function_id":"f","data":"\#(data)"}"#)
      #expect(try await peer.receiveText().utf8.count > 2 << 20)
      try await peer.fence()
      hints.continuation.finish()
      let hint = await hints.stream.first { _ in true }
      #expect((hint != nil) == isWarned)
      #expect(hint?.contains("1 MiB") ?? true)
    }
  }
}
