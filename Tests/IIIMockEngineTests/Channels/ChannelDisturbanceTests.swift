import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

/// Channels between two workers while their connections are cut, stalled, slowed and sliced, on virtual time.
@Suite(.timeLimit(.minutes(5))) struct ChannelDisturbanceTests {
  @Test("all arrives in order, or an end is told that it does not; no end waits without a limit", arguments: 0..<4)
  func disturbances(part: Int) async throws {
    try await withMockEngine(.manual()) { engine in
      let bench = try await DisturbedChannels(engine)
      for seed in stride(from: part, to: Proofs.count(suite: 16, full: 10_000), by: 4) {
        let plan = ChannelPlan(seed: UInt64(seed))
        if let problem = try await bench.run(plan) {
          Issue.record("seed \(seed): \(problem)\n\(plan)")
          return
        }
      }
    }
  }

  @Test("a reader is told the end after a black hole has held back the last data", arguments: [181, 1062, 2908, 3655])
  func healedBlackHole(seed: UInt64) async throws {
    try await withMockEngine(.manual()) { engine in
      let channels = try await DisturbedChannels(engine)
      #expect(try await channels.run(ChannelPlan(seed: seed)) == nil)
    }
  }

  @Test("without a disturbance all arrives, and both ends end without an error")
  func undisturbed() async throws {
    try await withMockEngine(.manual()) { engine in
      let bench = try await DisturbedChannels(engine)
      for seed in 0..<4 {
        var plan = ChannelPlan(seed: UInt64(seed))
        plan.disturbances = []
        plan.leavesAfter = nil
        #expect(try await bench.run(plan) == nil)
        #expect(bench.hasArrived, "seed \(seed)")
      }
    }
  }
}

/// What one run does: what is written, how it is read, and what goes wrong meanwhile.
private struct ChannelPlan: CustomStringConvertible {
  enum Disturbance {
    case cut(MockEngine.ChannelControls.End?)
    case slow(Int?)
    case fault(Fault)
  }

  struct Step {
    var item: ChannelItem
    /// Slept before it is written, and before it is read.
    var writerPause: Duration
    var readerPause: Duration
  }

  /// Bytes below 127, of which each item has a part.
  private static let data = (0..<200_100).map { UInt8($0 % 127) }

  var capacity: Int
  var steps: [Step] = []
  /// The reader closes its end after so many items.
  var leavesAfter: Int?
  /// With the time that passes before each; the first may be in force before an end connects.
  var disturbances: [(after: Duration, Disturbance)] = []

  init(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    capacity = 1 + random.below(6)
    let isPausing = random.oneIn(2)
    func pause() -> Duration { isPausing && random.oneIn(3) ? .milliseconds(Int64(random.below(40))) : .zero }
    for number in 0..<random.below(30) {
      let size = random.below([10, 1000, 70_000, 200_000][random.below(4)])
      let item =
        random.oneIn(3)
        ? ChannelItem.text(String(repeating: "t", count: size % 5000) + "\(number)")
        : .binary(Array(Self.data[number..<(number + size)]))
      steps.append(Step(item: item, writerPause: pause(), readerPause: pause()))
    }
    if random.oneIn(6) { leavesAfter = random.below(steps.count + 1) }
    for _ in 0..<random.below(4) {
      let delay = random.oneIn(2) ? Duration.zero : .milliseconds(Int64(random.below(200)))
      disturbances.append((delay, Self.disturbance(&random)))
    }
  }

  private static func disturbance(_ random: inout SeededGenerator) -> Disturbance {
    let direction = [nil, JournalFrame.Direction.received, .sent][random.below(3)]
    let span = Duration.milliseconds(Int64([10, 900, 40_000][random.below(3)]))
    switch random.below(9) {
    case 0: return .cut(nil)
    case 1: return .cut(.writer)
    case 2: return .cut(.reader)
    case 3: return .slow([nil, 2_000_000, 500_000][random.below(3)])
    case 4: return .fault(.slice(bytes: [3, 100, 5000][random.below(3)], direction).onChannels)
    case 5: return .fault(.blackhole(direction, for: span).onChannels)
    case 6: return .fault(.halfOpen(noticedBy: random.oneIn(2) ? .engine : .worker, for: span).onChannels)
    case 7: return .fault(.reset(on: .channelMessages(probability: 0.2)))
    default: return .fault(.limitBandwidth(bytesPerSecond: 1_000_000, direction).onChannels)
    }
  }

  var description: String {
    let items = steps.map { step in
      let size = if case .binary(let bytes) = step.item { "\(bytes.count)" } else { "text" }
      return "\(size) (\(step.writerPause), \(step.readerPause))"
    }
    return
      "capacity \(capacity); \(items.joined(separator: ", ")); leaves after \(leavesAfter.map { "\($0)" } ?? "-"); "
      + disturbances.map { "\($0.after): \($0.1)" }.joined(separator: ", ")
  }
}

