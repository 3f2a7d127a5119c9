import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// How channels and their ends come to an end.
@Suite struct ChannelClosingTests {
  @Test(arguments: [nil, 1000, 1001, 3001, 4999] as [UInt16?]) func aWritersCloseIsAnsweredInKind(code: UInt16?)
    async throws
  {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      let close = RawFrame.close(code, reason: code == nil ? "" : "é")
      await writer.send(close)
      #expect(try await writer.ended().close?.payload == close.payload)
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  @Test(arguments: [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] as [UInt16], [Compatibility.v0_13, .current])
  func aCloseThatMayNotBeSentIsAViolation(code: UInt16, compatibility: Compatibility) async throws {
    var configuration = MockEngine.Configuration()
    configuration.compatibility = compatibility
    try await withMockEngine(configuration) { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      await writer.send(RawFrame.close(code, reason: "why"))
      let answer = try await writer.ended().close
      #expect(answer?.closeCode == 1002 && answer?.text.hasSuffix("Protocol violation") == true)
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  private static let broken: [(frames: [RawFrame], code: UInt16)] = [
    ([RawFrame(opcode: 1, payload: [0x61], isMasked: false)], 1002),
    ([RawFrame(opcode: 2, payload: [], reserved: 4)], 1002),
    ([RawFrame(opcode: 3, payload: [])], 1002), ([RawFrame(opcode: 11, payload: [])], 1002),
    ([RawFrame(opcode: 9, payload: [], isFinal: false)], 1002), ([.ping([UInt8](repeating: 0, count: 126))], 1002),
    ([RawFrame(opcode: 0, payload: [])], 1002), ([RawFrame(opcode: 2, payload: [], isFinal: false), .text("x")], 1002),
    ([RawFrame(opcode: 8, payload: [3])], 1002), ([RawFrame(opcode: 8, payload: [3, 0xE8, 0xFF])], 1007),
    ([RawFrame(opcode: 1, payload: [0xFF])], 1007),
  ]

  @Test(arguments: broken, [Compatibility.v0_13, .current])
  func aWriterThatBreaksTheProtocolIsDropped(
    broken: (frames: [RawFrame], code: UInt16), compatibility: Compatibility
  ) async throws {
    var configuration = MockEngine.Configuration()
    configuration.compatibility = compatibility
    try await withMockEngine(configuration) { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      await writer.send("before it")
      for frame in broken.frames { await writer.send(frame) }
      // The recorded engine says nothing; ours tells why.
      #expect(try await writer.ended().close?.closeCode == broken.code)
      #expect(try await reader.receiveText() == "before it")
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  @Test func aLostWriterEndsTheStreamAsAnyOther() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      await writer.send("1")
      await writer.send(RawFrame(opcode: 2, payload: [1], isFinal: false))
      #expect(try await reader.receiveText() == "1")
      await writer.abort()
      #expect(try await reader.receiveUntilClose().map(\.payload) == [[]])
    }
  }

  @Test(arguments: [true, false]) func aReadersEndIsNoticedAtOnce(withClose: Bool) async throws {
    let (dropped, continuation) = AsyncStream<String>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { if case .warning(let text) = $0 { continuation.yield(text) } }
    try await withMockEngine(configuration) { engine in
      let channel = try await ChannelPeers(at: engine.url, capacity: 1)
      let writer = try await channel.open(.write)
      let reader = try await channel.open(.read)
      await writer.send("1")
      #expect(try await reader.receiveText() == "1")
      if withClose {
        await reader.send(RawFrame.close(4001, reason: "enough"))
        #expect(try await reader.ended().close?.payload == RawFrame.close(4001, reason: "enough").payload)
      } else {
        await reader.reset()
        // A second reader is told that the end was taken once the first is known to be gone, or before: either way
        // the engine has had its turn.
        _ = try await channel.open(.read).ended()
      }
      // A silent writer is left alone: its pings are answered.
      try await writer.fence()
      while await writer.endedBy == nil {
        await writer.send("to nobody")
        try? await writer.fence()
      }
      #expect(try await writer.ended().close == nil)
      let warning = await dropped.first { _ in true }
      #expect(warning == "channel \(channel.id): its reader left, so its writer was dropped")
    }
  }

  @Test func aWriterThatWaitsIsDroppedWithItsReader() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url, capacity: 1)
      let reader = try await channel.open(.read)
      try await reader.fence()
      await reader.stopReading()
      let writer = try await channel.open(.write)
      for _ in 0..<512 { await writer.send(binary: [UInt8](repeating: 1, count: 64 << 10)) }
      try await channel.maker.fence()
      await reader.reset()
      let end = try await writer.ended()
      #expect(end.close == nil)
    }
  }

