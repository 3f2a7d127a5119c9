import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

/// One peer floods the engine with frames; others are served in between, and what waits for the peer stays bounded.
@Suite struct FloodTests {
  static let megabyte = 1 << 20

  static func call(_ function: String, _ data: String = "{}", _ number: Int = 1) -> RawFrame {
    .text(
      #"{"type":"invokefunction","invocation_id":"\#(id(number))","function_id":"\#(function)","data":\#(data)}"#)
  }

  static func registration(_ id: String) -> RawFrame { .text(#"{"type":"registerfunction","id":"\#(id)"}"#) }

  static func logs(records: Int) -> [UInt8] {
    let list = Array(repeating: "{}", count: records).joined(separator: ",")
    return Array((#"LOGS{"resourceLogs":[{"scopeLogs":[{"logRecords":["# + list + "]}]}]}").utf8)
  }

  /// Every kind of flood takes far longer than a connection's share of a turn.
  static let floods: [(kind: String, frame: RawFrame, count: Int)] = [
    ("registrations", registration("flood::f"), 2_000), ("frames that mean nothing", .text("{}"), 4_000),
    ("messages that are not JSON", .text("x"), 4_000), ("ping messages", .text(#"{"type":"ping"}"#), 4_000),
    ("lists", call("engine::functions::list"), 500), ("calls of nothing", call("flood::missing"), 2_000),
    ("calls of 16 KiB", call("flood::missing", "\"" + String(repeating: "x", count: 16 << 10) + "\""), 24),
    ("pings", .ping(), 40_000), ("telemetry", .binary(logs(records: 3)), 2_000),
    ("a large telemetry message", .binary(logs(records: 20_000)), 1),
  ]

  @Test("a quiet peer's message is handled long before the flood that came first", arguments: floods.indices)
  func quietPeer(index: Int) async throws {
    let (kind, frame, count) = Self.floods[index]
    let registered = AsyncStream<String>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in
      if case .functionRegistered(let id, _, _) = event, id == "quiet" || id == "last" {
        registered.continuation.yield(id)
      }
    }
    try await withMockEngine(configuration) { engine in
      let flooder = try await RawPeer.open(engine.url)
      let quiet = try await RawPeer.open(engine.url)
      try await flooder.fence()
      try await quiet.fence()
      // The engine stands still until all of it has been sent, so that it finds both peers' bytes at once.
      let standstill = await Standstill.begin(on: engine.core.loop)
      await flooder.send(bytes: (0..<count).flatMap { _ in frame.encoded() } + Self.registration("last").encoded())
      await quiet.send(Self.registration("quiet"))
      await flooder.flush()
      await quiet.flush()
      standstill.end()
      var order: [String] = []
      for await id in registered.stream {
        order.append(id)
        if order.count == 2 { break }
      }
      #expect(order == ["quiet", "last"], "\(kind)")
    }
  }

  @Test("a worker may send much before it reads: nothing is lost") func sendsThenReads() async throws {
    try await withMockEngine { engine in
      let worker = try await RawPeer.open(engine.url, early: [Self.registration("self::f")])
      _ = try await worker.receiveText()
      await worker.stopReading()
      let data = "\"" + String(repeating: "x", count: Self.megabyte) + "\""
      for number in 0..<24 { await worker.send(Self.call("self::f", data, number)) }
      await worker.send(Self.registration("all::read"))
      // It reads nothing, and yet all that it sends is read.
      try await engine.waitForFunction("all::read")
      await worker.startReading()
      for number in 0..<24 { #expect(try await worker.receiveText().contains(id(number))) }
      try await worker.fence()
    }
  }

  @Test("above 64 MiB of its own unread output a peer is not read, and then nothing is lost") func highWaterMark()
    async throws
  {
    let slow = AsyncStream<Int>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in
      if case .slowWorker(_, let bytes) = event { slow.continuation.yield(bytes) }
    }
    try await withMockEngine(configuration) { engine in
      let worker = try await RawPeer.open(engine.url, early: [Self.registration("self::f")])
      _ = try await worker.receiveText()
      await worker.stopReading()
      let data = "\"" + String(repeating: "x", count: 2 * Self.megabyte) + "\""
      for number in 0..<44 { await worker.send(Self.call("self::f", data, number)) }
      var events = slow.stream.makeAsyncIterator()
      let warned = try #require(await events.next())
      #expect(warned > 16 * Self.megabyte && warned < 24 * Self.megabyte)
      let stopped = try #require(await events.next())
      #expect(stopped > 64 * Self.megabyte && stopped < 72 * Self.megabyte)
      // Others are served, and its own calls wait.
      let other = try await RawPeer.open(engine.url)
      try await other.fence()
      await worker.startReading()
      for number in 0..<44 { #expect(try await worker.receiveText().contains(id(number))) }
      try await worker.fence()
    }
  }

  @Test("the limit of unsent output holds within a turn too") func limitWithinATurn() async throws {
    let slow = AsyncStream<Int>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.maxUnsentBytes = 4 * Self.megabyte
    configuration.onEvent = { event in
      if case .slowWorker(_, let bytes) = event { slow.continuation.yield(bytes) }
    }
    try await withMockEngine(configuration) { engine in
      let worker = try await RawPeer.open(engine.url)
      for number in 0..<400 {
        await worker.send(Self.registration("f\(number)::\(String(repeating: "x", count: 200))"))
      }
      try await worker.fence()
      await worker.stopReading()
      let standstill = await Standstill.begin(on: engine.core.loop)
      await worker.send(bytes: (0..<400).flatMap { _ in Self.call("engine::functions::list").encoded() })
      _ = await worker.endedBy
      standstill.end()
      let waiting = try #require(await slow.stream.first { $0 > 4 * Self.megabyte })
      #expect(waiting < 6 * Self.megabyte)
      await worker.startReading()
      _ = try await worker.ended()
    }
  }

  @Test("telemetry keeps its place before the sender's next messages, however large it is", arguments: ["/", "/otel"])
  func largeTelemetry(path: String) async throws {
    try await withMockEngine { engine in
      let peer = try await RawPeer.open(engine.url, path: path)
      await peer.send(binary: Self.logs(records: 2_500))
      try await peer.fence()
      #expect(await engine.logs.count == 1_000)
      // Too many values for a message: refused with words, and the connection goes on.
      await peer.send(binary: Self.logs(records: 300_000))
      try await peer.fence()
      let problem = await engine.diagnostics.last?.problem
      #expect(problem == "300006 JSON values are more than the 250000 that are read at once; send smaller batches")
    }
  }

  @Test("pongs that are not read end a telemetry connection's reading, not the engine's memory") func unreadPongs()
    async throws
  {
    let warned = AsyncStream<String>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.maxUnsentBytes = Self.megabyte
    configuration.onEvent = { if case .warning(let text) = $0 { warned.continuation.yield(text) } }
    try await withMockEngine(configuration) { engine in
      let peer = try await RawPeer.open(engine.url, path: "/otel")
      await peer.stopReading()
      let pings = (0..<8_000).flatMap { _ in RawFrame.ping([UInt8](repeating: 7, count: 125)).encoded() }
      for _ in 0..<12 { await peer.send(bytes: pings) }
      let text = await warned.stream.first { $0.contains("does not read") }
      #expect(text?.contains("telemetry") == true)
      await peer.startReading()
      _ = try await peer.ended()
    }
  }
}

/// Keeps a loop from its next turn until `end`.
private struct Standstill {
  private let over = Rendezvous<Bool>()

  static func begin(on loop: Loop) async -> Standstill {
    let standstill = Standstill()
    await withCheckedContinuation { continuation in
      loop.post {
        continuation.resume()
        _ = standstill.over.wait()
      }
    }
    return standstill
  }

  func end() { over.put(true) }
}
