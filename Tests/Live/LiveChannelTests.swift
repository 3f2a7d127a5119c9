import III
import Testing

/// Channels between ends of the SDK.
@Suite(Live.isOn, .timeLimit(.minutes(2))) struct LiveChannelTests {
  private struct Upload: Codable, Sendable {
    var content: ChannelReader
    var answer: ChannelWriter
  }

  private func bytes(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) } }

  @Test("data and texts arrive in order, then the end")
  func order() async throws {
    try await Live.withWorker { worker in
      let channel = try await worker.createChannel()
      let data = bytes(150 << 10)
      async let written: Void = {
        try await channel.writer.write(data)
        try await channel.writer.sendMessage("between")
        try await channel.writer.write([7])
        try await channel.writer.close()
      }()
      var (before, after, texts): ([UInt8], [UInt8], [String]) = ([], [], [])
      for try await item in channel.reader.items {
        switch item {
        case .text(let text): texts.append(text)
        case .binary(let part): if texts.isEmpty { before += part } else { after += part }
        }
      }
      try await written
      #expect(before == data && texts == ["between"] && after == [7])
    }
  }

  @Test("ends inside a payload are live in the handler of another worker")
  func payloads() async throws {
    try await Live.withWorker { worker in
      try await Live.withWorker(InitOptions(workerName: "live caller")) { caller in
        let id = Live.id("count")
        try worker.registerFunction(id) { (upload: Upload) async throws -> Int in
          let all = try await upload.content.readAll()
          try await upload.answer.write(all.reversed())
          try await upload.answer.close()
          return all.count
        }
        try await worker.fence()
        let (content, answer) = (try await caller.createChannel(), try await caller.createChannel())
        async let count: Int = caller.trigger(
          id, payload: Upload(content: content.reader, answer: answer.writer), timeout: .seconds(60))
        try await content.writer.write(bytes(100_000))
        try await content.writer.close()
        #expect(try await answer.reader.readAll() == bytes(100_000).reversed())
        #expect(try await count == 100_000)
      }
    }
  }

  @Test("64 MiB pass a channel with room for one message")
  func backpressure() async throws {
    try await Live.withWorker { worker in
      let channel = try await worker.createChannel(bufferSize: 1)
      let part = bytes(1 << 20)
      async let written: Void = {
        for _ in 0..<64 { try await channel.writer.write(part) }
        try await channel.writer.close()
      }()
      var (count, isSound) = (0, true)
      for try await got in channel.reader {
        let start = count % part.count
        isSound = isSound && got.elementsEqual(part[start..<min(start + got.count, part.count)])
        count += got.count
      }
      try await written
      #expect(count == 64 << 20 && isSound)
    }
  }

  @Test("a wrong key and a taken end have errors of their own; a reader that leaves is noticed")
  func misuse() async throws {
    try await Live.withWorker { worker in
      let channel = try await worker.createChannel()
      var wrong = channel.readerRef
      wrong.accessKey = "wrong"
      let unknown = await #expect(throws: IIIChannelError.self) { try await worker.channelReader(wrong).readAll() }
      #expect(unknown?.reason == .notFound)
      try await channel.writer.write([1])
      var parts = channel.reader.makeAsyncIterator()
      #expect(try await parts.next() == [1])
      let taken = await #expect(throws: IIIChannelError.self) {
        try await worker.channelWriter(channel.writerRef).write([2])
        try await worker.channelWriter(channel.writerRef).close()
      }
      #expect(taken?.reason == .alreadyTaken)
      await channel.reader.close()
      await #expect(throws: IIIChannelError.self) {
        for _ in 0..<1_000_000 { try await channel.writer.write([2]) }
      }
    }
  }
}
