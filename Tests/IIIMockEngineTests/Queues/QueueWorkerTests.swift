import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

/// `iii-queue` of an engine, with workers on real sockets.
@Suite(.timeLimit(.minutes(5))) struct QueueWorkerTests {
  typealias Queue = MockEngine.Configuration.Queue

  /// An engine with one queue, `q`, on a clock that a test moves.
  private func withQueue(
    _ queue: Queue = Queue(), _ body: (MockEngine, III, TimeSource) async throws -> Void
  ) async throws {
    let time = TimeSource.manual()
    var configuration = MockEngine.Configuration()
    configuration.queues["q"] = queue
    let engine = try await MockEngine.start(configuration, time: time)
    let worker = try await engine.registerWorker()
    try await body(engine, worker, time)
    await engine.shutdown()
  }

  @Test("a call that is put into a queue is answered with a receipt, and delivered as it was sent")
  func enqueue() async throws {
    try await withQueue { engine, worker, _ in
      let (deliveries, feed) = AsyncStream.makeStream(of: (JSONValue, InvocationContext?).self)
      try worker.registerFunction("f") { (data: JSONValue) async in
        feed.yield((data, InvocationContext.current))
      }
      let payloads: [JSONValue] = [nil, false, 0, -1.5, "déjà vu", [1, [2]], ["b": 1, "a": ["c": nil]], [:]]
      for payload in payloads {
        let receipt = try await worker.trigger("f", payload: payload, action: .enqueue(queue: "q"))
        #expect(receipt.messageReceiptId.utf8.count == 36)
        let delivery = try #require(await deliveries.first { _ in true })
        #expect(delivery.0 == payload)
        #expect(delivery.1?.delivery == QueueDelivery(queue: "q", attempt: 1))
        #expect(delivery.1?.callerWorkerID == nil)
      }
      try await engine.queue("q").drain()
      #expect(try await engine.queue("q").jobs.isEmpty)
      let plain = try await worker.trigger("f", payload: ["x": 1])
      #expect(plain == .null)
      #expect(await deliveries.first { _ in true }?.1?.delivery == nil)
    }
  }

  @Test("retries come 1, 2 and 4 seconds after the failures, to the millisecond")
  func retrySchedule() async throws {
    try await withQueue(Queue(maxRetries: 4)) { engine, worker, time in
      let (calls, feed) = AsyncStream.makeStream(of: UInt64.self)
      try worker.registerFunction("bad") { (_: JSONValue) async throws in
        feed.yield(time.now)
        throw IIIInvocationError(code: "DECLINED", message: "no funds")
      }
      let start = time.now
      _ = try await worker.trigger("bad", payload: 1, action: .enqueue(queue: "q"))
      var moments: [UInt64] = []
      for wait in [0, 1000, 2000, 4000] {
        // The failure before must have come, or the time would pass without a retry to wait for.
        if wait > 0 { try await engine.until("q") { $0.first?.state == .delayed } }
        await time.advance(by: .milliseconds(wait))
        moments.append((try #require(await calls.first { _ in true }) - start) / 1_000_000)
      }
      #expect(moments == [0, 1000, 3000, 7000])
      let letter = try await engine.queue("q").waitForDeadLetter()
      #expect(letter.attempt == 4 && letter.history.count == 4 && letter.error == "function call failed")
      #expect(letter.history.allSatisfy { $0.errorCode == "DECLINED" && $0.errorMessage == "no funds" })
      #expect(letter.history.last?.worker?.id == worker.workerID)
    }
  }

  @Test("a queue that is not declared is refused, and the log has the nearest name")
  func unknownQueue() async throws {
    let warnings = Warnings()
    var configuration = warnings.configuration
    configuration.queues["payments"] = Queue()
    try await withMockEngine(configuration) { engine in
      let worker = try await engine.registerWorker()
      let error = await #expect(throws: IIIInvocationError.self) {
        _ = try await worker.trigger("f", payload: 1, action: .enqueue(queue: "payment"))
      }
      #expect(error?.code == "enqueue_error" && error?.message == "Queue 'payment' not found")
      let line = await warnings.first(with: "'payment'")
      #expect(line?.contains("did you mean 'payments'?") == true)
      let unknown = await #expect(throws: MockEngineError.self) { try await engine.queue("payment").pause() }
      #expect(unknown?.description.contains("did you mean 'payments'?") == true)
      #expect(try await engine.queue("payment").jobs.isEmpty)
    }
  }

  @Test("a FIFO queue refuses payloads without its group field")
  func groupField() async throws {
    try await withQueue(Queue(messageGroupField: "account")) { engine, worker, _ in
      for (payload, text): (JSONValue, String) in [
        ([:], "requires field 'account' in data, but it was not found"), ([1], "but it was not found"),
        (["account": nil], "field 'account' must not be null"),
      ] {
        let error = await #expect(throws: IIIInvocationError.self) {
          _ = try await worker.trigger("f", payload: payload, action: .enqueue(queue: "q"))
        }
        #expect(error?.message.contains(text) == true)
      }
      let jobs = try await engine.queue("q").jobs
      #expect(jobs.isEmpty)
    }
  }

  @Test("a default queue is there unless the engine is strict")
  func defaultQueue() async throws {
    for compatibility in [Compatibility.current, .v0_13] {
      var configuration = MockEngine.Configuration()
      configuration.compatibility = compatibility
      try await withMockEngine(configuration) { engine in
        let worker = try await engine.registerWorker()
        let receipt = try? await worker.trigger("f", payload: 1, action: .enqueue(queue: "default"))
        #expect((receipt != nil) == (compatibility == .current))
      }
    }
  }

  @Test("configurations that cannot be are refused with a reason")
  func badConfiguration() async throws {
    for (name, queue, text) in [
      ("q", Queue(concurrency: 0), "Queue 'q' has 'concurrency' 0; it must be at least 1"),
      ("", Queue(), "a queue needs a name"),
    ] {
      var configuration = MockEngine.Configuration()
      configuration.queues[name] = queue
      let error = await #expect(throws: MockEngineError.self) { try await MockEngine.start(configuration) }
      #expect(error == .configuration(text))
    }
  }

  // MARK: Controls

  @Test("a paused queue keeps its jobs; a drain runs them in order, one at a time, and says how they ended")
  func drain() async throws {
    try await withQueue { engine, worker, _ in
      try worker.registerFunction("f") { (n: Int) async throws -> Int in
        if n == 2 { throw IIIInvocationError(code: "E", message: "x") }
        return n
      }
      try await engine.waitForFunction("f")
      let queue = engine.queue("q")
      try await queue.pause()
      for number in 1...3 { try await queue.enqueue("f", payload: .int(Int64(number))) }
      let jobs = try await queue.jobs
      #expect(jobs.map(\.payload) == [1, 2, 3] && jobs.allSatisfy { $0.state == .waiting && $0.attempt == 1 })
      #expect(jobs.allSatisfy { $0.functionID == "f" && $0.queue == "q" && $0.history.isEmpty })
      let deliveries = try await queue.drain()
      #expect(deliveries.map(\.payload) == [1, 2, 3] && deliveries.map(\.succeeded) == [true, false, true])
      #expect(deliveries[1].delivery.errorCode == "E" && !deliveries[1].isDeadLetter && deliveries[1].attempt == 1)
      let left = try await queue.jobs
      #expect(left.map(\.state) == [.delayed] && left[0].attempt == 2 && left[0].history.count == 1)
      try await queue.enqueue("f", payload: 4)
      #expect(try await queue.jobs.count == 2)
      #expect(try await queue.clear() == 2)
      try await queue.resume()
      #expect(try await queue.drain().isEmpty)
    }
  }

  @Test("a drain of a function that does not answer ends with an error that names it")
  func drainOfAHungFunction() async throws {
    try await withQueue { engine, worker, _ in
      let (never, feed) = AsyncStream.makeStream(of: Void.self)
      try worker.registerFunction("hang") { (_: JSONValue) async in _ = await never.first { _ in true } }
      try await engine.waitForFunction("hang")
      try await engine.queue("q").pause()
      try await engine.queue("q").enqueue("hang")
      let error = await #expect(throws: MockEngineError.self) {
        try await engine.queue("q").drain(within: .milliseconds(50))
      }
      #expect(error?.description.contains("function 'hang'") == true)
      #expect(try await engine.queue("q").inFlight.count == 1)
      feed.finish()
    }
  }

  @Test("without retries the first failure makes a dead letter; a redrive tries it again")
  func withoutRetries() async throws {
    try await withQueue { engine, worker, _ in
      let isHealthy = Lock(false)
      try worker.registerFunction("f") { (n: Int) async throws in
        guard isHealthy.withLock({ $0 }) else { throw IIIInvocationError(code: "E", message: "x") }
      }
      try await engine.waitForFunction("f")
      let queue = engine.queue("q")
      try await queue.set(retries: .disabled)
      for number in 1...3 { try await queue.enqueue("f", payload: .int(Int64(number))) }
      try await queue.waitForDeadLetter(count: 3)
      let letters = try await queue.deadLetters
      #expect(letters.count == 3 && letters.allSatisfy { $0.attempt == 1 && $0.state == .dead })
      isHealthy.withLock { $0 = true }
      #expect(try await queue.redrive(letters[1].id))
      #expect(try await !queue.redrive(letters[1].id))
      #expect(try await queue.discard(letters[0].id))
      #expect(try await queue.redrive() == 1)
      try await queue.drain()
      #expect(try await queue.deadLetters.isEmpty)
      #expect(try await queue.jobs.isEmpty)
    }
  }

  @Test("with redelivery every job comes twice")
  func redelivery() async throws {
    var configuration = Queue()
    configuration.redelivery = .always
    try await withQueue(configuration) { engine, worker, _ in
      let seen = try worker.feed("f")
      _ = try await worker.trigger("f", payload: 1, action: .enqueue(queue: "q"))
      #expect(await seen.first { _ in true } == 1)
      #expect(await seen.first { _ in true } == 1)
      try await engine.queue("q").drain()
      #expect(try await engine.queue("q").jobs.isEmpty)
    }
  }

  @Test("waiting for a dead letter that does not come ends with what there is instead")
  func noDeadLetter() async throws {
    try await withQueue { engine, _, _ in
      let error = await #expect(throws: MockEngineError.self) {
        try await engine.queue("q").waitForDeadLetter(within: .milliseconds(10))
      }
      #expect(error?.description.contains("0 are dead letters") == true)
    }
  }

  @Test("the same controls are functions on the wire")
  func functions() async throws {
    try await withQueue(Queue(maxRetries: 1)) { engine, worker, _ in
      try worker.registerFunction("f") { (n: Int) async throws in throw IIIInvocationError(code: "E", message: "x") }
      try await engine.waitForFunction("f")
      func ask(_ function: String, _ payload: JSONValue) async throws -> JSONValue {
        try await worker.trigger("mock::queues::\(function)", payload: payload)
      }
      #expect(try await ask("pause", ["queue": "q"]) == ["success": true])
      let receipt = try await ask("enqueue", ["queue": "q", "function_id": "f", "data": 1])
      #expect(receipt["messageReceiptId"] != nil)
      let list = try await ask("list", [:])["queues"]
      let row = list?[0]?["name"] == "q" ? list?[0] : list?[1]
      #expect(row?["waiting"] == 1 && row?["is_paused"] == true && row?["type"] == "standard")
      #expect(try await ask("show", ["queue": "q"])["jobs"]?[0]?["payload"] == 1)
      let drained = try await ask("drain", ["queue": "q"])
      #expect(drained["deliveries"]?[0]?["is_dead_letter"] == true)
      let dead = try await ask("dead", ["queue": "q"])
      #expect(dead["count"] == 1 && dead["dead_letters"]?[0]?["history"]?[0]?["error"]?["code"] == "E")
      #expect(try await ask("redrive", ["queue": "q"]) == ["redriven": 1])
      #expect(try await ask("clear", ["queue": "q"]) == ["removed": 1])
      #expect(try await ask("configure", ["queue": "q", "retries": false]) == ["success": true])
      #expect(try await ask("resume", ["queue": "q"]) == ["success": true])
      #expect(try await ask("discard", ["queue": "q"]) == ["discarded": 0])
      let error = await #expect(throws: IIIInvocationError.self) { _ = try await ask("pause", ["queue": "p"]) }
      #expect(error?.code == "NOT_FOUND" && error?.message.contains("did you mean 'q'?") == true)
    }
  }

  // MARK: Topics

  @Test("what is published comes to every subscribed function, with the subscription's own settings")
  func topics() async throws {
    try await withQueue { engine, worker, time in
      let (first, second) = (try worker.feed("first"), try worker.feed("second"))
      try worker.registerTrigger(QueueTriggerConfig(topic: "paid"), functionID: "first")
      let trigger = try worker.registerTrigger(
        QueueTriggerConfig(
          topic: "paid", options: .init(type: .fifo, concurrency: 1, maxRetries: 2, backoff: .seconds(5))),
        functionID: "second")
      try await engine.waitForTrigger(trigger.id)
      try await worker.publish(topic: "paid", data: ["id": 17])
      try await worker.publish(topic: "paid", data: Paid(id: 18))
      #expect(await first.first { _ in true } == ["id": 17])
      #expect(await first.first { _ in true } == ["id": 18])
      #expect(await second.first { _ in true } == ["id": 17])
      #expect(await second.first { _ in true } == ["id": 18])
      let error = await #expect(throws: IIIInvocationError.self) { try await worker.publish(topic: "", data: 1) }
      #expect(error?.code == "topic_not_set")
    }
  }

  private struct Paid: Encodable {
    let id: Int
  }

  @Test("the names of other versions work outside of strict mode")
  func otherNames() async throws {
    try await withQueue { engine, worker, _ in
      let seen = try worker.feed("f")
      let trigger = try worker.registerTrigger(type: "queue", functionID: "f", config: ["queue": "t"] as JSONValue)
      try await engine.waitForTrigger(trigger.id)
      #expect(try await worker.trigger("enqueue", payload: ["topic": "t", "data": 1]) == .null)
      #expect(await seen.first { _ in true } == 1)
      let receipt = try await worker.trigger(
        "engine::queue::enqueue", payload: ["queue": "q", "function_id": "f", "data": 2] as JSONValue)
      #expect(receipt["messageReceiptId"] != nil)
      #expect(await seen.first { _ in true } == 2)
      #expect(
        try await worker.trigger("queue::define", payload: ["queue": "new", "config": ["max_retries": 1]] as JSONValue)
          == ["queue": "new", "changed": true])
      #expect(
        try await worker.trigger("queue::define", payload: ["queue": "new", "config": ["max_retries": 1]] as JSONValue)
          == ["queue": "new", "changed": false])
      _ = try await worker.trigger("f", payload: 3, action: .enqueue(queue: "new"))
      #expect(await seen.first { _ in true } == 3)
      let error = await #expect(throws: IIIInvocationError.self) {
        try await worker.trigger("queue::define", payload: ["queue": "new", "config": ["concurrency": 0]] as JSONValue)
      }
      #expect(error?.message.contains("it must be at least 1") == true)
    }
  }

  @Test("a worker that provides queues takes the calls, until it leaves")
  func provider() async throws {
    try await withQueue { engine, worker, _ in
      let provider = try await engine.registerWorker()
      let (inputs, feed) = AsyncStream.makeStream(of: JSONValue.self)
      let fails = Lock(false)
      try provider.registerFunction("engine::queue::enqueue") { (input: JSONValue) async throws -> JSONValue in
        feed.yield(input)
        if fails.withLock({ $0 }) { throw IIIInvocationError(code: "c", message: "m") }
        return ["messageReceiptId": "mine"]
      }
      _ = try await provider.trigger("engine::workers::list", payload: [:])
      let receipt = try await worker.trigger("f", payload: ["n": 1], action: .enqueue(queue: "any"))
      let input = try #require(await inputs.first { _ in true })
      #expect(input["queue"] == "any" && input["function_id"] == "f" && input["data"] == ["n": 1])
      #expect(input["messageReceiptId"] == .string(receipt.messageReceiptId) && input["traceparent"] == .null)
      #expect(input["baggage"] == "iii.function.id=f" && input["namespace"] == nil)
      fails.withLock { $0 = true }
      let error = await #expect(throws: IIIInvocationError.self) {
        _ = try await worker.trigger("f", payload: 1, action: .enqueue(queue: "any"))
      }
      #expect(error?.code == "enqueue_error" && error?.message == "c: m")
      await provider.shutdown()
      let seen = try worker.feed("f")
      _ = try await worker.trigger("f", payload: 5, action: .enqueue(queue: "q"))
      #expect(await seen.first { _ in true } == 5)
    }
  }

  // MARK: Odd workers

  @Test("a delivery that takes longer than the queue's time-out has failed, and a late answer changes nothing")
  func timeOut() async throws {
    try await withQueue(Queue(maxRetries: 2, timeout: .seconds(30))) { engine, worker, time in
      let (calls, feed) = AsyncStream.makeStream(of: Void.self)
      let (never, release) = AsyncStream.makeStream(of: Void.self)
      try worker.registerFunction("hang") { (_: JSONValue) async in
        feed.yield()
        _ = await never.first { _ in true }
      }
      _ = try await worker.trigger("hang", payload: 1, action: .enqueue(queue: "q"))
      _ = await calls.first { _ in true }
      await time.advance(by: .seconds(29))
      #expect(try await engine.queue("q").inFlight.count == 1)
      await time.advance(by: .seconds(1))
      #expect(try await engine.queue("q").jobs.map(\.state) == [.delayed])
      await time.advance(by: .seconds(1))
      _ = await calls.first { _ in true }
      await time.advance(by: .seconds(30))
      let letter = try await engine.queue("q").waitForDeadLetter()
      #expect(letter.history.map(\.errorCode) == ["TIMEOUT", "TIMEOUT"])
      release.finish()
    }
  }

  @Test("a worker that is lost with a thousand jobs costs each an attempt, and its successor gets them")
  func lostWorker() async throws {
    try await withQueue(Queue(concurrency: 1000)) { engine, worker, time in
      let peer = try await RawPeer.open(engine.url)
      await peer.send(#"{"type":"registerfunction","id":"f"}"#)
      try await engine.waitForFunction("f")
      try await engine.queue("q").pause()
      for number in 0..<1000 { try await engine.queue("q").enqueue("f", payload: .int(Int64(number))) }
      try await engine.queue("q").resume()
      for _ in 0..<1000 { _ = try await peer.receive { $0.text.contains(#""function_id":"f""#) } }
      #expect(try await engine.queue("q").inFlight.count == 1000)
      await peer.abort()
      try await engine.until("q") { $0.allSatisfy { $0.state == .delayed } }
      let jobs = try await engine.queue("q").jobs
      #expect(jobs.count == 1000 && jobs.allSatisfy { $0.attempt == 2 })
      #expect(jobs.allSatisfy { $0.history.last?.errorCode == "invocation_stopped" })
      let seen = try worker.feed("f")
      try await engine.waitForFunction("f")
      await time.advance(by: .seconds(1))
      var numbers: [JSONValue] = []
      for await number in seen {
        numbers.append(number)
        if numbers.count == 1000 { break }
      }
      #expect(numbers.count == 1000)
      try await engine.queue("q").drain()
      #expect(try await engine.queue("q").jobs.isEmpty)
    }
  }

  @Test("a payload that fills a message of 64 MiB is delivered as it was sent")
  func largePayload() async throws {
    try await withQueue { engine, _, _ in
      var options = InitOptions()
      options.maxMessageBytes = 128 << 20
      // The engine takes messages of 64 MiB, with what is around the payload.
      let size = (64 << 20) - 1024
      let worker = try await engine.registerWorker(options: options)
      let (sizes, feed) = AsyncStream.makeStream(of: Int.self)
      try worker.registerFunction("f") { (text: String) async in _ = feed.yield(text.utf8.count) }
      _ = try await worker.trigger(
        "f", payload: String(repeating: "x", count: size), action: .enqueue(queue: "q"), timeout: .seconds(60))
      #expect(await sizes.first { _ in true } == size)
    }
  }

  @Test("a wall clock that jumps moves no retry")
  func jumpingClock() async throws {
    try await withQueue(Queue(maxRetries: 2)) { engine, worker, time in
      let (calls, feed) = AsyncStream.makeStream(of: Void.self)
      try worker.registerFunction("bad") { (_: JSONValue) async throws in
        feed.yield()
        throw IIIInvocationError(code: "E", message: "x")
      }
      for jump: Int64 in [-3_600, 3_600] {
        _ = try await worker.trigger("bad", payload: 1, action: .enqueue(queue: "q"))
        _ = await calls.first { _ in true }
        try await engine.until("q") { $0.first?.state == .delayed }
        time.set(wallClock: UInt64(Int64(time.wallClock) + jump * 1_000_000_000))
        await time.advance(by: .milliseconds(999))
        #expect(try await engine.queue("q").jobs.map(\.state) == [.delayed])
        await time.advance(by: .milliseconds(1))
        _ = await calls.first { _ in true }
        try await engine.queue("q").waitForDeadLetter()
        try await engine.queue("q").clear()
      }
    }
  }
}

extension MockEngine {
  /// Waits until the jobs of a queue are as wanted, turn by turn of the engine's loop.
  func until(_ queue: String, _ isWanted: ([QueueJob]) -> Bool) async throws {
    try await waitUntil("the jobs of '\(queue)'", within: .seconds(50)) { isWanted(try await self.queue(queue).jobs) }
  }
}
