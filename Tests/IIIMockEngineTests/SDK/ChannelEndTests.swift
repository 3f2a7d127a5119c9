import III
import IIIMockEngine
import TestSupport
import Testing
import UV

/// Ends of channels over real sockets.
@Suite(.timeLimit(.minutes(5))) struct ChannelEndTests {
  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

  private func withWorker(_ body: (III) async throws -> Void) async throws {
    try await withMockEngine { engine in
      let worker = try await registerWorker(engine.url)
      try await body(worker)
      await worker.shutdown()
    }
  }

  @Test("data and texts arrive in the order in which they were written, then the end")
  func order() async throws {
    try await withWorker { worker in
      let channel = try await worker.createChannel(bufferSize: 4)
      let data = bytes(150 << 10)
      async let written: Void = {
        try await channel.writer.write(data)
        try await channel.writer.sendMessage("between")
        try await channel.writer.write([])
        try await channel.writer.sendMessage("")
        try await channel.writer.close()
      }()
      var sizes: [String] = []
      var all: [UInt8] = []
      for try await item in channel.reader.items {
        switch item {
        case .text(let text): sizes.append("text '\(text)'")
        case .binary(let part):
          sizes.append("\(part.count)")
          all += part
        }
      }
      try await written
      #expect(sizes == ["65536", "65536", "22528", "text 'between'", "0", "text ''"])
      #expect(all == data)
      #expect(try await channel.reader.readAll() == [])
    }
  }

  @Test("everything can be written and closed before the reader connects; texts go to the handlers")
  func lateReader() async throws {
    try await withWorker { worker in
      let channel = try await worker.createChannel()
      try await channel.writer.write(Array("ab".utf8))
      try await channel.writer.sendMessage("note")
      try await channel.writer.write(Array("cd".utf8))
      try await channel.writer.close()
      try await channel.writer.close()
      let notes = Lock<[String]>([])
      channel.reader.onMessage { note in notes.withLock { $0.append(note) } }
      #expect(try await channel.reader.readAll(maxBytes: 4) == Array("abcd".utf8))
      #expect(notes.withLock { $0 } == ["note"])
    }
  }

  private struct Upload: Codable, Sendable {
    var name: String
    var content: ChannelReader
    var answer: [ChannelWriter]
  }

  @Test("an end inside a payload is live in the handler, and one inside a result at the caller")
  func payloads() async throws {
    try await withWorker { worker in
      try worker.registerFunction("count") { (upload: Upload) async throws -> Int in
        let all = try await upload.content.readAll()
        for answer in upload.answer {
          try await answer.sendMessage("\(upload.name): \(all.count)")
          try await answer.close()
        }
        return all.count
      }
      try worker.registerFunction("open") { (_: JSONValue) async throws -> ChannelReader in
        let channel = try await worker.createChannel()
        try await channel.writer.write([1, 2, 3])
        try await channel.writer.close()
        return channel.reader
      }
      let (content, answer) = (try await worker.createChannel(), try await worker.createChannel())
      async let count: Int = worker.trigger(
        "count", payload: Upload(name: "a", content: content.reader, answer: [answer.writer]))
      try await content.writer.write(bytes(100_000))
      try await content.writer.close()
      #expect(try await count == 100_000)
      var items = answer.reader.items.makeAsyncIterator()
      #expect(try await items.next() == .text("a: 100000"))
      #expect(try await items.next() == nil)
      let reader: ChannelReader = try await worker.trigger("open")
      #expect(try await reader.readAll() == [1, 2, 3])
    }
  }

  @Test("a handler that blocks uses the blocking forms")
  func blocking() async throws {
    try await withWorker { worker in
      try worker.registerFunction("copy") { (input: ChannelReader) throws -> JSONValue in
        let copy = try worker.blocking.createChannel()
        let (reader, writer) = (input.blocking, copy.writer.blocking)
        while let part = try reader.next() { try writer.write(part) }
        try writer.sendMessage("done")
        try writer.close()
        return try JSONValue(encoding: copy.readerRef)
      }
      let input = try await worker.createChannel()
      async let result = worker.trigger("copy", payload: input.reader)
      try await input.writer.write(bytes(200_000))
      try await input.writer.close()
      let refs = StreamChannelRef.find(in: try await result)
      let reader = worker.channelReader(try #require(refs.first?.ref))
      #expect(try await reader.readAll() == bytes(200_000))
      let error = #expect(throws: IIIInvocationError.self) { try input.writer.blocking.close() }
      #expect(error?.code == "BLOCKING_IN_TASK")
    }
  }

  @Test("a writer waits for a slow reader")
  func backpressure() async throws {
    try await withWorker { worker in
      let channel = try await worker.createChannel(bufferSize: 1)
      let (isWritten, part) = (Lock(false), bytes(1 << 20))
      async let writing: Void = {
        for _ in 0..<64 { try await channel.writer.write(part) }
        isWritten.withLock { $0 = true }
        try await channel.writer.close()
      }()
      var (count, parts) = (0, channel.reader.makeAsyncIterator())
      while let part = try await parts.next() {
        // 64 MiB fit into no buffer on the way.
        if count == 0 { #expect(!isWritten.withLock { $0 }) }
        count += part.count
      }
      try await writing
      #expect(count == 64 << 20)
    }
  }

  @Test("a writer that has written nothing still tells the reader of the end")
  func emptyStream() async throws {
    try await withWorker { worker in
      let channel = try await worker.createChannel()
      try await channel.writer.close()
      #expect(try await channel.reader.readAll() == [])
      await channel.reader.close()
    }
  }

  @Test("wrong keys, taken ends, wrong directions, invalid URLs and uses after the close have errors of their own")
  func misuse() async throws {
    func reason(_ body: () async throws -> Void) async -> IIIChannelError.Reason? {
      do {
        try await body()
        return nil
      } catch {
        return (error as? IIIChannelError)?.reason
      }
    }
    try await withWorker { worker in
      let channel = try await worker.createChannel()
      var wrong = channel.readerRef
      wrong.accessKey = "wrong"
      #expect(await reason { _ = try await worker.channelReader(wrong).readAll() } == .notFound)
      try await channel.writer.write([1])
      let second = ChannelWriter(engineURL: worker.address, ref: channel.writerRef)
      #expect(await reason { try await second.close() } == .alreadyTaken)
      #expect(await reason { try await second.write([2]) } == .alreadyTaken)
      #expect(
        await reason { try await worker.channelWriter(channel.readerRef).write([1]) } == .wrongDirection)
      #expect(await reason { _ = try await worker.channelReader(channel.writerRef).readAll() } == .wrongDirection)
      #expect(await reason { _ = try await channel.reader.readAll(maxBytes: 0) } == .tooLarge(limit: 0))
      #expect(await reason { _ = try await channel.reader.readAll() } == .closed)
      let other = try await worker.createChannel()
      try await other.writer.close()
      #expect(await reason { try await other.writer.write([1]) } == .closed)
      let nowhere = ChannelReader(engineURL: "http://x", ref: channel.readerRef)
      let why = await reason { _ = try await nowhere.readAll() }
      guard case .noConnection(let text) = why else {
        Issue.record("\(String(describing: why))")
        return
      }
      #expect(text.contains("ws://"))
    }
  }

  @Test("a cancelled read loses nothing")
  func cancelledRead() async throws {
    try await withWorker { worker in
      let channel = try await worker.createChannel()
      let reading = Task { try await channel.reader.readAll() }
      reading.cancel()
      await #expect(throws: CancellationError.self) { try await reading.value }
      try await channel.writer.write([1, 2])
      try await channel.writer.close()
      #expect(try await channel.reader.readAll() == [1, 2])
    }
  }

  @Test("when the reader has left, a writer that goes on fails, and so does its close")
  func readerLeaves() async throws {
    try await withWorker { worker in
      let channel = try await worker.createChannel()
      try await channel.writer.write([1])
      var parts = channel.reader.makeAsyncIterator()
      #expect(try await parts.next() == [1])
      await channel.reader.close()
      await #expect(throws: IIIChannelError.self) {
        for _ in 0..<1_000_000 { try await channel.writer.write([2]) }
      }
      await #expect(throws: IIIChannelError.self) { try await channel.writer.close() }
    }
  }

  @Test("when the engine ends, reader and writer are told that the data is cut off")
  func engineEnds() async throws {
    let engine = try await MockEngine.start()
    let worker = try await registerWorker(engine.url)
    let channel = try await worker.createChannel()
    try await channel.writer.write([1])
    var parts = channel.reader.makeAsyncIterator()
    #expect(try await parts.next() == [1])
    await engine.shutdown()
    await #expect(throws: IIIChannelError.self) { try await channel.reader.readAll() }
    await #expect(throws: IIIChannelError.self) { try await channel.writer.close() }
    await worker.shutdown()
  }

  @Test("ends on the engine's own loop end with the engine, and leave nothing open")
  func endsOfTheLoop() async throws {
    let engine = try await MockEngine.start()
    let worker = try await engine.registerWorker()
    let channel = try await worker.createChannel()
    try await channel.writer.write([1])
    var parts = channel.reader.makeAsyncIterator()
    #expect(try await parts.next() == [1])
    let end = Task { try await channel.reader.readAll() }
    await engine.shutdown()
    await #expect(throws: IIIChannelError.self) { try await end.value }
    await #expect(throws: IIIChannelError.self) { try await channel.writer.close() }
    await #expect(throws: IIIChannelError.self) { try await worker.channelReader(channel.readerRef).readAll() }
  }
}
