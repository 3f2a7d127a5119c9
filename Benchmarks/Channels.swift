import III
import UV

/// Channels of an engine in a process of its own, with ends of the SDK: many at once, many in a row, and one with a slow reader.
/// Each part fails if something is left behind, or memory grows.
struct Channels {
  private let engine: Engine
  private let worker: III

  private struct Engine {
    let pid: Int32
    let port: UInt16
  }

  private static let memoryLimit = 64 << 20

  static func run(_ arguments: inout Arguments) async {
    guard let path = arguments.value("--engine") else { fail("--engine is missing") }
    let open = arguments.number("--open", otherwise: 10_000)
    let inARow = arguments.number("--row", otherwise: 100_000)
    let bytes = arguments.number("--megabytes", otherwise: 1024) << 20
    let rate = arguments.number("--rate", otherwise: 20) * 1_000_000
    arguments.finish()
    do {
      let engine = ChildProcess.engine(path)
      let worker = try await registerWorker(
        "ws://127.0.0.1:\(engine.port)", options: InitOptions(workerName: "bench channels"))
      let channels = Channels(engine: Engine(pid: engine.pid, port: engine.port), worker: worker)
      try await channels.slowReader(bytes: bytes, bytesPerSecond: rate)
      try await channels.inARow(inARow)
      try await channels.atOnce(open)
      await worker.shutdown()
      engine.stop()
    } catch {
      fail("\(error)")
    }
  }

