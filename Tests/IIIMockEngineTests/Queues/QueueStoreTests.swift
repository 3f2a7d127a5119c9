import Foundation
import TestSupport
import Testing
import UV

@testable import III
@testable import IIIMockEngine

/// Queues whose jobs are kept in a folder.
@Suite(.timeLimit(.minutes(2))) struct QueueStoreTests {
  typealias Queue = MockEngine.Configuration.Queue

  /// A folder that is removed after the test.
  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try await body(folder)
  }

  private func configuration(_ folder: String, _ queues: [String: Queue] = ["q": Queue(maxRetries: 3)])
    -> MockEngine.Configuration
  {
    var configuration = MockEngine.Configuration()
    configuration.queueFolder = folder
    configuration.queues = queues
    return configuration
  }

  @Test("waiting jobs, their attempts and dead letters survive a restart; a job in flight waits again")
  func restart() async throws {
    try await withFolder { folder in
      let time = TimeSource.manual()
      var letter: QueueJob?
      let first = try await MockEngine.start(configuration(folder), time: time)
      do {
        let worker = try await first.registerWorker()
        let (never, release) = AsyncStream.makeStream(of: Void.self)
        let (calls, feed) = AsyncStream.makeStream(of: JSONValue.self)
        try worker.registerFunction("f") { (data: JSONValue) async throws in
          feed.yield(data)
          if data == "hang" { _ = await never.first { _ in true } }
          throw IIIInvocationError(code: "E", message: "x")
        }
        try await first.waitForFunction("f")
        let queue = first.queue("q")
        try await queue.set(retries: .disabled)
        try await queue.enqueue("f", payload: "dead")
        letter = try await queue.waitForDeadLetter()
        try await queue.set(retries: .enabled)
        try await queue.enqueue("f", payload: "tried")
        try await first.until("q") { $0.first?.state == .delayed }
        try await queue.enqueue("f", payload: "hang")
        try await first.until("q") { $0.contains { $0.state == .inFlight } }
        try await queue.pause()
        try await queue.enqueue("f", payload: "waits")
        release.finish()
        _ = calls
      }
      await first.shutdown()

      let second = try await MockEngine.start(configuration(folder), time: time)
      let queue = second.queue("q")
      #expect(try await queue.deadLetters.map(\.id) == [letter?.id])
      #expect(try await queue.deadLetters.first?.error == "function call failed")
      let worker = try await second.registerWorker()
      let seen = try worker.feed("f")
      try await second.waitForFunction("f")
      // Without the function, the two jobs that were due have failed once more.
      var jobs = try await queue.jobs
      #expect(jobs.map(\.payload) == ["tried", "hang", "waits"])
      #expect(jobs.first?.attempt == 2)
      await time.advance(by: .seconds(4))
      try await queue.drain()
      var came: [JSONValue] = []
      for await data in seen {
        came.append(data)
        if came.count == 3 { break }
      }
      #expect(Set(came) == ["tried", "hang", "waits"])
      #expect(try await queue.redrive() == 1)
      #expect(await seen.first { _ in true } == "dead")
      try await queue.drain()
      jobs = try await queue.jobs
      #expect(jobs.isEmpty)
      await second.shutdown()

      let third = try await MockEngine.start(configuration(folder), time: time)
      #expect(try await third.queue("q").jobs.isEmpty)
      #expect(try await third.queue("q").deadLetters.isEmpty)
      await third.shutdown()
    }
  }

  @Test("a queue that is no longer declared keeps its jobs, and the log says so; declared again it goes on")
  func changedConfiguration() async throws {
    try await withFolder { folder in
      try await withMockEngine(configuration(folder, ["old": Queue(maxRetries: 7)])) { engine in
        try await engine.queue("old").pause()
        for number in 1...3 { try await engine.queue("old").enqueue("f", payload: .int(Int64(number))) }
      }
      let warnings = Lock<[String]>([])
      var changed = configuration(folder, ["new": Queue()])
      changed.onEvent = { event in if case .warning(let text) = event { warnings.withLock { $0.append(text) } } }
      try await withMockEngine(changed) { engine in
        let kept = try await engine.queue("__fn_queue::old").jobs
        #expect(kept.count == 3)
        #expect(warnings.withLock { $0 }.contains { $0.contains("3 jobs of queue 'old', which is not declared") })
      }
      // Another type, another limit: the jobs have the policy with which they were enqueued.
      let fifo = Queue(maxRetries: 1, messageGroupField: "g")
      try await withMockEngine(configuration(folder, ["old": fifo])) { engine in
        let worker = try await engine.registerWorker()
        let seen = try worker.feed("f")
        try await engine.waitForFunction("f")
        try await engine.queue("old").drain()
        var came: [JSONValue] = []
        for await data in seen {
          came.append(data)
          if came.count == 3 { break }
        }
        #expect(Set(came) == [1, 2, 3])
      }
    }
  }

  @Test("a queue that was defined while an engine ran is there again")
  func definedQueue() async throws {
    try await withFolder { folder in
      try await withMockEngine(configuration(folder)) { engine in
        let worker = try await engine.registerWorker()
        let config: JSONValue = ["queue": "mine", "config": ["max_retries": 2]]
        #expect(try await worker.trigger("queue::define", payload: config)["changed"] == true)
      }
      try await withMockEngine(configuration(folder)) { engine in
        let worker = try await engine.registerWorker()
        let config: JSONValue = ["queue": "mine", "config": ["max_retries": 2]]
        #expect(try await worker.trigger("queue::define", payload: config)["changed"] == false)
      }
    }
  }

  @Test("published messages are saved once for each subscribed function")
  func topics() async throws {
    try await withFolder { folder in
      try await withMockEngine(configuration(folder)) { engine in
        let worker = try await engine.registerWorker()
        for function in ["f", "g"] {
          let trigger = try worker.registerTrigger(
            QueueTriggerConfig(topic: "t", options: .init(concurrency: 0)), functionID: function)
          try await engine.waitForTrigger(trigger.id)
        }
        try await worker.publish(topic: "t", data: 1)
      }
      try await withMockEngine(configuration(folder)) { engine in
        let worker = try await engine.registerWorker()
        let (f, g) = (try worker.feed("f"), try worker.feed("g"))
        for function in ["f", "g"] {
          try worker.registerTrigger(QueueTriggerConfig(topic: "t"), functionID: function)
        }
        #expect(await f.first { _ in true } == 1)
        #expect(await g.first { _ in true } == 1)
      }
    }
  }

  @Test("a folder that cannot be written refuses every enqueue, and nothing is half accepted")
  func unwritable() async throws {
    try await withFolder { folder in
      // A file is where the folder would have to be made.
      _ = FileManager.default.createFile(atPath: folder, contents: Data())
      let error = await #expect(throws: MockEngineError.self) {
        try await MockEngine.start(configuration(folder + "/below"))
      }
      if let error { #expect(error.description.contains(folder)) }
    }
  }

  @Test("an enqueue that finds the disk full is refused, and its job is nowhere; later ones are saved again")
  func fullDisk() async throws {
    try await withFolder { folder in
      let loop = try Loop(name: "queue-store")
      let bench = QueueStoreBench(loop)
      try await bench.open(folder, pages: 24)
      let large = "\"" + String(repeating: "x", count: 200_000) + "\""
      #expect(await bench.enqueue("1") == nil)
      let refusal = await bench.enqueue(large)
      #expect(refusal?.code == "enqueue_error" && refusal?.message.contains("the disk is full") == true)
      #expect(await bench.depth == 1)
      #expect(await bench.enqueue("2") == nil)
      await bench.close()
      let again = QueueStoreBench(loop)
      try await again.open(folder, pages: 24)
      #expect(await again.depth == 2)
      await again.close()
      _ = await loop.stop()
    }
  }

  @Test("a store that is cut anywhere is refused with its name, or has only jobs that were enqueued")
  func cutStore() async throws {
    try await withFolder { folder in
      try await withMockEngine(configuration(folder)) { engine in
        try await engine.queue("q").pause()
        for number in 0..<200 { try await engine.queue("q").enqueue("f", payload: .int(Int64(number))) }
      }
      let path = folder + "/iii-store.sqlite"
      let whole = try Data(contentsOf: URL(fileURLWithPath: path))
      var random = SeededGenerator(seed: 11)
      for _ in 0..<Proofs.count(suite: 8, full: 200) {
        let cut = random.below(whole.count)
        try? FileManager.default.removeItem(atPath: path + "-wal")
        try whole.prefix(cut).write(to: URL(fileURLWithPath: path))
        do {
          try await withMockEngine(configuration(folder)) { engine in
            for job in try await engine.queue("q").jobs {
              guard case .int(let number) = job.payload else { return #expect(Bool(false), "\(job.payload)") }
              #expect((0..<200).contains(number))
            }
          }
        } catch let error as MockEngineError {
          #expect(error.description.contains(path))
        }
      }
    }
  }
}

