import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

@Suite("Channels: sockets", .timeLimit(.minutes(1)))
struct ChannelSocketTests {
  private struct Ends {
    let name: ChannelName

    func open(_ direction: ChannelDirection, at url: String, early: [RawFrame] = []) async throws -> RawPeer {
      try await RawPeer.open(
        url, path: "/ws/channels/\(name.id)?key=\(name.key)&dir=\(direction.rawValue)", early: early)
    }
  }

  private func makeChannel(_ engine: MockEngine, _ bufferSize: Int? = nil) async throws -> Ends {
    let worker = try await engine.registerWorker()
    let refs: JSONValue = try await worker.trigger("engine::channels::create", payload: ["buffer_size": bufferSize])
    await worker.shutdown()  // which the channel outlives
    guard case .string(let id)? = refs["writer"]?["channel_id"], case .string(let key)? = refs["reader"]?["access_key"]
    else { throw RawError.badAddress("\(refs)") }
    return Ends(name: ChannelName(id: id, key: key))
  }

  @Test("a reader's pings and its Close are answered, and its end is noticed at once")
  func reader() async throws {
    try await withMockEngine { engine in
      let ends = try await makeChannel(engine)
      let writer = try await ends.open(.write, at: engine.url)
      let reader = try await ends.open(.read, at: engine.url)
      await reader.send("what readers say is thrown away")
      try await reader.fence()
      let end = try await reader.close(3001, reason: "enough")
      #expect(end.close?.closeCode == 3001)
      // A silent writer is served on; its next message has nowhere to go.
      try await writer.fence()
      await writer.send("too late")
      #expect(try await writer.ended().close == nil)
    }
  }

  @Test("a stalled writer's ping that has come already is answered; its Close waits for room")
  func stalled() async throws {
    try await withMockEngine { engine in
      let ends = try await makeChannel(engine, 1)
      let writer = try await ends.open(
        .write, at: engine.url,
        early: [.text("a"), .text("b"), .ping([7]), .binary([1, 2]), .close(1000, reason: "done")])
      #expect(try await writer.receive() == RawFrame(opcode: 10, payload: [7], isMasked: false))
      let reader = try await ends.open(.read, at: engine.url)
      #expect(try await reader.receiveText() == "a")
      #expect(try await reader.receiveText() == "b")
      #expect(try await reader.receive().payload == [1, 2])
      let close = try await writer.ended().close
      #expect(close?.closeCode == 1000 && close?.payload.dropFirst(2).elementsEqual("done".utf8) == true)
      #expect(try await reader.ended().close?.payload == [])
      for direction in [ChannelDirection.read, .write] {
        #expect(try await ends.open(direction, at: engine.url).ended().close?.payload == [])
      }
    }
  }

  @Test("64 MiB wait for a reader that does not read, and come in order")
  func backPressure() async throws {
    try await withMockEngine { engine in
      let ends = try await makeChannel(engine, 4)
      let reader = try await ends.open(.read, at: engine.url)
      await reader.stopReading()
      let writer = try await ends.open(.write, at: engine.url)
      var block = [UInt8](repeating: 0, count: 1 << 20)
      for number in 0..<64 {
        block[0] = UInt8(number)
        await writer.send(binary: block)
      }
      await writer.send(.close(1000))
      await reader.startReading()
      for number in 0..<64 {
        let frame = try await reader.receive()
        #expect(frame.payload.count == 1 << 20 && frame.payload.first == UInt8(number))
      }
      #expect(try await reader.ended().close?.payload == [])
      #expect(try await writer.ended().close?.closeCode == 1000)
    }
  }

  @Test("channels side by side, of many messages each")
  func sideBySide() async throws {
    try await withMockEngine { engine in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for letter in ["a", "b"] {
          group.addTask {
            let ends = try await makeChannel(engine)
            let reader = try await ends.open(.read, at: engine.url)
            let writer = try await ends.open(.write, at: engine.url)
            let rest = String(repeating: letter, count: 1_000)
            for number in 0..<10_000 { await writer.send("\(number)\(rest)") }
            await writer.send(.close(nil))
            for number in 0..<10_000 { #expect(try await reader.receiveText() == "\(number)\(rest)") }
            #expect(try await reader.ended().close?.payload == [])
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("a channel of one listener is used at another")
  func listeners() async throws {
    var configuration = MockEngine.Configuration()
    configuration.listeners.append(.init())
    try await withMockEngine(configuration) { engine in
      let ends = try await makeChannel(engine)
      let writer = try await ends.open(.write, at: engine.addresses[0])
      let reader = try await ends.open(.read, at: engine.addresses[1])
      await writer.send("across")
      #expect(try await reader.receiveText() == "across")
    }
  }

  @Test("whoever has neither id nor key learns nothing")
  func unknown() async throws {
    try await withMockEngine { engine in
      let ends = try await makeChannel(engine)
      let names = [
        ChannelName(id: ends.name.id, key: "x"), ChannelName(id: ChannelName.random().id, key: ends.name.key),
      ]
      for name in names {
        let error = await #expect(throws: RawError.self) {
          _ = try await Ends(name: name).open(.read, at: engine.url)
        }
        guard case .refused(let response)? = error else {
          Issue.record("\(String(describing: error))")
          return
        }
        #expect(response.status == 404 && response.text == "Channel not found")
      }
      // A wrong guess takes no end.
      _ = try await ends.open(.read, at: engine.url)
    }
  }

  @Test("channels that nobody came for end after five minutes")
  func sweep() async throws {
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: time)
    let (waiting, served, writing) = (
      try await makeChannel(engine), try await makeChannel(engine), try await makeChannel(engine)
    )
    let reader = try await waiting.open(.read, at: engine.url)
    let writer = try await writing.open(.write, at: engine.url)
    let (from, to) = (try await served.open(.write, at: engine.url), try await served.open(.read, at: engine.url))
    for peer in [reader, writer, from, to] { try await peer.fence() }
    await time.advance(by: .seconds(300))
    try await reader.fence()
    await time.advance(by: .seconds(60))
    #expect(try await reader.ended().close?.payload == [])
    await writer.send("for nobody")
    #expect(try await writer.ended().close == nil)
    for ends in [waiting, writing] {
      await #expect(throws: RawError.self) { _ = try await ends.open(.read, at: engine.url) }
    }
    await from.send("still served")
    #expect(try await to.receiveText() == "still served")
    #expect(await engine.shutdownReportingLeaks() == 0)
  }

  @Test("both ends are dropped without a Close when the engine shuts down")
  func shutDown() async throws {
    let engine = try await MockEngine.start()
    let ends = try await makeChannel(engine)
    let (writer, reader) = (try await ends.open(.write, at: engine.url), try await ends.open(.read, at: engine.url))
    await writer.send("a")
    #expect(try await reader.receiveText() == "a")
    #expect(await engine.shutdownReportingLeaks() == 0)
    #expect(try await writer.ended().close == nil)
    #expect(try await reader.ended().close == nil)
  }
}