  /// The process in which `slowReader`'s writer is: serves until it is ended.
  static func serveWriter(_ arguments: inout Arguments) async {
    let port = arguments.number("--port", otherwise: 0)
    arguments.finish()
    let url = "ws://127.0.0.1:\(port)"
    do {
      let worker = try await registerWorker(url, options: InitOptions(workerName: "bench writer"))
      try worker.registerFunction("bench::produce") { (order: Order) async throws -> String in
        var digest = Digest()
        var left = order.bytes
        var part = (0..<(64 << 10)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        while left > 0 {
          let count = min(left, part.count)
          part.withUnsafeMutableBytes { $0.storeBytes(of: left, as: Int.self) }
          digest.update(part[..<count])
          try await order.writer.write(part[..<count])
          left -= count
        }
        try await order.writer.close()
        return digest.finish()
      }
      _ = try await worker.trigger("engine::workers::list", payload: [:] as JSONValue)
      announce("writer of the engine listening on \(url)")
      while true {
        await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
        withExtendedLifetime(worker) {}
      }
    } catch {
      fail("\(error)")
    }
  }

  private struct Order: Codable, Sendable {
    var writer: ChannelWriter
    var bytes: Int
  }

  // MARK: One channel

  private func slowReader(bytes: Int, bytesPerSecond: Int) async throws {
    let child = ChildProcess(CommandLine.arguments[0], ["channel-writer", "--port", "\(engine.port)"])
    let channel = try await worker.createChannel()
    let order = Order(writer: channel.writer, bytes: bytes)
    async let written = worker.trigger("bench::produce", payload: order, as: String.self, timeout: .seconds(3600))
    var peak = (engine: 0, writer: 0)
    let begin = nanoseconds()
    let (digest, count) = try await channel.reader.readSlowly(bytesPerSecond: bytesPerSecond) {
      peak.engine = max(peak.engine, residentBytes(of: engine.pid))
      peak.writer = max(peak.writer, residentBytes(of: child.pid))
    }
    let seconds = Double(nanoseconds() - begin) / 1e9
    let isEqual = try await written == digest
    child.stop()
    announce(
      "a reader slowed to \(bytesPerSecond / 1_000_000) MB/s: \(bytes >> 20) MiB in \(seconds.text(1)) s, SHA-256 "
        + "\(isEqual ? "equal" : "DIFFERS"); resident memory at most: engine \(peak.engine >> 20) MiB, writer "
        + "\(peak.writer >> 20) MiB, allowed \(Self.memoryLimit >> 20) MiB each")
    if !isEqual || count != bytes { fail("the reader has other bytes than the writer: \(count.grouped)") }
    if max(peak.engine, peak.writer) > Self.memoryLimit { fail("a slow reader costs memory") }
  }

  // MARK: Many channels

  /// Channels that are created, used and ended, 64 at a time.
  private func inARow(_ count: Int) async throws {
    let early = count / 5
    try await use(early)
    let before = (engine: residentBytes(of: engine.pid), own: residentBytes(of: processID))
    let descriptors = (engine: openDescriptors(of: engine.pid), own: openDescriptors())
    let begin = nanoseconds()
    try await use(count - early)
    let seconds = Double(nanoseconds() - begin) / 1e9
    let left = try await list()
    try await settleDescriptors(atMost: descriptors)
    let grown = (
      engine: residentBytes(of: engine.pid) - before.engine, own: residentBytes(of: processID) - before.own
    )
    announce(
      "\(count.grouped) channels created and ended: \((Double(count - early) / seconds).text(0)) /s, \(left) left; after the first "
        + "\(early.grouped) the engine grew by \(grown.engine >> 10) KiB, the ends' process by \(grown.own >> 10) KiB")
    if left > 0 { fail("the engine still has channels") }
    if max(grown.engine, grown.own) > 8 << 20 { fail("memory grows with every channel") }
  }

  private func use(_ count: Int) async throws {
    try await inParallel(count) { _ in
      let channel = try await worker.createChannel()
      try await channel.writer.write([1, 2, 3])
      try await channel.writer.close()
      if try await channel.reader.readAll() != [1, 2, 3] { fail("a channel lost its data") }
    }
  }

  /// Channels with both ends open, all at the same time.
  private func atOnce(_ wanted: Int) async throws {
    // Each channel costs the engine and this process two descriptors.
    let count = min(wanted, (raiseDescriptorLimit() - 100) / 2)
    if count < wanted {
      announce("the limit of open files allows \(count.grouped) channels with two connections, not \(wanted.grouped)")
    }
    let descriptors = (engine: openDescriptors(of: engine.pid), own: openDescriptors())
    let before = residentBytes(of: engine.pid)
    let channels = Lock<[Channel]>([])
    try await inParallel(count) { number in
      let channel = try await worker.createChannel()
      try await channel.writer.sendMessage("\(number)")
      var items = channel.reader.items.makeAsyncIterator()
      if try await items.next() != .text("\(number)") { fail("a channel has another one's message") }
      channels.withLock { $0.append(channel) }
    }
    let listed = try await list()
    let each = Double(residentBytes(of: engine.pid) - before) / Double(count) / 1024
    let all = channels.withLock { $0 }
    channels.withLock { $0 = [] }
    try await inParallel(count) { number in
      try await all[number].writer.close()
      if try await !all[number].reader.readAll().isEmpty { fail("a channel has data that nobody wrote") }
    }
    let left = try await list()
    try await settleDescriptors(atMost: descriptors)
    announce(
      "\(count.grouped) channels open at once: the engine listed \(listed.grouped), \(each.text(1)) KiB of its memory each; \(left) left "
        + "afterwards, and as many descriptors as before")
    if listed != count { fail("the engine does not list all channels") }
    if left > 0 { fail("the engine still has channels") }
  }

  // MARK: Internals

  private func inParallel(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<count {
        if number >= 64 { try await group.next() }
        group.addTask { try await body(number) }
      }
      try await group.waitForAll()
    }
  }

  private func list() async throws -> Int {
    let answer = try await worker.trigger("mock::channels::list", payload: [:] as JSONValue, timeout: .seconds(60))
    guard case .array(let channels)? = answer["channels"] else { fail("the engine lists no channels: \(answer)") }
    return channels.count
  }

  /// Ended connections give their descriptors back within seconds.
  private func settleDescriptors(atMost limit: (engine: Int, own: Int)) async throws {
    for _ in 0..<100 {
      if openDescriptors(of: engine.pid) <= limit.engine, openDescriptors() <= limit.own { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    fail(
      "descriptors are left: the engine has \(openDescriptors(of: engine.pid)), \(limit.engine) before; this process "
        + "\(openDescriptors()), \(limit.own) before")
  }
}