/// A worker with a function that writes and one that reads: the engine counts what they do, so that its clock moves only when both wait.
private final class DisturbedChannels: Sendable {
  private struct Run {
    var plan: ChannelPlan
    var writer: ChannelWriter
    var reader: ChannelReader
    var received: [UInt8] = []
    var writerEnd: Result<Void, any Error>?
    var readerEnd: Result<Void, any Error>?
  }

  private let engine: MockEngine
  private let worker: III
  private let state = Lock<Run?>(nil)

  init(_ engine: MockEngine) async throws {
    self.engine = engine
    worker = try await engine.registerWorker()
    try worker.registerFunction("write") { [state] (_: JSONValue) async in
      guard let current = state.withLock({ $0 }) else { return }
      let end = await Self.result {
        for step in current.plan.steps {
          try await Self.rest(step.writerPause, engine)
          switch step.item {
          case .text(let text): try await current.writer.sendMessage(text)
          case .binary(let bytes): try await current.writer.write(bytes)
          }
        }
        try await current.writer.close()
      }
      state.withLock { $0?.writerEnd = end }
    }
    try worker.registerFunction("read") { [state] (_: JSONValue) async in
      guard let current = state.withLock({ $0 }) else { return }
      let end = await Self.result {
        var count = 0
        for try await item in current.reader.items {
          state.withLock { $0?.received += Self.flat([item]) }
          if count < current.plan.steps.count { try await Self.rest(current.plan.steps[count].readerPause, engine) }
          if count == current.plan.leavesAfter { return await current.reader.close() }
          count += 1
        }
      }
      state.withLock { $0?.readerEnd = end }
    }
    try await engine.waitForFunction("read")
  }

  private static func rest(_ span: Duration, _ engine: MockEngine) async throws {
    if span > .zero { try await engine.clock.sleep(for: span) }
  }

  private static func result(_ body: () async throws -> Void) async -> Result<Void, any Error> {
    do { return .success(try await body()) } catch { return .failure(error) }
  }

  /// Items as bytes whatever the parts of the data are: the data is below 128, texts are enclosed in 254 and 255.
  private static func flat(_ items: [ChannelItem]) -> [UInt8] {
    var flat: [UInt8] = []
    for item in items {
      switch item {
      case .binary(let bytes): flat += bytes
      case .text(let text): flat += [254] + Array(text.utf8) + [255]
      }
    }
    return flat
  }

  /// Whether the last run ended with all data at the reader, and without an error.
  var hasArrived: Bool {
    state.withLock { run in
      guard let run, case .success? = run.writerEnd, case .success? = run.readerEnd else { return false }
      return run.received == Self.flat(run.plan.steps.map(\.item))
    }
  }

  /// Plays a plan; returns what should not have happened.
  func run(_ plan: ChannelPlan) async throws -> String? {
    let channel = try await worker.createChannel(bufferSize: plan.capacity)
    let id = channel.readerRef.channelID
    state.withLock { $0 = Run(plan: plan, writer: channel.writer, reader: channel.reader) }
    var left = plan.disturbances[...]
    if let first = left.first, first.after == .zero { try await disturb(id, left.removeFirst().1) }
    for function in ["read", "write"] {
      try await worker.trigger(TriggerRequest(functionID: function, action: .void()))
    }
    for (delay, disturbance) in left {
      try await engine.advance(by: delay)
      try await disturb(id, disturbance)
    }
    // Longer than a handshake may take, a fault lasts, and an end may wait for the other one.
    try await engine.advance(by: .seconds(1200))
    engine.faults.removeAll()
    let problem = state.withLock { $0 }.flatMap { self.problem($0) }
    if problem == nil, !(try await engine.channels.list().isEmpty) { return "the engine still has the channel" }
    return problem
  }

  /// The channel may have ended.
  private func disturb(_ id: String, _ disturbance: ChannelPlan.Disturbance) async throws {
    do {
      switch disturbance {
      case .cut(let end): try await engine.channels.cut(id, end)
      case .slow(let rate): try await engine.channels.slow(id, bytesPerSecond: rate)
      case .fault(let fault): engine.faults.add(fault, times: nil)
      }
    } catch MockEngineError.unknownChannel {}
  }

  private func problem(_ run: Run) -> String? {
    guard let writerEnd = run.writerEnd else {
      return "the writer hangs; the reader: \(String(describing: run.readerEnd))"
    }
    guard let readerEnd = run.readerEnd else { return "the reader hangs; the writer: \(writerEnd)" }
    let written = Self.flat(run.plan.steps.map(\.item))
    guard written.starts(with: run.received) else { return "the reader has what was not written" }
    switch (writerEnd, readerEnd) {
    case (.success, .success) where run.plan.leavesAfter == nil && run.received.count < written.count:
      return "\(written.count - run.received.count) bytes are missing, and no end was told"
    case (.failure(let error), _) where !(error is IIIChannelError): return "the writer's error is \(error)"
    case (_, .failure(let error)) where !(error is IIIChannelError): return "the reader's error is \(error)"
    default: return nil
    }
  }
}
