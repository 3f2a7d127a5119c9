import III
import Testing

@testable import IIIMockEngine

/// Declared queues: when and how often jobs are delivered, and what becomes of them.
@Suite struct QueueBrokerTests {
  // MARK: Time

  @Test("retries come 1, 2, 4 … times the backoff after each failure, until the job is a dead letter")
  func retrySchedule() {
    var bench = BrokerBench()
    bench.declare("q") { $0.maxRetries = 6 }
    bench.advance(to: 50)
    bench.enqueue("q")
    #expect(bench.failing(until: 1_000_000) == [50, 1050, 3050, 7050, 15_050, 31_050])
    #expect(bench.stats("q") == .init(depth: 0, consumers: 10, dead: 1))
  }

  @Test("polled delivery keeps the real engine's grid: every interval after no job was found")
  func polledGrid() {
    var bench = BrokerBench(.polled, groups: false)
    bench.declare("q")
    bench.advance(to: 50)
    bench.enqueue("q")
    #expect(bench.failing(until: 10_000) == [100, 1100, 3100])
    #expect(bench.dead("q") == ["1"])
  }

  @Test("a job that comes after the poll of its moment waits for the next one")
  func polledAfterThePoll() {
    var bench = BrokerBench(.polled, groups: false)
    bench.declare("q")
    bench.advance(to: 50)
    bench.enqueue("q", "0")
    bench.advance(to: 100)
    let first = bench.take()
    #expect(first.map(\.at) == [100])
    bench.enqueue("q", "1")
    #expect(bench.take().isEmpty)
    bench.advance(to: 199)
    #expect(bench.take().isEmpty)
    bench.succeed(first[0])
    #expect(bench.failing(until: 10_000) == [200, 1200, 3200])
  }

  @Test("a polled queue without room goes on as soon as a job ends")
  func polledWithoutRoom() {
    var bench = BrokerBench(.polled, groups: false)
    bench.declare("q") { $0.concurrency = 1 }
    for number in 1...3 { bench.enqueue("q", "\(number)") }
    bench.advance(to: 100)
    var calls = bench.take()
    #expect(calls.map(\.data) == ["1"])
    bench.advance(to: 130)
    for call in calls { bench.succeed(call) }
    calls = bench.take()
    #expect(calls.map(\.data) == ["2"] && calls.map(\.at) == [130])
    bench.advance(to: 135)
    for call in calls { bench.succeed(call) }
    calls = bench.take()
    #expect(calls.map(\.at) == [135])
    // It found no job more then, so the next one waits for the poll.
    bench.enqueue("q", "4")
    bench.advance(to: 140)
    for call in calls { bench.succeed(call) }
    bench.advance(to: 1000)
    let last = bench.take()
    #expect(last.map(\.at) == [235])
  }

  @Test("max_retries counts deliveries; 0 is as 1", arguments: [(0, 1), (1, 1), (2, 2), (4, 4)])
  func maxRetries(setting: UInt32, deliveries: Int) {
    var bench = BrokerBench()
    bench.declare("q") {
      $0.maxRetries = setting
      $0.backoffMilliseconds = 50
    }
    bench.enqueue("q")
    #expect(bench.failing(until: 100_000).count == deliveries)
    #expect(bench.error("q") == "function call failed")
  }

  @Test("a backoff that overflows waits as long as it can")
  func backoffOverflows() {
    let policy = JobPolicy(maxAttempts: .max, backoffMilliseconds: 1 << 62)
    #expect(policy.backoff(after: 1) == 1 << 62 && policy.backoff(after: 2) == 1 << 63)
    #expect(policy.backoff(after: 3) == .max && policy.backoff(after: 4_000_000) == .max)
    #expect(JobPolicy(maxAttempts: 1, backoffMilliseconds: 0).backoff(after: 70) == 0)
    var bench = BrokerBench()
    bench.declare("q") { $0.backoffMilliseconds = .max }
    bench.enqueue("q")
    for call in bench.take() { bench.fail(call) }
    bench.advance(by: 1 << 40)
    #expect(bench.take().isEmpty && bench.stats("q").dead == 0)
  }

