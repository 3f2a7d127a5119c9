import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// Channels over real connections: what goes through.
@Suite struct ChannelRelayTests {
  private func server(_ frame: RawFrame) -> RawFrame {
    var frame = frame
    frame.isMasked = false
    return frame
  }

  @Test func whatAWriterLeavesIsGivenToALateReader() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let messages: [RawFrame] = [
        .text("a"), .binary([1, 2]), .binary([]), .text(""), .binary([UInt8](repeating: 7, count: 200_000)), .text("b"),
      ]
      // All of it comes with the request.
      let writer = try await channel.open(.write, early: messages + [.close(1000, reason: "done"), .text("late")])
      #expect(try await writer.ended().close == server(.close(1000, reason: "done")))
      let reader = try await channel.open(.read)
      #expect(try await reader.receiveUntilClose() == (messages + [.close(nil)]).map(server))
      // Both ends have been taken, and stay so.
      for end in [ChannelDirection.write, .read] {
        let late = try await channel.open(end)
        #expect(try await late.receiveUntilClose() == [server(.close(nil))])
      }
    }
  }

  @Test func aLiveChannelCarriesMessagesAndNoPings() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      await writer.send(RawFrame.ping([1, 2]))
      #expect(try await writer.receive() == server(.pong([1, 2])))
      await writer.send(RawFrame.pong([3]))
      for bytes in [[1], [], [2, 3]] as [[UInt8]] {
        await writer.send(RawFrame(opcode: bytes == [1] ? 2 : 0, payload: bytes, isFinal: bytes == [2, 3]))
      }
      #expect(try await reader.receive() == server(.binary([1, 2, 3])))
      await writer.send("é")
      #expect(try await reader.receiveText() == "é")
      // What a reader sends is read, and only its pings count.
      await reader.send("nobody hears this")
      await reader.send(binary: [9])
      try await reader.fence()
      try await writer.fence()
      #expect(await writer.takeUnread().isEmpty)
      #expect(await reader.takeUnread().isEmpty)
    }
  }

  @Test func manyMessagesOfTwoChannelsKeepTheirOrderAndTheirChannel() async throws {
    try await withMockEngine { engine in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for n in 0..<2 {
          group.addTask {
            let channel = try await ChannelPeers(at: engine.url)
            let reader = try await channel.open(.read)
            let writer = try await channel.open(.write)
            let filling = String(repeating: n == 0 ? "x" : "y", count: 1024)
            for message in 0..<10_000 { await writer.send("\(message) \(filling)") }
            await writer.send(RawFrame.close(1000))
            for message in 0..<10_000 {
              let text = try await reader.receiveText()
              if text != "\(message) \(filling)" { Issue.record("message \(message) of channel \(n): \(text)") }
            }
            #expect(try await reader.ended().close?.payload == [])
            #expect(try await writer.ended().close?.closeCode == 1000)
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test func aWriterWaitsForAFullChannel() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url, capacity: 1)
      let writer = try await channel.open(.write)
      let blocks = (0..<256).map { n in [UInt8](repeating: UInt8(n), count: 64 << 10) }
      for block in blocks { await writer.send(binary: block) }
      await writer.send(RawFrame.close(1000))
      // The engine lives on, and reads nothing more of this.
      try await channel.maker.fence()
      #expect(await writer.endedBy == nil)
      let reader = try await channel.open(.read)
      for block in blocks { #expect(try await reader.receive().payload == block) }
      #expect(try await writer.ended().close?.closeCode == 1000)
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  @Test func aSlowReaderGetsEverythingInOrder() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url, capacity: 4)
      let reader = try await channel.open(.read)
      try await reader.fence()
      await reader.stopReading()
      let writer = try await channel.open(.write)
      let blocks = (0..<512).map { n in [UInt8](repeating: UInt8(n & 0xFF), count: 64 << 10) }
      for block in blocks { await writer.send(binary: block) }
      try await channel.maker.fence()
      await writer.send(RawFrame.close(nil))
      await reader.startReading()
      for block in blocks { #expect(try await reader.receive().payload == block) }
      #expect(try await reader.ended().close?.payload == [])
      #expect(try await writer.ended().close?.payload == [])
    }
  }

  @Test func aReaderHasAllTheTimeItNeeds() async throws {
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: time)
    let channel = try await ChannelPeers(at: engine.url)
    let reader = try await channel.open(.read)
    try await reader.fence()
    await reader.stopReading()
    let block = [UInt8](repeating: 7, count: 16 << 20)
    let writer = try await channel.open(.write)
    for n in 0..<4 { await writer.send(RawFrame(opcode: n == 0 ? 2 : 0, payload: block, isFinal: n == 3)) }
    await writer.send(RawFrame.close(1000))
    #expect(try await writer.ended().close?.closeCode == 1000)
    // Longer than a connection may take that has been told of its end.
    await time.advance(by: .seconds(60))
    try await channel.maker.fence()
    await reader.startReading()
    #expect(try await reader.receive().payload.count == 64 << 20)
    #expect(try await reader.ended().close?.payload == [])
    #expect(await engine.shutdownReportingLeaks() == 0)
  }

  @Test func manySmallMessagesPassAFullChannel() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url, capacity: 1)
      // One read brings hundreds of messages, which wait with the writer.
      let messages = (0..<5000).map { RawFrame.text("\($0)") }
      let writer = try await channel.open(.write, early: messages + [.close(4000)])
      let reader = try await channel.open(.read)
      for message in messages { #expect(try await reader.receive() == server(message)) }
      #expect(try await writer.ended().close?.closeCode == 4000)
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  /// Messages of all sizes, some in fragments, to a reader that stops and goes on.
  @Test(arguments: 0..<8) func whateverIsSentArrives(seed: Int) async throws {
    try await withMockEngine { engine in
      var random = SeededGenerator(seed: UInt64(seed))
      let channel = try await ChannelPeers(at: engine.url, capacity: 1 + random.below(4))
      let writer = try await channel.open(.write)
      let reader = try await channel.open(.read)
      for _ in 0..<12 {
        try await reader.fence()
        if random.oneIn(2) { await reader.stopReading() }
        var messages: [RawFrame] = []
        for _ in 0..<random.below(40) {
          let limit = [10, 1000, 70_000, 400_000][random.below(4)]
          let payload = [UInt8](repeating: UInt8(random.below(128)), count: random.below(limit))
          messages.append(RawFrame(opcode: UInt8(1 + random.below(2)), payload: payload, isMasked: false))
          let cut = random.oneIn(3) ? random.below(payload.count + 1) : payload.count
          let first = RawFrame(
            opcode: messages.last?.opcode ?? 1, payload: Array(payload[..<cut]), isFinal: cut == payload.count)
          await writer.send(first)
          if random.oneIn(4) { await writer.send(RawFrame.ping([1])) }
          if !first.isFinal { await writer.send(RawFrame(opcode: 0, payload: Array(payload[cut...]))) }
        }
        try await channel.maker.fence()
        await reader.startReading()
        for message in messages {
          let got = try await reader.receive()
          #expect(got == message)
        }
      }
      await writer.send(RawFrame.close(1000))
      #expect(try await writer.ended().close?.closeCode == 1000)
      #expect(try await reader.ended().close?.payload == [])
      #expect(await writer.takeUnread().allSatisfy { $0.isPong || $0.isClose })
    }
  }

  @Test func aWaitingWritersPingIsAnswered() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url, capacity: 1)
      let writer = try await channel.open(.write, early: [.text("1"), .text("2")])
      try await writer.fence()
      // The next message is behind the one in hand, and what follows it is not seen.
      await writer.send("3")
      await writer.send(RawFrame.ping([7]))
      try await channel.maker.fence()
      let reader = try await channel.open(.read)
      for text in ["1", "2", "3"] { #expect(try await reader.receiveText() == text) }
      #expect(try await writer.receive() == server(.pong([7])))
      await writer.send("4")
      #expect(try await reader.receiveText() == "4")
    }
  }

  @Test func anyListenerOpensAnEnd() async throws {
    var configuration = MockEngine.Configuration()
    configuration.listeners = [.init(port: 0), .init(port: 0)]
    try await withMockEngine(configuration) { engine in
      let other = engine.addresses[1]
      let channel = try await ChannelPeers(at: engine.url)
      // Its creator's end is not the channel's.
      try await channel.maker.close()
      let writer = try await channel.open(.write)
      let reader = try await channel.open(.read, at: other)
      await writer.send("across")
      #expect(try await reader.receiveText() == "across")
    }
  }
}
