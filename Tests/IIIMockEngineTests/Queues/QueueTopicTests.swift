import III
import Testing

@testable import IIIMockEngine

/// Durable topics: subscriptions, their shares, conditions and retries.
@Suite struct QueueTopicTests {
  @Test("every subscribed function gets each message once, however many subscriptions it has")
  func fanOut() {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t")
    bench.subscribe(2, "g", "t")
    bench.subscribe(3, "g", "t")
    bench.publish("t", "1")
    bench.publish("t", "2")
    let calls = bench.take()
    #expect(calls.filter { $0.functionID == "f" }.map(\.data) == ["1", "2"])
    #expect(calls.filter { $0.functionID == "g" }.map(\.data) == ["1", "2"])
    #expect(bench.stats("t") == .init(depth: 4, consumers: 3, dead: 0))
  }

  @Test("what is published without a subscription is kept under the topic's name and delivered to nobody")
  func stranded() {
    var bench = BrokerBench()
    bench.publish("t", "1")
    #expect(bench.stats("t").depth == 1)
    bench.subscribe(1, "f", "t")
    #expect(bench.take().isEmpty && bench.stats("t").depth == 0)
  }

  @Test("only false keeps a message from the function")
  func conditions() {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t") { $0.conditionFunctionID = "cond" }
    bench.publish("t", "1")
    var checks = bench.takeChecks()
    #expect(checks.map(\.condition) == ["cond"] && bench.take().isEmpty)
    bench.decide(checks[0].token, .fails)
    #expect(bench.take().isEmpty && bench.stats("t") == .init(depth: 0, consumers: 1, dead: 0))
    bench.publish("t", "2")
    checks = bench.takeChecks()
    bench.decide(checks[0].token, .holds)
    let calls = bench.take()
    #expect(calls.map(\.data) == ["2"])
    bench.succeed(calls[0])
    #expect(bench.stats("t").depth == 0)
  }

  @Test("a condition that fails counts as a failed delivery, and the dead letter says so")
  func failingCondition() {
    var bench = BrokerBench(topics: JobPolicy(maxAttempts: 2, backoffMilliseconds: 50))
    bench.subscribe(1, "f", "t") { $0.conditionFunctionID = "cond" }
    bench.publish("t")
    for _ in 0..<2 {
      for check in bench.takeChecks() {
        bench.decide(check.token, .undecided(InvocationFailure(code: "E", message: "x")))
      }
      bench.advance(by: 50)
    }
    #expect(bench.dead("t") == ["1"])
    #expect(
      bench.error("t") == #"Condition function error: ErrorBody { code: "E", message: "x", stacktrace: None }"#)
  }

  @Test("a dead letter has its error in the debug form of the real engine's language")
  func debugForm() {
    #expect(
      RustText.debug("say \"hi\" it's C:\\dir\n\ttab\r nul\0 bell\u{7} ☃ é \u{200B} \u{AD} \u{301}")
        == #""say \"hi\" it's C:\\dir\n\ttab\r nul\0 bell\u{7} ☃ é \u{200b} \u{ad} \u{301}""#)
    let failure = InvocationFailure(code: "E", message: "m", stacktrace: "a\nb")
    #expect(failure.debugText == #"ErrorBody { code: "E", message: "m", stacktrace: Some("a\nb") }"#)
  }

  @Test("a FIFO subscription retries in place: the next message waits until the first one is done")
  func retriesInPlace() {
    for concurrency in [1, 10] {
      var bench = BrokerBench()
      bench.subscribe(1, "f", "t") {
        $0.isFIFO = true
        $0.concurrency = concurrency
      }
      bench.publish("t", "1")
      bench.publish("t", "2")
      var order: [String] = []
      var moments: [UInt64] = []
      for attempt in 1...4 {
        let calls = bench.take()
        #expect(calls.count == 1 && bench.stats("t").depth == (attempt < 4 ? 2 : 1))
        order += calls.map(\.data)
        moments += calls.map(\.at)
        if attempt < 3 { bench.fail(calls[0]) } else { bench.succeed(calls[0]) }
        if attempt < 3 { bench.advance(by: 1000 << UInt64(attempt - 1)) }
      }
      #expect(order == ["1", "1", "1", "2"] && moments == [0, 1000, 3000, 3000])
    }
  }

