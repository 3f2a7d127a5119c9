import III
import IIIMockEngine
package import TestSupport

/// Ends of channels whose other end, or whose engine, sends mutated messages and broken frames.
///
/// What is checked: each end of the SDK ends; what a reader gets is what was written, in order, and all of it if both ends
/// behaved; a request with a wrong key is refused; in the end the engine has no channel left.
package actor ChannelTarget {
  private let engine: MockEngine
  private let worker: III
  private let hostileEngine: HostileChannelServer
  private let corpus: Corpus
  private var random: SeededGenerator
  /// The mutated messages that were sent.
  package private(set) var messages = 0

  package static func start(corpus: Corpus, random: SeededGenerator) async throws -> ChannelTarget {
    let engine = try await MockEngine.start()
    return ChannelTarget(
      engine, try await registerWorker(engine.url), try await HostileChannelServer.start(), corpus, random)
  }

  private init(
    _ engine: MockEngine, _ worker: III, _ hostileEngine: HostileChannelServer, _ corpus: Corpus,
    _ random: SeededGenerator
  ) {
    self.engine = engine
    self.worker = worker
    self.hostileEngine = hostileEngine
    self.corpus = corpus
    self.random = random
  }

  /// Waits until the engine has no channel left, and stops it.
  package func shutDown() async throws {
    await worker.shutdown()
    await hostileEngine.stop()
    var seen: UInt64 = 0
    while try await !engine.channels.list().isEmpty {
      // A channel ends with a connection, and that is an entry.
      seen = try await engine.journal.next(after: seen).last?.number ?? seen
    }
    await engine.shutdown()
  }

  /// One channel with one hostile end.
  package func runVisit() async throws {
    switch random.below(4) {
    case 0: try await readFromHostileEngine()
    case 1: try await writeToHostileEngine()
    case 2: try await readFromHostileWriter(try await channel())
    default: try await writeToHostileReader(try await channel())
    }
  }

  /// A channel whose ends do not let in who has not its key.
  private func channel() async throws -> Channel {
    let channel = try await worker.createChannel(bufferSize: 1 + random.below(6))
    if random.oneIn(4) {
      var path = Array(Self.path(channel.readerRef).utf8)
      path[random.below(path.count - 1) + 1] ^= 1
      let text = String(decoding: path, as: UTF8.self)
      if let stranger = try? await RawPeer.open(engine.url, path: text) {
        // A path of no channel is that of a worker.
        guard try await stranger.receiveText().contains("workerregistered") else {
          throw FuzzFailure("\(text) let somebody in")
        }
        await stranger.abort()
      }
    }
    return channel
  }

  private static func path(_ ref: StreamChannelRef) -> String {
    "/ws/channels/\(ref.channelID)?key=\(ref.accessKey)&dir=\(ref.direction.rawValue)"
  }

  // MARK: A hostile end at the engine

  private func readFromHostileWriter(_ channel: Channel) async throws {
    let script = makeScript(isMasked: true)
    let peer = try await RawPeer.open(engine.url, path: Self.path(channel.writerRef))
    async let reading = Self.read(channel.reader)
    await peer.send(bytes: script.bytes)
    if script.isSound {
      try await peer.close()
    } else if random.oneIn(2) {
      await peer.abort()
    } else {
      await peer.reset()
    }
    try check(await reading, against: script)
  }

  private func writeToHostileReader(_ channel: Channel) async throws {
    let script = makeScript(isMasked: true)
    let items = self.items()
    let peer = try await RawPeer.open(engine.url, path: Self.path(channel.readerRef))
    async let writing = Self.write(items, to: channel.writer)
    await peer.send(bytes: script.bytes)
    if script.isSound {
      _ = try await peer.ended()
      let got = await peer.takeUnread().filter { $0.opcode < 8 }.map {
        $0.isText ? ChannelItem.text($0.text) : .binary($0.payload)
      }
      if let error = try await writing { throw FuzzFailure("the writer has failed: \(error)") }
      guard Self.flat(got) == Self.flat(items) else { throw FuzzFailure("the reader did not get what was written") }
    } else {
      if random.oneIn(2) { await peer.abort() } else { await peer.reset() }
      _ = try await writing
    }
  }

  // MARK: A hostile engine

  private func readFromHostileEngine() async throws {
    let script = makeScript(isMasked: false)
    let url = try await hostileEngine.serve(script.bytes, endsSoundly: script.isSound, way: random.below(2))
    try check(await Self.read(ChannelReader(engineURL: url, ref: Self.ref(.read))), against: script)
  }

  private func writeToHostileEngine() async throws {
    let script = makeScript(isMasked: false)
    let url = try await hostileEngine.serve(script.bytes, endsSoundly: false, way: random.below(2))
    _ = try await Self.write(items(), to: ChannelWriter(engineURL: url, ref: Self.ref(.write)))
  }

  private static func ref(_ direction: StreamChannelRef.Direction) -> StreamChannelRef {
    StreamChannelRef(channelID: "c", accessKey: "k", direction: direction)
  }

  // MARK: What is sent

  /// What a hostile end sends.
  private struct Script {
    var bytes: [UInt8] = []
    /// What a reader of them gets, as far as it is certain.
    var items: [ChannelItem] = []
    /// Whether the protocol is kept to the end.
    var isSound = true
  }

  private func makeScript(isMasked: Bool) -> Script {
    var forge = FrameForge(
      messages: corpus.toEngine, others: corpus.toWorker, isMasked: isMasked, random: random.split())
    var script = Script()
    for _ in 0..<random.below(100) {
      messages += 1
      let piece = random.oneIn(100) ? forge.broken() : forge.sound(forge.message())
      script.bytes += piece.bytes
      guard let expected = piece.expected else {
        script.isSound = false
        break
      }
      for frame in expected where frame.opcode < 8 && script.isSound {
        if frame.isText, String(validating: frame.payload, as: UTF8.self) == nil {
          script.isSound = false
        } else {
          script.items.append(frame.isText ? .text(frame.text) : .binary(frame.payload))
        }
      }
    }
    return script
  }

  private func items() -> [ChannelItem] {
    (0..<random.below(20)).map { number in
      random.oneIn(3)
        ? .text("text \(number)") : .binary([UInt8](repeating: UInt8(number), count: random.below(30_000)))
    }
  }

  // MARK: What comes of it

  private struct Reading: Sendable {
    var items: [ChannelItem] = []
    var error: IIIChannelError?
  }

  private static func read(_ reader: ChannelReader) async throws -> Reading {
    var reading = Reading()
    do {
      for try await item in reader.items { reading.items.append(item) }
    } catch let error as IIIChannelError {
      reading.error = error
    }
    return reading
  }

  private static func write(_ items: [ChannelItem], to writer: ChannelWriter) async throws -> IIIChannelError? {
    do {
      for item in items {
        switch item {
        case .text(let text): try await writer.sendMessage(text)
        case .binary(let bytes): try await writer.write(bytes)
        }
      }
      try await writer.close()
    } catch let error as IIIChannelError {
      return error
    }
    return nil
  }

  private func check(_ reading: Reading, against script: Script) throws {
    let (got, wanted) = (Self.flat(reading.items), Self.flat(script.items))
    guard zip(got, wanted).allSatisfy(==) else { throw FuzzFailure("the reader got what was not written") }
    if script.isSound, got.count != wanted.count || reading.error != nil {
      throw FuzzFailure(
        "of \(wanted.count) bytes the reader got \(got.count), then \(reading.error.map { "\($0)" } ?? "an end")")
    }
  }

  /// Items as bytes, whatever the parts of the data are.
  private static func flat(_ items: [ChannelItem]) -> [UInt8] {
    items.flatMap { item in
      switch item {
      case .binary(let bytes): bytes
      case .text(let text): [254] + Array(text.utf8) + [255]
      }
    }
  }
}
