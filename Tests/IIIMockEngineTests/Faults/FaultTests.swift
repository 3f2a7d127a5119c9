import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

/// What the SDK does about each fault, with the journal as the witness.
@Suite("faults", .timeLimit(.minutes(5)))
struct FaultTests {
  /// Real time for waits: the machine may be busy with other tests.
  private static let patience = Duration.seconds(50)
  private let patience = FaultTests.patience

  /// Connects again at once, so that no test waits for a backoff.
  static func options(_ name: String) -> InitOptions {
    InitOptions(
      workerName: name,
      reconnection: ReconnectionConfig(initialDelay: .milliseconds(1), backoffMultiplier: 1, jitterFactor: 0))
  }

  private static var manual: MockEngine.Configuration {
    var configuration = MockEngine.Configuration()
    configuration.clock = .manual
    return configuration
  }

  /// An engine with a worker `callee`, which has the functions `echo` and `twice`, and a worker `caller`.
  static func withWorkers(
    isManual: Bool = false, _ body: (MockEngine, _ callee: III, _ caller: III) async throws -> Void
  ) async throws {
    let engine = try await MockEngine.start(isManual ? manual : MockEngine.Configuration())
    do {
      let callee = try await engine.registerWorker(options: options("callee"))
      try callee.registerFunction("echo") { (value: JSONValue) async in value }
      try callee.registerFunction("twice") { (number: Int) async in number * 2 }
      let caller = try await engine.registerWorker(options: options("caller"))
      for function in ["echo", "twice"] { try await engine.waitForFunction(function) }
      for name in ["callee", "caller"] { try await engine.waitForWorker(named: name) }
      try await body(engine, callee, caller)
      await caller.shutdown()
      await callee.shutdown()
    } catch {
      await engine.shutdown()
      throw error
    }
    await engine.shutdown()
  }

  /// Suspends until a worker has connected so often.
  static func waitForConnections(of worker: String, count: Int, _ engine: MockEngine) async throws {
    try await engine.waitUntil("connection \(count) of \(worker)", within: patience) {
      let frames = await engine.journal.frames(.invokeFunction, function: "engine::workers::register", worker: worker)
      return frames.count >= count
    }
  }

  /// Suspends until a fault has had so many effects; returns them.
  @discardableResult
  static func waitForEffects(_ engine: MockEngine, count: Int = 1) async throws -> [String] {
    try await engine.waitUntil("\(count) effects of faults", within: patience) { await effects(engine).count >= count }
    return await effects(engine)
  }

  static func effects(_ engine: MockEngine) async -> [String] {
    await engine.journal.entries.compactMap { if case .fault(_, _, let effect) = $0.event { effect } else { nil } }
  }

  /// Why connections ended, in order.
  static func ends(_ engine: MockEngine) async -> [String] {
    await engine.journal.entries.compactMap { entry in
      if case .closed(let reason) = entry.event { "\(entry.connection?.worker?.name ?? "-"): \(reason)" } else { nil }
    }
  }

  private func double(_ caller: III, _ number: Int = 4) async throws -> Int {
    try await caller.trigger("twice", payload: number)
  }

  // MARK: Connections that begin