  @Test("a subscription's maxRetries and backoffDelayMs count outside of strict mode")
  func ownRetries() throws {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t") {
      $0.maxRetries = 1
      $0.backoffMilliseconds = 10
    }
    bench.publish("t")
    #expect(bench.failing(until: 100_000) == [0, 10])
    var strict = BrokerBench(.polled, groups: false)
    strict.subscribe(1, "f", "t") {
      $0.maxRetries = 1
      $0.backoffMilliseconds = 10
    }
    strict.publish("t")
    let moments = strict.failing(until: 100_000)
    #expect(moments == [100, 1100, 3100])
  }

  @Test("polled subscriptions look every 100 ms from their beginning on")
  func polledTicks() {
    var bench = BrokerBench(.polled, groups: false)
    bench.advance(to: 30)
    bench.subscribe(1, "f", "t") { $0.concurrency = 1 }
    bench.advance(to: 50)
    bench.publish("t", "1")
    bench.publish("t", "2")
    bench.advance(to: 129)
    #expect(bench.take().isEmpty)
    bench.advance(to: 150)
    let first = bench.take()
    #expect(first.map(\.at) == [130] && first.map(\.data) == ["1"])
    bench.succeed(first[0])
    #expect(bench.take().isEmpty)
    bench.advance(to: 300)
    #expect(bench.take().map(\.at) == [230])
  }

  @Test("a polled FIFO subscription of concurrency 1 makes up for the moments that passed while it worked")
  func polledCatchesUp() {
    var bench = BrokerBench(.polled, groups: false)
    bench.subscribe(1, "f", "t") {
      $0.isFIFO = true
      $0.concurrency = 1
    }
    bench.advance(to: 50)
    for number in 1...3 { bench.publish("t", "\(number)") }
    bench.advance(to: 350)
    var calls = bench.take()
    #expect(calls.map(\.at) == [100])
    // Two moments have passed: two more messages come at once, the third waits for the next moment.
    bench.succeed(calls[0])
    calls = bench.take()
    #expect(calls.map(\.at) == [350] && calls.map(\.data) == ["2"])
    bench.succeed(calls[0])
    #expect(bench.take().map(\.at) == [350])
  }

  @Test("a subscription of concurrency 0 only collects")
  func collects() {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t") { $0.concurrency = 0 }
    bench.publish("t")
    bench.advance(by: 10_000)
    #expect(bench.take().isEmpty && bench.stats("t").depth == 1)
  }

  @Test("the share of a function that unsubscribes is kept, and goes on when it subscribes again")
  func resubscribe() {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t")
    bench.publish("t", "running")
    let running = bench.take()
    bench.unsubscribe(1)
    bench.publish("t", "missed")
    bench.fail(running[0])
    bench.advance(by: 100_000)
    #expect(bench.take().isEmpty)
    #expect(bench.stats("t") == .init(depth: 1, consumers: 0, dead: 0))
    bench.subscribe(2, "f", "t")
    #expect(bench.takeData() == ["running"])
  }

  @Test("a message that waits for its retry in place waits as any other once the subscription ends")
  func unsubscribeInPlace() {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t") { $0.isFIFO = true }
    bench.publish("t", "1")
    bench.fail(bench.take()[0])
    bench.unsubscribe(1)
    #expect(bench.stats("t::f").depth == 0)
    bench.advance(by: 5000)
    #expect(bench.take().isEmpty)
    bench.subscribe(2, "f", "t")
    #expect(bench.take().map(\.delivery) == [#"{"queue":"t","attempt":2}"#])
  }

  @Test("several subscriptions of one function share its messages, and their capacities add up")
  func sharedLoops() {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t") { $0.concurrency = 1 }
    bench.subscribe(2, "f", "t") { $0.concurrency = 2 }
    for number in 1...5 { bench.publish("t", "\(number)") }
    let calls = bench.take()
    #expect(calls.map(\.data) == ["1", "2", "3"])
    bench.succeed(calls[1])
    #expect(bench.takeData() == ["4"])
  }

  @Test("<topic>::<function> names one function's share, to publish to and to look at")
  func shareNames() {
    var bench = BrokerBench()
    bench.subscribe(1, "f", "t")
    bench.publish("t::f", "1")
    #expect(bench.takeData() == ["1"])
    #expect(bench.stats("t::f") == .init(depth: 1, consumers: 0, dead: 0))
  }

  @Test("queues that nobody uses take no memory")
  func forgotten() {
    var bench = BrokerBench()
    for number in 0..<1000 {
      bench.subscribe(UInt64(number), "f\(number)", "t\(number)")
      bench.publish("t\(number)")
      for call in bench.take() { bench.succeed(call) }
      bench.unsubscribe(UInt64(number))
    }
    #expect(bench.broker.all.count < 10 && bench.broker.topics.count == 0)
  }

  @Test("a subscription's configuration: what has a wrong type counts as absent")
  func configuration() throws {
    func read(_ config: JSONValue, _ adapter: QueueAdapterSettings = .init(), queue: Bool = false)
      -> QueueTriggerSettings?
    {
      QueueTriggerSettings(config, adapter, acceptsQueue: queue)
    }
    for config: JSONValue in [[:], ["topic": ""], ["topic": 5], ["topic": nil], nil, "t", ["queue": "t"]] {
      #expect(read(config) == nil)
    }
    #expect(read(["queue": "t"], queue: true)?.topic == "t")
    let odd = try #require(
      read([
        "topic": "t", "condition_function_id": 5,
        "queue_config": ["type": "odd", "concurrency": -1, "maxRetries": "3", "backoffDelayMs": 1.5],
      ]))
    #expect(odd == QueueTriggerSettings(topic: "t"))
    let full = try #require(
      read([
        "topic": "t", "condition_function_id": "c",
        "queue_config": ["type": "fifo", "concurrency": 2, "maxRetries": 4, "backoffDelayMs": 7],
      ]))
    #expect(full.isFIFO && full.concurrency == 2 && full.conditionFunctionID == "c")
    #expect(full.policy(over: .topics) == JobPolicy(maxAttempts: 5, backoffMilliseconds: 7))
  }
}