  @Test func limitsOfFrameAndMessage() async throws {
    try await withMockEngine { engine in
      let frame = [UInt8](repeating: 1, count: 16 << 20)
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      await writer.send(binary: frame)
      #expect(try await reader.receive().payload == frame)
      // Four of them are a message of 64 MiB; a byte more is too much.
      for n in 0..<4 { await writer.send(RawFrame(opcode: n == 0 ? 2 : 0, payload: frame, isFinal: n == 3)) }
      #expect(try await reader.receive().payload.count == 64 << 20)
      for n in 0..<4 { await writer.send(RawFrame(opcode: n == 0 ? 2 : 0, payload: frame, isFinal: false)) }
      await writer.send(RawFrame(opcode: 0, payload: [1]))
      _ = try await writer.ended()
      #expect(try await reader.ended().close?.payload == [])
    }
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write, early: [.text("before it")])
      await writer.send(binary: [UInt8](repeating: 1, count: 16 << 20 + 1))
      _ = try await writer.ended()
      #expect(try await reader.receiveText() == "before it")
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  @Test func orphansAreSweptAfterFiveMinutes() async throws {
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: time)
    let active = try await ChannelPeers(at: engine.url)
    let (activeWriter, activeReader) = (try await active.open(.write), try await active.open(.read))
    let unused = try await ChannelPeers(by: active.maker, at: engine.url)
    let written = try await ChannelPeers(by: active.maker, at: engine.url)
    try await written.open(.write, early: [.text("lost")]).close()
    let readOnly = try await ChannelPeers(by: active.maker, at: engine.url)
    let waiting = try await readOnly.open(.read)
    let writeOnly = try await ChannelPeers(by: active.maker, at: engine.url, capacity: 1)
    let silent = try await writeOnly.open(.write, early: [.text("lost")])
    let full = try await ChannelPeers(by: active.maker, at: engine.url, capacity: 1)
    let stalled = try await full.open(.write, early: [.text("1"), .text("2")])
    try await stalled.fence()

    await time.advance(by: .seconds(300))  // five minutes old, not older
    try await silent.fence()
    for peer in [waiting, stalled, try await unused.open(.write)] { #expect(await peer.endedBy == nil) }

    await time.advance(by: .seconds(60))
    #expect(try await waiting.ended().close?.payload == [])
    #expect(try await stalled.ended().close == nil)
    try await silent.fence()
    await silent.send("to nobody")
    #expect(try await silent.ended().close == nil)
    for channel in [unused, written, readOnly, writeOnly, full] {
      let error = await #expect(throws: RawError.self) { try await channel.open(.read) }
      guard case .refused(let response)? = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
      #expect(response.status == 404 && response.text == "Channel not found")
    }
    await activeWriter.send("still here")
    #expect(try await activeReader.receiveText() == "still here")
    #expect(await engine.shutdownReportingLeaks() == 0)
  }

  @Test func aShutdownDropsBothEndsWithoutAClose() async throws {
    let engine = try await MockEngine.start()
    let channel = try await ChannelPeers(at: engine.url, capacity: 1)
    let reader = try await channel.open(.read)
    let writer = try await channel.open(.write)
    let full = try await ChannelPeers(by: channel.maker, at: engine.url, capacity: 1)
    let stalled = try await full.open(.write, early: [.text("1"), .text("2"), .text("3")])
    for peer in [reader, writer] { try await peer.fence() }
    #expect(await engine.shutdownReportingLeaks() == 0)
    for peer in [reader, writer, stalled] { #expect(try await peer.ended().close == nil) }
  }
}
