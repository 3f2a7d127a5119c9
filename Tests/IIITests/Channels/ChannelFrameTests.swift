import Testing
import UV

@testable import III

/// Ends of channels at a scripted engine: when they connect, and what they send.
@Suite("Ends of channels: requests and frames", .timeLimit(.minutes(5)))
struct ChannelFrameTests {
  private struct Input: Decodable, Sendable { var r: ChannelReader }

  private func invocation(_ data: String) -> String {
    #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"f","data":\#(data)}"#
  }

  @Test("a reader inside a payload connects at its first read, and not before")
  func firstRead() async throws {
    try await withWorker { worker, peer, engine in
      let (begun, gate) = (Gate(), Gate())
      try worker.registerFunction("f") { (input: Input) async throws -> Int in
        begun.open()
        await gate.wait()
        return try await input.r.readAll().count
      }
      _ = try await peer.receive("registerfunction")
      await peer.send(invocation(#"{"r":{"channel_id":"c","access_key":"k","direction":"read"}}"#))
      await begun.wait()
      await worker.fence()
      // Connections are accepted in their order: if the reader had opened one, it would be counted before this one.
      let other = try await connect(engine)
      _ = try await engine.accept()
      #expect(await engine.dialled == 2)
      gate.open()
      let end = try await engine.accept()
      #expect(await end.request?.target == "/ws/channels/c?key=k&dir=read")
      await end.send(binary: "ab")
      await end.close(1000)
      #expect(try await peer.receive("invocationresult")["result"] == 2)
      await other.shutdown()
    }
  }

  @Test("a writer sends parts of 64 KiB, a text behind them, and the Close 10 ms after the last frame")
  func writer() async throws {
    let engine = try await ScriptedEngine.start()
    let time = TimeSource.manual()
    let host = LoopHost(on: try Loop(name: "manual"), source: time)
    let settings = try ConnectionSettings(await engine.url, InitOptions(), .test())
    let access = ChannelAccess(settings.configuration, on: host)
    let (closed, end) = AsyncStream.makeStream(of: Bool.self)
    host.loop.post {
      let ref = StreamChannelRef(channelID: "c", accessKey: "k", direction: .write)
      let writer = ChannelWriterCore(ref, access, ChannelBacklog())
      writer.write(nil, .binary, [UInt8](repeating: 7, count: 150 << 10), nil)
      writer.write(nil, .text, Array("last".utf8), nil)
      writer.close(1) { outcome in
        if case .success = outcome { end.yield(true) } else { end.yield(false) }
      }
    }
    let peer = try await engine.accept()
    #expect(await peer.request?.target == "/ws/channels/c?key=k&dir=write")
    for size in [65_536, 65_536, 22_528] { #expect(try await peer.receive() == "binary \(size)") }
    #expect(try await peer.receive() == "last")
    await host.fence()
    await time.advance(by: .milliseconds(9))
    try await peer.fence()  // which fails after a Close
    await time.advance(by: .milliseconds(1))
    #expect(try await peer.receiveControl() == "close 1000")
    #expect(await closed.first { _ in true } == true)
    host.loop.post { host.timers.close() }
    #expect(await host.loop.stop() == 0)
    await engine.stopListening()
  }

  @Test("a writer that is closed without a write still connects, and closes")
  func closedUnused() async throws {
    try await withWorker { worker, _, engine in
      let writer = worker.channelWriter(StreamChannelRef(channelID: "c", accessKey: "k", direction: .write))
      async let closed: Void = writer.close()
      let peer = try await engine.accept()
      #expect(await peer.request?.target == "/ws/channels/c?key=k&dir=write")
      #expect(try await peer.receiveControl() == "close 1000")
      try await closed
      #expect(await peer.takeUnread() == [])
    }
  }

  @Test("a reader separates data from texts; without a Close what came before the end is an error")
  func reader() async throws {
    try await withWorker { worker, _, engine in
      let ref = StreamChannelRef(channelID: "c", accessKey: "k", direction: .read)
      let (reader, notes) = (worker.channelReader(ref), Lines())
      reader.onMessage { notes.add($0) }
      async let data = reader.readAll()
      let peer = try await engine.accept()
      await peer.send(binary: "ab")
      await peer.send("note")
      await peer.send(binary: "cd")
      await peer.close(1000)
      #expect(try await data == Array("abcd".utf8))
      #expect(notes.all == ["note"])
      let cut = worker.channelReader(ref)
      let reading = Task { try await cut.readAll() }
      let second = try await engine.accept()
      await second.send(binary: "ab")
      await second.reset()
      let error = await #expect(throws: IIIChannelError.self) { try await reading.value }
      guard case .cutOff = error?.reason else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test("a handler of HTTP requests sends status and headers as texts on the channel of its answer")
  func httpControls() async throws {
    try await withWorker { worker, peer, engine in
      try worker.registerFunction(
        "f",
        handler: http { _, response in
          try await response.status(202)
          try await response.headers(["a": "b"])
        })
      _ = try await peer.receive("registerfunction")
      await peer.send(
        invocation(
          #"{"request_body":{"channel_id":"r","access_key":"k","direction":"read"},"response":{"channel_id":"w","access_key":"k","direction":"write"}}"#
        ))
      let end = try await engine.accept()
      #expect(await end.request?.target == "/ws/channels/w?key=k&dir=write")
      #expect(try await end.receive() == #"{"type":"set_status","status_code":202}"#)
      #expect(try await end.receive() == #"{"type":"set_headers","headers":{"a":"b"}}"#)
      #expect(try await end.receiveControl() == "close 1000")
      #expect(try await peer.receive("invocationresult")["error"] == nil)
      #expect(await end.takeUnread() == [])
    }
  }
}
