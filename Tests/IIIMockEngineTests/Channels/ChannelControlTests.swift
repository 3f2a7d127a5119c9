import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite("engine.channels", .timeLimit(.minutes(5))) struct ChannelControlTests {
  @Test("a channel is listed with its creator, its ends and what it holds, until both ends have ended")
  func listing() async throws {
    try await withMockEngine { engine in
      #expect(try await engine.channels.list().isEmpty)
      let channel = try await ChannelPeers(at: engine.url, capacity: 2)
      let second = try await ChannelPeers(by: channel.maker, at: engine.url)
      let listed = try await engine.channels.list()
      #expect(listed.map(\.id) == [channel.id, second.id] && listed.map(\.capacity) == [2, 64])
      #expect(listed.allSatisfy { $0.writer == .unopened && $0.reader == .unopened && $0.creator != nil })

      let writer = try await channel.open(.write)
      await writer.send("12345")
      await writer.send(binary: [1, 2, 3])
      try await writer.fence()
      let filled = try await engine.channels.status(channel.id)
      #expect(filled.writer == .open && filled.reader == .unopened)
      #expect(filled.bufferedBytes == 8 && filled.messagesPassed == 0)
      #expect(try await engine.channels.buffered(channel.id) == 8)

      let reader = try await channel.open(.read)
      #expect(try await reader.receiveText() == "12345")
      #expect(try await reader.receive().payload == [1, 2, 3])
      let passed = try await engine.channels.status(channel.id)
      #expect(passed.reader == .open && passed.bufferedBytes == 0 && passed.messagesPassed == 2)

      await writer.send(RawFrame.close(1000))
      _ = try await writer.ended()
      _ = try await reader.ended()
      #expect(try await engine.channels.list().map(\.id) == [second.id])
      let error = await #expect(throws: MockEngineError.self) { try await engine.channels.buffered(channel.id) }
      #expect(error?.description.contains(channel.id) == true)
    }
  }

  @Test("the creator of a channel has the name that it told after it had made the channel")
  func laterName() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      #expect(try await engine.channels.status(channel.id).creator?.name == nil)
      await channel.maker.send(
        #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"late"}}"#)
      try await channel.maker.fence()
      #expect(try await engine.channels.status(channel.id).creator?.name == "late")
    }
  }

  @Test("a reader that leaves ends the channel once its writer has noticed")
  func endOfBothSides() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let (writer, reader) = (try await channel.open(.write), try await channel.open(.read))
      await reader.send(RawFrame.close(1000))
      _ = try await reader.ended()
      #expect(try await engine.channels.status(channel.id).reader == .ended)
      await writer.send("to nobody")
      _ = try await writer.ended()
      #expect(try await engine.channels.list().isEmpty)
    }
  }

  /// Ends that a part of the engine holds.
  private final class HeldEnds: HeldWriter, HeldReader {
    func channelIsFull() {}
    func channelHasRoom() {}
    func channelReaderLeft() {}
    func channelDelivers(_ bytes: ByteView, isText: Bool) -> Bool { true }
    func channelWriterLeft() {}
  }

  @Test(
    "of the channels that have ended the last 1,000 are remembered; a strict engine remembers all of them",
    arguments: [(Compatibility.current, 1000), (.v0_13, 1100)])
  func remembered(compatibility: Compatibility, count: Int) throws {
    var bench = RouterBench(compatibility)
    let caller = bench.connect()
    for number in 1...1100 { bench.call(caller, number, "engine::channels::create", "{}") }
    let worker = try bench.builtIn(ChannelsWorker.self)
    #expect(worker.all.count == 1100)
    let ends = HeldEnds()
    for relay in worker.all {
      relay.hold(writer: ends)
      relay.hold(reader: ends)
      relay.endWriting()
    }
    #expect(worker.all.isEmpty)
    #expect(worker.channels.relays.count == count)
    #expect(worker.channels.relays.map(\.number).min() == UInt64(1101 - count))
  }

  @Test("what a cut does to both ends", arguments: [nil, .writer, .reader] as [MockEngine.ChannelControls.End?])
  func cut(end: MockEngine.ChannelControls.End?) async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      #expect(try await engine.channels.cut(channel.id, end) == 0)
      let (writer, reader) = (try await channel.open(.write), try await channel.open(.read))
      await writer.send("before")
      #expect(try await reader.receiveText() == "before")
      #expect(try await engine.channels.cut(channel.id, end) == (end == nil ? 2 : 1))
      switch end {
      case nil:
        #expect(try await writer.ended().close == nil)
        #expect(try await reader.ended().close == nil)
        #expect(try await engine.channels.list().isEmpty)
      case .writer:
        #expect(try await writer.ended().close == nil)
        // As the real engine tells it.
        #expect(try await reader.ended().close?.payload == [])
      case .reader:
        #expect(try await reader.ended().close == nil)
        #expect(try await engine.channels.status(channel.id).writer == .open)
        await writer.send("to nobody")
        #expect(try await writer.ended().close == nil)
      }
    }
  }

  @Test("both ends of the SDK have an error when their channel is cut")
  func cutWorkers() async throws {
    try await withMockEngine { engine in
      let worker = try await registerWorker(engine.url, options: InitOptions(workerName: "files"))
      let channel = try await worker.createChannel()
      try await channel.writer.write([1])
      var parts = channel.reader.makeAsyncIterator()
      #expect(try await parts.next() == [1])
      let status = try await engine.channels.list()
      #expect(status.map(\.id) == [channel.readerRef.channelID] && status.first?.creator?.name == "files")
      #expect(try await engine.channels.cut(channel.readerRef.channelID) == 2)
      await #expect(throws: IIIChannelError.self) { try await channel.reader.readAll() }
      await #expect(throws: IIIChannelError.self) {
        for _ in 0..<1_000_000 { try await channel.writer.write([2]) }
      }
      await worker.shutdown()
    }
  }

  @Test("a slowed reader is sent so many bytes in a second of the engine's time", arguments: [true, false])
  func slow(beforeItConnects: Bool) async throws {
    try await withMockEngine(.manual()) { engine in
      let channel = try await ChannelPeers(at: engine.url, capacity: 1)
      try await channel.maker.close()  // it answers no pings, which the engine would wait for
      if beforeItConnects { try await engine.channels.slow(channel.id, bytesPerSecond: 1000) }
      let reader = try await channel.open(.read)
      if !beforeItConnects { try await engine.channels.slow(channel.id, bytesPerSecond: 1000) }
      #expect(try await engine.channels.status(channel.id).bytesPerSecond == 1000)
      let writer = try await channel.open(.write)
      // 50 bytes each, with the header.
      let messages = (0..<100).map { [UInt8](repeating: UInt8($0), count: 48) }
      for message in messages { await writer.send(binary: message) }
      try await writer.fence()
      let first = try await engine.channels.buffered(channel.id)
      #expect((4900...5000).contains(first))
      try await engine.advance(by: .seconds(1))
      #expect(try await engine.channels.buffered(channel.id) == first - 1000)
      for message in messages.prefix(20) { #expect(try await reader.receive().payload == message) }
      try await engine.channels.slow(channel.id, bytesPerSecond: nil)
      for message in messages.dropFirst(20) { #expect(try await reader.receive().payload == message) }
      #expect(try await engine.channels.buffered(channel.id) == 0)
      await writer.send(RawFrame.close(1000))
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  @Test("a slowed reader gets all of what was written, and its end after it")
  func slowToTheEnd() async throws {
    try await withMockEngine(.manual()) { engine in
      let channel = try await ChannelPeers(at: engine.url)
      try await channel.maker.close()
      try await engine.channels.slow(channel.id, bytesPerSecond: 100)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write, early: [.text(String(repeating: "x", count: 998)), .close(1000)])
      #expect(try await writer.ended().close?.closeCode == 1000)
      try await engine.advance(by: .seconds(20))
      #expect(try await reader.receiveText().count == 998)
      #expect(try await reader.ended().close?.payload == [])
    }
  }

  private func failure(_ worker: III, _ function: String, _ payload: JSONValue) async -> String {
    do {
      return "no error: \(try await worker.ask(function, payload))"
    } catch {
      return "\(error)"
    }
  }

  @Test("channels are listed, slowed and cut over the wire")
  func functions() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker(options: InitOptions(workerName: "files"))
      let channel = try await worker.createChannel(bufferSize: 3)
      let id = channel.readerRef.channelID
      try await channel.writer.write([1])
      var parts = channel.reader.makeAsyncIterator()
      #expect(try await parts.next() == [1])
      #expect(
        try await worker.ask("mock::channels::slow", ["channel_id": .string(id), "bytes_per_second": 5])
          == ["success": true])
      let listed = try await worker.ask("mock::channels::list", [:])
      #expect(
        listed["channels"]?[0] == [
          "channel_id": .string(id), "worker_id": listed["channels"]?[0]?["worker_id"] ?? .null, "worker_name": "files",
          "buffer_size": 3, "writer": "open", "reader": "open", "buffered_bytes": 0, "messages_passed": 1,
          "bytes_per_second": 5,
        ])
      for (function, payload, text) in [
        ("cut", [:], "missing field `channel_id`"), ("cut", ["channel_id": "x"], "NOT_FOUND"),
        ("cut", ["channel_id": .string(id), "end": "both"], "unknown `end`: `both`"),
        ("slow", ["channel_id": .string(id), "bytes_per_second": 0], "must be above 0"),
        ("slow", ["channel_id": "x", "bytes_per_second": 1], "NOT_FOUND"),
        ("list", ["id": "x"], "unknown field `id`"),
      ] as [(String, JSONValue, String)] {
        let error = await failure(worker, "mock::channels::\(function)", payload)
        #expect(error.contains(text), "\(function) \(payload): \(error)")
      }
      #expect(
        try await worker.ask("mock::channels::cut", ["channel_id": .string(id), "end": "reader"]) == ["cut": 1])
      await #expect(throws: IIIChannelError.self) { try await channel.reader.readAll() }
      #expect(try await worker.ask("mock::channels::cut", ["channel_id": .string(id)]) == ["cut": 1])
      #expect(try await worker.ask("mock::channels::list", [:]) == ["channels": []])
    }
  }

  @Test("the functions are listed only on request, and a strict engine does not have them")
  func hidden() async throws {
    let ids = ChannelControl.allCases.map(\.rawValue)
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let (shown, all) = (try await worker.listFunctions(), try await worker.listFunctions(includeInternal: true))
      for id in ids {
        #expect(!shown.contains { $0.functionID == id })
        #expect(all.contains { $0.functionID == id })
      }
    }
    var configuration = MockEngine.Configuration()
    configuration.compatibility = .v0_13
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      for id in ids {
        #expect(await failure(worker, id, ["channel_id": "x"]).contains("function_not_found"))
      }
    }
  }
}