  @Test("a job that waits for its retry is not part of the depth, a dead one only of the dead letters")
  func depth() {
    var bench = BrokerBench()
    bench.declare("q") {
      $0.concurrency = 1
      $0.maxRetries = 2
    }
    bench.enqueue("q", "1")
    bench.enqueue("q", "2")
    #expect(bench.stats("q").depth == 2)
    bench.fail(bench.take()[0])
    #expect(bench.stats("q").depth == 1)
    bench.succeed(bench.take()[0])
    #expect(bench.stats("q") == .init(depth: 0, consumers: 1, dead: 0))
    bench.advance(by: 1000)
    bench.fail(bench.take()[0])
    #expect(bench.stats("q") == .init(depth: 0, consumers: 1, dead: 1))
  }

  // MARK: Order

  @Test("retries that are due come before other jobs, in the order of their due times")
  func dueRetriesFirst() {
    var bench = BrokerBench()
    bench.declare("q") { $0.concurrency = 3 }
    for number in 1...3 { bench.enqueue("q", "\(number)") }
    let calls = bench.take()
    for number in 4...6 { bench.enqueue("q", "\(number)") }
    bench.fail(calls[1])
    bench.advance(by: 1)
    bench.fail(calls[0])
    bench.succeed(calls[2])
    let rest = bench.take()
    #expect(rest.map(\.data) == ["4", "5", "6"])
    bench.advance(by: 2000)
    bench.succeed(rest[0])
    bench.succeed(rest[1])
    #expect(bench.takeData() == ["2", "1"])
  }

  @Test("as many jobs run as the concurrency says")
  func concurrency() {
    var bench = BrokerBench()
    bench.declare("q") { $0.concurrency = 5 }
    for number in 1...7 { bench.enqueue("q", "\(number)") }
    let calls = bench.take()
    #expect(calls.count == 5 && bench.stats("q").depth == 7)
    bench.advance(by: 3_600_000)
    #expect(bench.take().isEmpty)
    bench.succeed(calls[2])
    #expect(bench.takeData() == ["6"])
  }

  @Test("a slow queue does not hold up another one")
  func slowQueue() {
    var bench = BrokerBench()
    bench.declare("slow") { $0.concurrency = 1 }
    bench.declare("quick")
    for number in 1...1000 { bench.enqueue("slow", "\(number)") }
    _ = bench.take()
    bench.enqueue("quick", "0")
    #expect(bench.takeData() == ["0"])
  }

  @Test("jobs of one pump are taken in turns from the queues that have some")
  func turns() {
    var bench = BrokerBench()
    bench.declare("a") { $0.concurrency = 1000 }
    bench.declare("b")
    bench.broker.setPaused(true, "a")
    bench.broker.setPaused(true, "b")
    bench.settle()
    for number in 1...500 { bench.enqueue("a", "a\(number)") }
    bench.enqueue("b", "b")
    bench.broker.setPaused(false, "a")
    bench.broker.setPaused(false, "b")
    bench.settle()
    let started = bench.takeData()
    #expect(started.count == 501)
    #expect((started.firstIndex(of: "b") ?? .max) < 100)
  }

  // MARK: FIFO queues