  @Test("refused connections: the SDK tries until it gets one")
  func refuseConnections() async throws {
    try await withMockEngine { engine in
      engine.faults.add(.refuseConnections, times: 3)
      let worker = try await registerWorker(engine.url, options: Self.options("late"))
      try await engine.waitForWorker(named: "late")
      let events = await engine.journal.entries.filter { $0.frame == nil }
      #expect(
        events.filter { if case .refused = $0.event { true } else { false } }.map { $0.connection?.number } == [
          1, 2, 3,
        ])
      #expect(events.filter { if case .opened = $0.event { true } else { false } }.map { $0.connection?.number } == [4])
      await worker.shutdown()
    }
  }

  @Test("a refused upgrade: the SDK tries again")
  func rejectUpgrade() async throws {
    try await withMockEngine { engine in
      engine.faults.add(.rejectUpgrade(status: 503), times: 2)
      let worker = try await registerWorker(engine.url, options: Self.options("late"))
      try await engine.waitForWorker(named: "late")
      #expect(await Self.effects(engine) == Array(repeating: "the upgrade was refused with 503", count: 2))
      #expect(await Self.ends(engine) == ["-: no upgrade", "-: no upgrade"])
      await worker.shutdown()
    }
  }

  @Test("a stalled upgrade: the SDK waits, and is connected when it is answered")
  func stallUpgrade() async throws {
    // By a clock that stands still the SDK does not give up.
    try await withMockEngine(Self.manual) { engine in
      let fault = engine.faults.add(.stallUpgrade())
      let worker = Task { try await engine.registerWorker(options: Self.options("late")) }
      try await Self.waitForEffects(engine)
      #expect(await engine.journal.frames().isEmpty)
      fault.remove()
      let connected = try await worker.value
      try await engine.waitForWorker(named: "late")
      #expect(await engine.journal.entries.filter { if case .opened = $0.event { true } else { false } }.count == 1)
      await connected.shutdown()
    }
  }

  @Test("an upgrade that stays stalled: the SDK gives up after its time-out, by the engine's time, and tries again")
  func stalledForLong() async throws {
    try await withMockEngine(Self.manual) { engine in
      engine.faults.add(.stallUpgrade(for: .seconds(60)))
      let worker = Task { try await engine.registerWorker(options: Self.options("late")) }
      try await Self.waitForEffects(engine)
      #expect(await engine.journal.frames().isEmpty)
      // The handshake's 10 s and the backoff.
      try await engine.advance(by: .seconds(11), ignoring: ["*"])
      let connected = try await worker.value
      #expect(await Self.ends(engine).count == 1)
      await connected.shutdown()
    }
  }

  // MARK: Connections of workers

  @Test("a Close and a reset: the SDK connects again and registers again", arguments: [true, false])
  func endedConnections(isClosed: Bool) async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(isClosed ? .close(1012, reason: "maintenance", worker: "callee") : .reset(worker: "callee"))
      try await Self.waitForConnections(of: "callee", count: 2, engine)
      try await engine.waitUntil("the registrations", within: patience) {
        await engine.journal.frames(.registerFunction, worker: "callee").count >= 4
      }
      #expect(try await double(caller) == 8)
      #expect(await Self.ends(engine) == ["callee: \(isClosed ? "closed" : "reset") by fault 1"])
      #expect(await engine.faults.unmatched.isEmpty)
    }
  }

  @Test("a reset while calls are in flight: the caller's calls fail with CONNECTION_LOST, at once")
  func resetOfTheCaller() async throws {
    try await Self.withWorkers { engine, callee, caller in
      engine.faults.add(.reset(on: .frames(.invokeFunction, of: "echo", worker: "caller")))
      let error = await #expect(throws: IIIInvocationError.self) {
        try await caller.trigger("echo", payload: 1 as JSONValue)
      }
      #expect(error?.code == "CONNECTION_LOST")
      try await Self.waitForConnections(of: "caller", count: 2, engine)
      #expect(try await double(caller) == 8)
      try await engine.verify("echo", calledTimes: 1)
    }
  }

  @Test("half-open, noticed by the engine: the functions are gone; when the worker learns of it, it registers again")
  func halfOpenAtTheWorker() async throws {
    try await Self.withWorkers { engine, callee, caller in
      let fault = engine.faults.add(.halfOpen(noticedBy: .engine, worker: "callee"))
      try await Self.waitForEffects(engine)
      let error = await #expect(throws: IIIInvocationError.self) { _ = try await double(caller) }
      #expect(error?.code == "function_not_found")
      #expect(callee.connectionState == .connected)
      fault.remove()
      try await Self.waitForConnections(of: "callee", count: 2, engine)
      try await engine.waitForFunction("twice")
      #expect(try await double(caller) == 8)
    }
  }

  @Test("half-open, noticed by the worker: its new connection replaces the old one, and its functions stay")
  func halfOpenAtTheEngine() async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(.halfOpen(noticedBy: .worker, worker: "callee"))
      try await Self.waitForConnections(of: "callee", count: 2, engine)
      try await engine.waitUntil("the registrations", within: patience) {
        await engine.journal.frames(.registerFunction, worker: "callee").count >= 4
      }
      #expect(try await double(caller) == 8)
      #expect(await Self.ends(engine) == ["callee: replaced"])
    }
  }

  @Test("a black hole: a call waits, and ends when what was sent arrives", arguments: JournalFrame.Direction.allCases)
  func blackhole(direction: JournalFrame.Direction) async throws {
    try await Self.withWorkers { engine, _, caller in
      let fault = engine.faults.add(.blackhole(direction, worker: "callee"))
      try await Self.waitForEffects(engine)
      async let result = double(caller)
      try await engine.waitForInvocation(of: "twice")
      #expect(await engine.journal.count(of: "twice").ended == 0)
      fault.remove()
      #expect(try await result == 8)
      #expect(await Self.ends(engine).isEmpty)
    }
  }

  @Test("a black hole of a minute: the SDK's keep-alive notices it, and it connects again")
  func longBlackhole() async throws {
    try await Self.withWorkers(isManual: true) { engine, callee, caller in
      engine.faults.add(.blackhole(for: .seconds(600), worker: "callee"))
      try await Self.waitForEffects(engine)
      // 60 s without a byte, and the backoff.
      try await engine.advance(by: .seconds(70))
      #expect(await engine.journal.frames(.registerFunction, worker: "callee").count == 4)
      #expect(try await double(caller) == 8)
    }
  }

  @Test("tiny segments: messages arrive whole", arguments: [1, 7])
  func slice(bytes: Int) async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(.slice(bytes: bytes), times: nil)
      try await Self.waitForEffects(engine, count: 2)
      let payload: JSONValue = ["text": .string(String(repeating: "äöü ", count: 10))]
      for _ in 0..<3 {
        let echoed: JSONValue = try await caller.trigger("echo", payload: payload)
        #expect(echoed == payload)
      }
    }
  }

  @Test("limited bandwidth: a message takes as long as it has bytes", arguments: JournalFrame.Direction.allCases)
  func limitBandwidth(direction: JournalFrame.Direction) async throws {
    try await Self.withWorkers(isManual: true) { engine, _, caller in
      engine.faults.add(.limitBandwidth(bytesPerSecond: 1000, direction, worker: "callee"))
      try await Self.waitForEffects(engine)
      let payload: JSONValue = .string(String(repeating: "x", count: 5000))
      let result = Task { try await caller.trigger("echo", payload: payload) as JSONValue }
      try await engine.waitForInvocation(of: "echo")
      try await engine.advance(by: .milliseconds(4500))
      #expect(await engine.journal.count(of: "echo").ended == 0)
      try await engine.advance(by: .seconds(3))
      #expect(await engine.journal.count(of: "echo").ended == 1)
      #expect(try await result.value == payload)
    }
  }

  // MARK: Frames

  @Test("a lost result: the call ends with TIMEOUT after its time, and the next one works")
  func dropResult() async throws {
    try await Self.withWorkers(isManual: true) { engine, _, caller in
      engine.faults.add(.dropResult(of: "tw*"))
      let call = Task { try await double(caller) }
      try await Self.waitForEffects(engine)
      try await engine.advance(by: .seconds(30))
      let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(error?.code == "TIMEOUT")
      #expect(try await double(caller) == 8)
      #expect(await Self.effects(engine) == ["invocationresult of 'twice' was lost"])
    }
  }

  @Test("a lost acknowledgement: the work is done once, and the caller does not learn of it")
  func loseAcknowledgement() async throws {
    try await Self.withWorkers(isManual: true) { engine, _, caller in
      engine.faults.add(.loseAcknowledgement(of: "twice"))
      let call = Task { try await double(caller) }
      try await Self.waitForEffects(engine)
      try await engine.waitForCompletion(of: "twice")
      try await engine.advance(by: .seconds(30))
      let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(error?.code == "TIMEOUT")
      #expect(await engine.journal.invocations(of: "twice").map(\.result) == [8])
    }
  }

  @Test("a late frame is handled, or sent, after its time", arguments: JournalFrame.Direction.allCases)
  func delay(direction: JournalFrame.Direction) async throws {
    try await Self.withWorkers(isManual: true) { engine, _, caller in
      engine.faults.add(.delay(.frames(.invocationResult, of: "twice", direction: direction), by: .seconds(5)))
      let call = Task { try await double(caller) }
      try await Self.waitForEffects(engine)
      // Others pass it.
      #expect(try await double(caller, 5) == 10)
      let before = await engine.journal.frames(.invocationResult, function: "twice", direction: .sent).count
      #expect(before == 1)
      try await engine.advance(by: .seconds(5))
      #expect(try await call.value == 8)
    }
  }

  @Test("a call that is sent twice runs twice, and its caller gets one result")
  func duplicate() async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(.duplicate(.frames(.invokeFunction, of: "twice", direction: .sent)))
      #expect(try await double(caller) == 8)
      try await engine.waitUntil("the second result", within: patience) {
        await engine.journal.frames(.invocationResult, worker: "callee", direction: .received).count == 2
      }
      #expect(await engine.journal.frames(.invocationResult, worker: "caller", direction: .sent).count == 1)
      try await engine.verify("twice", calledTimes: 1)
    }
  }

  @Test("messages in another order", arguments: JournalFrame.Direction.allCases)
  func reorder(direction: JournalFrame.Direction) async throws {
    try await Self.withWorkers(isManual: true) { engine, _, caller in
      engine.faults.add(.reorder(.frames(.invokeFunction, of: "echo", direction: direction)))
      try await caller.triggerVoid("echo", 1)
      try await caller.triggerVoid("echo", 2)
      try await engine.waitForCompletion(of: "echo", count: 2)
      let sent = await engine.journal.frames(.invokeFunction, function: "echo", direction: .sent)
      #expect(sent.map { $0.frame?.payload } == [2, 1])
    }
  }

  @Test("a message without a next one comes after a second")
  func reorderTheLast() async throws {
    try await Self.withWorkers(isManual: true) { engine, _, caller in
      engine.faults.add(.reorder(.frames(.invocationResult, of: "twice", direction: .sent)))
      let call = Task { try await double(caller) }
      try await Self.waitForEffects(engine)
      try await engine.advance(by: .seconds(1))
      #expect(try await call.value == 8)
    }
  }

  @Test(
    "a broken message to a worker: the SDK ignores it or connects again, and the next call works",
    arguments: Fault.Corruption.allCases)
  func corruptSent(corruption: Fault.Corruption) async throws {
    try await Self.withWorkers(isManual: true) { engine, callee, caller in
      engine.faults.add(.corrupt(.frames(.invocationResult, of: "twice", direction: .sent), corruption))
      let call = Task { try await double(caller) }
      try await Self.waitForEffects(engine)
      if corruption == .badUTF8 {
        // The connection has ended, and the call with it.
        let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
        #expect(error?.code == "CONNECTION_LOST")
        try await engine.advance(by: .seconds(1))
      } else {
        // What comes behind the broken message is handled.
        #expect(try await double(caller, 5) == 10)
        try await engine.advance(by: .seconds(30))
        let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
        #expect(error?.code == "TIMEOUT")
        #expect(await Self.ends(engine).isEmpty)
      }
      #expect(try await double(caller) == 8)
    }
  }

  @Test(
    "a broken message from a worker: the engine ignores it or drops the connection, and the SDK goes on",
    arguments: Fault.Corruption.allCases)
  func corruptReceived(corruption: Fault.Corruption) async throws {
    try await Self.withWorkers { engine, callee, caller in
      engine.faults.add(.corrupt(.frames(.registerFunction, of: "late", direction: .received), corruption))
      try callee.registerFunction("late") { (number: Int) async in number }
      try await Self.waitForEffects(engine)
      switch corruption {
      case .oversize, .badUTF8:
        // It registers again on its new connection.
        try await engine.waitForFunction("late")
        #expect(await Self.ends(engine).count == 1)
      case .truncated, .notJSON, .unknownType:
        try await engine.waitUntil("the reason", within: patience) {
          await engine.journal.entries.contains { if case .ignored = $0.event { true } else { false } }
        }
        #expect(await Self.ends(engine).isEmpty)
      }
      #expect(try await double(caller) == 8)
    }
  }

  // MARK: Calls and registrations

  @Test("a denied call has the error of access control, once")
  func deny() async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(.deny("tw*"))
      let error = await #expect(throws: IIIForbiddenError.self) { _ = try await double(caller) }
      #expect(error?.message == "function 'twice' not allowed (add to rbac.expose_functions)")
      #expect(try await double(caller) == 8)
      #expect(await engine.denials.map(\.reason) == ["denied by a fault"])
      try await engine.verify("twice", calledTimes: 1)
    }
  }

  @Test(
    "a rejected registration: the function is not there, the worker stays connected and registers it with the next connection"
  )
  func rejectRegistration() async throws {
    try await Self.withWorkers { engine, callee, caller in
      engine.faults.add(.rejectRegistration(of: "late"))
      try callee.registerFunction("late") { (number: Int) async in number }
      try await Self.waitForEffects(engine)
      #expect(try await double(caller) == 8)
      let error = await #expect(throws: IIIInvocationError.self) {
        try await caller.trigger("late", payload: 1 as JSONValue)
      }
      #expect(error?.code == "function_not_found")
      #expect(await Self.ends(engine).isEmpty)
      #expect(await engine.journal.frames(.registrationRejected, worker: "callee", direction: .sent).count == 1)
      engine.faults.add(.reset(worker: "callee"))
      try await engine.waitForFunction("late")
    }
  }

  @Test("a worker that is killed during a call: the caller gets invocation_stopped, the worker comes back")
  func killWorker() async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(.killWorker(during: "twice"))
      let error = await #expect(throws: IIIInvocationError.self) { _ = try await double(caller) }
      #expect(error?.code == "invocation_stopped")
      try await Self.waitForConnections(of: "callee", count: 2, engine)
      try await engine.waitForFunction("twice")
      #expect(try await double(caller) == 8)
      let calls = await engine.journal.invocations(of: "twice")
      #expect(calls.map(\.errorCode) == ["invocation_stopped", nil])
      #expect(await Self.ends(engine) == ["callee: dropped by fault 1"])
    }
  }

  // MARK: Faults in general

  @Test("a fault has its effect as often as it is told, also until it is removed")
  func times() async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(.deny("twice"), times: 2)
      let first = await outcomes(caller, count: 3)
      #expect(first == [nil, nil, 8])
      let fault = engine.faults.add(.deny("twice"), times: nil)
      let second = await outcomes(caller, count: 5)
      #expect(second == Array(repeating: nil, count: 5))
      fault.remove()
      let third = await outcomes(caller, count: 1)
      #expect(third == [8])
      #expect(await engine.faults.all.map(\.remaining) == [0])
      engine.faults.removeAll()
      #expect(await engine.faults.all.isEmpty)
    }
  }

  /// The results of calls one after another; nil for an error.
  private func outcomes(_ caller: III, count: Int) async -> [Int?] {
    var outcomes: [Int?] = []
    for _ in 0..<count { outcomes.append(try? await double(caller)) }
    return outcomes
  }

  @Test("faults with a probability do the same for the same seed")
  func probability() async throws {
    var outcomes: [[Bool]] = []
    for seed in [1, 1, 2] as [UInt64] {
      try await Self.withWorkers { engine, _, caller in
        let frames = Fault.Frames.frames(
          .invokeFunction, of: "twice", worker: "caller", direction: .received, probability: 0.5)
        engine.faults.add(.duplicate(frames), times: nil, seed: seed)
        var calls: [Bool] = []
        for _ in 0..<40 {
          let before = await engine.faults.all.first?.hits ?? 0
          _ = try? await double(caller)
          calls.append((await engine.faults.all.first?.hits ?? 0) > before)
        }
        outcomes.append(calls)
      }
    }
    #expect(outcomes[0] == outcomes[1])
    #expect(outcomes[0] != outcomes[2])
    #expect((10...30).contains(outcomes[0].filter { $0 }.count))
  }

  @Test("a fault without an effect is reported: in a list, and in the log when the engine ends")
  func unmatched() async throws {
    var configuration = MockEngine.Configuration()
    let warnings = Lines()
    configuration.onEvent = { event in if case .warning(let text) = event { warnings.add(text) } }
    let engine = try await MockEngine.start(configuration)
    engine.faults.add(.dropResult(of: "never::called"))
    let removed = engine.faults.add(.deny("never::*", worker: "nobody"))
    removed.remove()
    #expect(
      await engine.faults.unmatched.map(\.description) == [
        "drop_result invocationresult of 'never::called' received",
        "deny invokefunction of 'never::*' worker 'nobody' received",
      ])
    await engine.shutdown()
    #expect(warnings.all.filter { $0.contains("has had no effect") }.count == 2)
    #expect(await engine.faults.unmatched.count == 2)
  }

  @Test("frames of mock:: functions meet no fault")
  func controlsAreExempt() async throws {
    try await Self.withWorkers { engine, _, caller in
      engine.faults.add(.drop(.frames(worker: "caller")), times: nil)
      let list: JSONValue = try await caller.trigger("mock::faults::list", payload: [:] as JSONValue)
      #expect(list["faults"]?[0]?["fault"] == "drop worker 'caller'")
    }
  }

  @Test("an engine with faults that hold connections and frames leaves no handle open")
  func leaks() async throws {
    let engine = try await MockEngine.start()
    let peer = try await RawPeer.open(engine.url)
    _ = try await peer.receiveText()
    engine.faults.add(.halfOpen(noticedBy: .engine))
    let other = try await RawPeer.open(engine.url)
    _ = try await other.receiveText()
    engine.faults.add(.blackhole())
    engine.faults.add(.stallUpgrade())
    try await Self.waitForEffects(engine, count: 2)
    let stalled = Task { try await RawPeer.open(engine.url) }
    try await Self.waitForEffects(engine, count: 3)
    #expect(await engine.shutdownReportingLeaks() == 0)
    _ = await stalled.result
  }

  // MARK: Channels

  @Test(
    "messages of channels are lost, doubled, cut and swapped",
    arguments: [
      (Fault.drop(.channelMessages()), ["b", "c"]), (.duplicate(.channelMessages()), ["a", "a", "b", "c"]),
      (.reorder(.channelMessages()), ["b", "a", "c"]),
      (.corrupt(.channelMessages(), .notJSON), ["this is not JSON", "b", "c"]),
    ])
  func channels(fault: Fault, texts: [String]) async throws {
    // No message that is held comes before the next one.
    try await withMockEngine(Self.manual) { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      engine.faults.add(fault)
      #expect(await engine.faults.all.count == 1)
      for text in ["a", "b", "c"] { await writer.send(text) }
      for text in texts { #expect(try await reader.receiveText() == text) }
      #expect(await engine.faults.unmatched.isEmpty)
    }
  }

  @Test("faults on connections act on those of channels where they are told to")
  func channelConnections() async throws {
    try await withMockEngine { engine in
      let channel = try await ChannelPeers(at: engine.url)
      let reader = try await channel.open(.read)
      let writer = try await channel.open(.write)
      engine.faults.add(.slice(bytes: 2).onChannels, times: nil)
      try await Self.waitForEffects(engine, count: 2)
      await writer.send("sliced")
      #expect(try await reader.receiveText() == "sliced")
      engine.faults.add(.reset().onChannels, times: 2)
      _ = try await writer.ended()
      _ = try await reader.ended()
      try await channel.maker.fence()
    }
  }
}

extension III {
  /// Calls without waiting for an answer.
  fileprivate func triggerVoid(_ functionID: String, _ payload: JSONValue) async throws {
    _ = try await trigger(TriggerRequest(functionID: functionID, payload: payload, action: .void()))
  }
}

/// Lines that any thread adds.
private final class Lines: Sendable {
  private let lines = Lock<[String]>([])
  func add(_ line: String) { lines.withLock { $0.append(line) } }
  var all: [String] { lines.withLock { $0 } }
}