/// The worker of queues on a store with little room, without an engine.
private actor QueueStoreBench {
  nonisolated let loop: Loop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private var opened: (storage: Storage, timers: LoopTimers, worker: QueueWorker, host: BuiltInHost)?

  private final class Services: BuiltInServices {
    let storage: Storage
    init(_ storage: Storage) { self.storage = storage }
    var now: UInt64 { 0 }
    var wallClock: UInt64 { 0 }
    var wantsEvents: Bool { false }
    func store(at location: Storage.Location) throws(StoreError) -> Store { try storage.store(at: location) }
    func note(_ event: EngineEvent) {}
    func schedule(_ timer: KernelTimer, at moment: UInt64) -> TimerToken { TimerToken(slot: 0, generation: 0) }
    func cancel(_ token: TimerToken) {}
    func continueNextTurn(_ worker: BuiltInID) {}
    func emptyOutboxSoon() {}
    func listen(
      host: String, port: UInt16, _ role: any ListenerRole, for name: String
    ) throws(MockEngineError) -> SocketAddress {
      throw .stopped
    }
  }

  init(_ loop: Loop) { self.loop = loop }

  func open(_ folder: String, pages: Int) throws {
    let timers = LoopTimers(on: loop, source: .system)
    var limits = StoreLimits()
    limits.pages = pages
    let storage = Storage(on: timers, limits: limits) { _ in }
    var settings = QueueSettings()
    settings.adapter.store.setFolder(folder)
    settings.queues = [QueueDefinition(name: "q")]
    let worker = QueueWorker(settings)
    let host = BuiltInHost(
      BuiltInID(index: 0), name: "iii-queue", compatibility: .current, outbox: Outbox(), services: Services(storage))
    try worker.start(host)
    worker.setPaused(true, "q")
    opened = (storage, timers, worker, host)
  }

  var depth: Int { opened?.worker.broker.stats("q").depth ?? -1 }

  /// Why a job was not accepted.
  func enqueue(_ data: String) async -> InvocationFailure? {
    let result: Result<String, InvocationFailure> = await withCheckedContinuation { continuation in
      Array("f".utf8).withView { function in
        Array(data.utf8).withView { data in
          Array("q".utf8).withView { name in
            opened?.worker.enqueue(function, data, queue: name) { continuation.resume(returning: $0) }
          }
        }
      }
    }
    if case .failure(let failure) = result { return failure }
    return nil
  }

  func close() async {
    opened?.worker.stop()
    await opened?.storage.close()
    opened?.timers.close()
    opened = nil
  }
}