  @Test("groups run in parallel up to the concurrency, one job of a group at a time")
  func groups() {
    var bench = BrokerBench()
    bench.declare("q") {
      $0.concurrency = 2
      $0.groupField = "g"
    }
    for (group, number) in [("a", 1), ("a", 2), ("b", 3), ("c", 4), ("b", 5)] {
      bench.enqueue("q", #"{"g":"\#(group)","n":\#(number)}"#)
    }
    var calls = bench.take()
    #expect(calls.map(\.data) == [#"{"g":"a","n":1}"#, #"{"g":"b","n":3}"#])
    bench.succeed(calls[1])
    calls = [calls[0]] + bench.take()
    #expect(calls.last?.data == #"{"g":"c","n":4}"#)
    bench.succeed(calls[0])
    #expect(bench.takeData() == [#"{"g":"a","n":2}"#])
  }

  @Test("an earlier job of a group that waits for its retry holds up the later ones, and no other group")
  func blockedGroup() {
    var bench = BrokerBench()
    bench.declare("q") {
      $0.concurrency = 2
      $0.groupField = "g"
      $0.maxRetries = 2
    }
    for (group, number) in [(1, 1), (1, 2), (2, 3), (2, 4)] { bench.enqueue("q", #"{"g":\#(group),"n":\#(number)}"#) }
    var calls = bench.take()
    bench.fail(calls[0])
    bench.succeed(calls[1])
    calls = bench.take()
    #expect(calls.map(\.data) == [#"{"g":2,"n":4}"#])
    bench.advance(by: 999)
    #expect(bench.take().isEmpty)
    bench.advance(by: 1)
    calls = bench.take()
    #expect(calls.map(\.data) == [#"{"g":1,"n":1}"#])
    bench.fail(calls[0])
    #expect(bench.dead("q") == [#"{"g":1,"n":1}"#])
    #expect(bench.takeData() == [#"{"g":1,"n":2}"#])
  }

  @Test("groups are told apart by the value of their field, however it is spelled")
  func groupValues() {
    var bench = BrokerBench()
    bench.declare("q") { $0.groupField = "g" }
    for value in [#""a""#, #""\u0061""#, "1", #""1""#, "null", "[1]", "{}"] { bench.enqueue("q", #"{"g":\#(value)}"#) }
    let calls = bench.take()
    #expect(calls.count == 6)
  }

  @Test("without parallel groups a FIFO queue runs one job at a time, and a failed one is overtaken")
  func strictFIFO() {
    var bench = BrokerBench(groups: false)
    bench.declare("q") {
      $0.concurrency = 2
      $0.groupField = "g"
      $0.maxRetries = 2
    }
    for number in 1...4 { bench.enqueue("q", #"{"g":1,"n":\#(number)}"#) }
    var order: [String] = []
    for _ in 0..<4 {
      let calls = bench.take()
      #expect(calls.count == 1)
      order += calls.map(\.data)
      if order.count == 1 { bench.fail(calls[0]) } else { bench.succeed(calls[0]) }
    }
    bench.advance(by: 1000)
    order += bench.takeData()
    #expect(order.map { $0.suffix(2).prefix(1) } == ["1", "2", "3", "4", "1"])
  }

  // MARK: Dead letters

  @Test("a redrive moves all dead letters, oldest first, to the end of the queue, with all their attempts")
  func redriveAll() {
    var bench = BrokerBench()
    bench.declare("q") {
      $0.maxRetries = 1
      $0.concurrency = 1
    }
    for number in 1...3 { bench.enqueue("q", "\(number)") }
    #expect(bench.failing(until: 0).count == 3)
    #expect(bench.dead("q") == ["3", "2", "1"])
    bench.enqueue("q", "4")
    #expect(bench.broker.redrive("q") == 3)
    #expect(bench.broker.redrive("q") == 0)
    bench.settle()
    #expect(bench.stats("q") == .init(depth: 4, consumers: 1, dead: 0))
    var order: [String] = []
    while let call = bench.take().first {
      order.append(call.data)
      bench.succeed(call)
    }
    #expect(order == ["4", "1", "2", "3"])
  }

  @Test("one dead letter is found by its id, wherever it is in the list")
  func redriveOne() {
    var bench = BrokerBench()
    bench.declare("q") { $0.maxRetries = 1 }
    for number in 1...5 { bench.enqueue("q", "\(number)") }
    _ = bench.failing(until: 0)
    let third = bench.broker.jobs[bench.broker.deadLetters("q", offset: 2, limit: 1)[0]]
    #expect(bench.broker.redrive("q", id: third.receipt) == false)
    #expect(bench.broker.redrive("other", id: third.id) == false)
    #expect(bench.broker.redrive("q", id: third.id) == true)
    #expect(bench.broker.redrive("q", id: third.id) == false)
    bench.settle()
    #expect(bench.takeData() == ["3"])
    #expect(bench.dead("q") == ["5", "4", "2", "1"])
    let first = bench.broker.jobs[bench.broker.deadLetters("q", offset: 3, limit: 1)[0]]
    #expect(bench.broker.discard("q", id: first.id) == true)
    #expect(bench.broker.discard("q", id: first.id) == false)
    #expect(bench.dead("q") == ["5", "4", "2"])
  }

  @Test("dead letters come in pages, the newest first")
  func pages() {
    var bench = BrokerBench()
    bench.declare("q") { $0.maxRetries = 1 }
    for number in 1...5 { bench.enqueue("q", "\(number)") }
    _ = bench.failing(until: 0)
    func page(_ offset: Int, _ limit: Int) -> [String] {
      bench.broker.deadLetters("q", offset: offset, limit: limit).map {
        String(decoding: bench.broker.jobs[$0].data, as: UTF8.self)
      }
    }
    #expect(page(0, 2) == ["5", "4"] && page(3, 50) == ["2", "1"] && page(5, 1) == [] && page(0, 0) == [])
  }

  @Test("a dead letter's size is that of the real engine's record")
  func deadLetterSize() {
    var bench = BrokerBench()
    bench.declare("dead") { $0.maxRetries = 1 }
    bench.enqueue("dead", #"{ "n" : 1 }"#)
    _ = bench.failing(until: 0)
    #expect(bench.broker.deadLetters("dead", offset: 0, limit: 1).map { bench.broker.size(ofDeadLetter: $0) } == [376])
  }

  // MARK: Odd ends

  @Test("an outcome that comes twice, or for a job that is gone, changes nothing")
  func lateOutcomes() {
    var bench = BrokerBench()
    bench.declare("q") { $0.concurrency = 1 }
    bench.enqueue("q", "1")
    let call = bench.take()[0]
    bench.succeed(call)
    bench.enqueue("q", "2")
    bench.fail(call)
    bench.succeed(call)
    #expect(bench.stats("q").depth == 1 && bench.takeData() == ["2"])
    bench.broker.ended(.max, .success, at: bench.moment)
    #expect(bench.stats("q").depth == 1)
  }

  @Test("what is published to the key of a declared queue names no function, and ends as a dead letter")
  func noFunction() {
    var bench = BrokerBench(topics: JobPolicy(maxAttempts: 3, backoffMilliseconds: 50))
    bench.declare("q")
    bench.publish("__fn_queue::q", "2")
    bench.advance(by: 1000)
    #expect(bench.take().isEmpty && bench.dead("q") == ["2"] && bench.error("q") == "function call failed")
    let job = bench.broker.jobs[bench.broker.deadLetters("q", offset: 0, limit: 1)[0]]
    #expect(job.attempts == 3)
  }

  @Test("each delivery says which queue it comes from and which attempt it is")
  func deliveryMember() {
    var bench = BrokerBench()
    bench.declare(#"a"b"#)
    bench.enqueue(#"a"b"#)
    let first = bench.take()
    #expect(first.map(\.delivery) == [#"{"queue":"a\"b","attempt":1}"#])
    bench.fail(first[0])
    bench.advance(by: 1000)
    #expect(bench.take().map(\.delivery) == [#"{"queue":"a\"b","attempt":2}"#])
  }

  @Test("memory follows the number of jobs")
  func memory() {
    var table = JobTable()
    var slots: [UInt32] = []
    for number in 0..<10_000 {
      var job = Job()
      job.state = .waiting
      job.number = UInt64(number)
      slots.append(table.insert(job))
    }
    #expect(Set(slots).count == 10_000 && table.count == 10_000)
    #expect(slots.enumerated().allSatisfy { table[$0.element].number == UInt64($0.offset) })
    for slot in slots { table.remove(slot) }
    #expect(table.count == 0 && table.capacity <= 256)
    var job = Job()
    job.state = .waiting
    let again = (0..<1000).map { _ in table.insert(job) }
    #expect(Set(again).count == 1000)
    table.remove(again[500])
    #expect(table.count == 999)
  }
}
