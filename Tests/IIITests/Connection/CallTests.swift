import TestSupport
import Testing

@testable import III

@Suite("Connection machine: calls")
struct CallTests {
  @Test("a result ends its call; a second result and one of an unknown call are ignored")
  func result() {
    var harness = MachineHarness.connected()
    let id = harness.call("a")
    #expect(harness.written == ["a"])
    harness.receive(MachineHarness.result(id, #","result":{"x":[1, 2]}"#))
    #expect(harness.outcomes["a"] == #"{"x":[1, 2]}"#)
    harness.receive(MachineHarness.result(id, #","result":2"#))
    harness.receive(MachineHarness.result(.random(), #","result":2"#))
    #expect(harness.outcomes.endedTwice == [])
    #expect(harness.machine.calls.isEmpty)
    // Only the keep-alive timers are left.
    #expect(harness.machine.timers.count == 2)
  }

  @Test("a result frame without `result` is null")
  func noResult() {
    var harness = MachineHarness.connected()
    let id = harness.call("a")
    harness.receive(MachineHarness.result(id, #","error":null"#))
    #expect(harness.outcomes["a"] == "null")
  }

  @Test(
    "errors",
    arguments: [
      (#"{"code":"FORBIDDEN","message":"no","stacktrace":"st"}"#, "FORBIDDEN: no"),
      (#"{"code":5,"message":null}"#, "UNKNOWN: <no message>"),
      (#""str""#, "UNKNOWN: str"), (#"{}"#, "UNKNOWN: <no message>"), (#"[1,2]"#, "UNKNOWN: [1,2]"),
      (#"7"#, "UNKNOWN: 7"), (#"{"code":"X","message":"m","stacktrace":7}"#, "X: m"),
    ])
  func errors(json: String, text: String) {
    var harness = MachineHarness.connected()
    let id = harness.call("a")
    harness.receive(MachineHarness.result(id, ",\"error\":\(json)"))
    #expect(harness.outcomes["a"] == text)
  }

  @Test("a call without an answer times out by the worker's clock; the late result is ignored")
  func timeout() {
    var harness = MachineHarness.connected()
    let id = harness.call("a", timeout: .milliseconds(300))
    harness.advance(.milliseconds(299))
    #expect(harness.outcomes["a"] == nil)
    harness.advance(.milliseconds(1))
    #expect(harness.outcomes["a"] == "TIMEOUT: invocation timed out after 300ms")
    harness.receive(MachineHarness.result(id, #","result":1"#))
    #expect(harness.outcomes.endedTwice == [])
  }

  @Test("a call whose time-out is zero or negative is not sent", arguments: [Duration.zero, .seconds(-1)])
  func noTime(timeout: Duration) {
    var harness = MachineHarness.connected()
    harness.call("a", timeout: timeout)
    #expect(harness.outcomes["a"] == "TIMEOUT: invocation timed out after 1ms")
    #expect(harness.written == [])
  }

  @Test("a call that times out while it waits for a connection is never sent")
  func timeoutWhileQueued() {
    var harness = MachineHarness()
    harness.start()
    harness.call("gone", timeout: .milliseconds(50))
    harness.call("kept")
    harness.advance(.milliseconds(50))
    #expect(harness.outcomes["gone"] == "TIMEOUT: invocation timed out after 50ms")
    harness.open()
    #expect(harness.written == ["introduction", "kept"])
    #expect(harness.machine.outbox.count == 0)
  }

  @Test("a call whose caller has stopped waiting is removed, whether it is queued or sent")
  func cancel() {
    var harness = MachineHarness()
    harness.start()
    let queued = harness.call("queued")
    harness.event { machine, _ in machine.cancel(queued) }
    #expect(harness.outcomes["queued"] == "CancellationError()")
    harness.open()
    #expect(harness.written == ["introduction"])
    let sent = harness.call("sent")
    harness.event { machine, _ in machine.cancel(sent) }
    harness.event { machine, _ in machine.cancel(sent) }
    harness.receive(MachineHarness.result(sent, #","result":1"#))
    #expect(harness.outcomes["sent"] == "CancellationError()")
    #expect(harness.outcomes.endedTwice == [])
  }

  @Test("the queue keeps the newest 1,000 calls; dropped calls fail")
  func overflow() {
    var harness = MachineHarness()
    harness.start()
    harness.call("first")
    for index in 0..<1_004 { harness.send("\(index)") }
    #expect(harness.outcomes["first"]?.hasPrefix("QUEUE_OVERFLOW: ") == true)
    #expect(harness.logs == ["WARN Message queue full, dropping oldest message"])
    harness.open()
    #expect(harness.written == ["introduction"] + (4..<1_004).map(String.init))
  }

  @Test("cancelled calls make room in the queue")
  func forgottenMakeRoom() {
    var harness = MachineHarness { $0.maxQueuedMessages = 100 }
    harness.start()
    for round in 0..<20 {
      let ids = (0..<100).map { harness.call("\(round).\($0)") }
      for id in ids { harness.event { machine, _ in machine.cancel(id) } }
      #expect(harness.machine.outbox.count == 0)
    }
    harness.call("last")
    #expect(harness.outcomes["last"] == nil)
    harness.open()
    #expect(harness.written == ["introduction", "last"])
  }

  @Test("with a queue limit of zero, a call without a connection fails at once")
  func noQueue() {
    var harness = MachineHarness { $0.maxQueuedMessages = 0 }
    harness.start()
    harness.call("a")
    #expect(harness.outcomes["a"]?.hasPrefix("QUEUE_OVERFLOW: ") == true)
    harness.open()
    #expect(harness.written == ["introduction"])
  }

  @Test("a call that the engine may have received is lost with the connection")
  func lost() {
    var harness = MachineHarness.connected()
    harness.call("a")
    harness.end("ECONNRESET")
    #expect(harness.outcomes["a"]?.hasPrefix("CONNECTION_LOST: ") == true)
    #expect(harness.outcomes["a"]?.hasSuffix("ECONNRESET") == true)
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written == ["a", "introduction"])
  }

  @Test(
    "calls that end together end in the order in which they were made",
    arguments: ["lost", "failed", "shut down", "abandoned"])
  func endingOrder(_ end: String) {
    var harness = MachineHarness.connected { $0.reconnection.maxRetries = end == "failed" ? 0 : nil }
    let names = (0..<200).map { "\($0)" }
    for name in names { harness.call(name) }
    switch end {
    case "shut down": harness.event { $0.shutDown(now: $1) }
    case "abandoned": harness.event { machine, _ in machine.abandon() }
    default: harness.end()
    }
    #expect(harness.outcomes.inOrder == names)
  }

  @Test("calls of which the socket has accepted nothing are sent on the next connection, in their order")
  func unsent() {
    var harness = MachineHarness.connected()
    // "sent", and the first byte of "begun".
    harness.room = UInt64(MachineHarness.frame("sent").count) + 1
    harness.call("sent")
    harness.call("begun")
    harness.send("void")
    harness.call("whole")
    harness.call("gone", timeout: .milliseconds(10))
    harness.advance(.milliseconds(10))
    harness.end("ECONNRESET")
    #expect(harness.outcomes["sent"]?.hasPrefix("CONNECTION_LOST") == true)
    #expect(harness.outcomes["begun"]?.hasPrefix("CONNECTION_LOST") == true)
    #expect(harness.outcomes["whole"] == nil)
    harness.call("later")
    harness.written = []
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written == ["introduction", "void", "whole", "later"])
    #expect(harness.outcomes["whole"] == nil)
  }

  @Test("a Close of the engine is answered with a Close, and unsent calls are not sent on that connection")
  func unsentAtClose() {
    var harness = MachineHarness.connected()
    harness.room = 0
    harness.call("whole")
    harness.close(1011)
    #expect(harness.written == ["close 1011"])
    #expect(harness.flushedDrops == 1)
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written == ["close 1011", "introduction", "whole"])
  }

  @Test("a result for a call that waits for a connection is ignored")
  func staleResult() {
    var harness = MachineHarness.connected()
    harness.room = 0
    let id = harness.call("a")
    harness.end()
    harness.receive(MachineHarness.result(id, #","result":1"#))
    #expect(harness.outcomes["a"] == nil)
    harness.advance(.seconds(1))
    harness.open()
    harness.receive(MachineHarness.result(id, #","result":2"#))
    #expect(harness.outcomes["a"] == "2")
  }

  @Test("the queue is also limited when calls return to it from a connection")
  func unsentOverflow() {
    var harness = MachineHarness.connected { $0.maxQueuedMessages = 2 }
    harness.room = 0
    for name in ["a", "b", "c"] { harness.call(name) }
    harness.end()
    #expect(harness.outcomes["a"]?.hasPrefix("QUEUE_OVERFLOW") == true)
    #expect(harness.outcomes.count == 1)
  }

  @Test("without a connection the queued bytes are limited: the oldest call is dropped")
  func byteOverflow() {
    var harness = MachineHarness { $0.maxQueuedBytes = 10_000 }
    harness.start()
    for name in ["a", "b", "c", "d"] { harness.call(name, size: 3_000) }
    #expect(harness.outcomes["a"]?.hasPrefix("QUEUE_OVERFLOW") == true)
    #expect(harness.outcomes.count == 1)
    harness.call("large", size: 20_000)
    #expect(harness.outcomes["d"]?.hasPrefix("QUEUE_OVERFLOW") == true)
    #expect(harness.outcomes["large"] == nil)
    #expect(harness.machine.outbox.waitingBytes < 21_000)
  }

  @Test("when all retries are used up, waiting calls fail, and later calls fail at once")
  func failed() {
    var harness = MachineHarness { $0.reconnection.maxRetries = 0 }
    harness.start()
    harness.call("waiting")
    harness.event { $0.dialFailed("ECONNREFUSED", now: $1) }
    harness.call("late")
    harness.call("void", hasResult: false)
    for name in ["waiting", "late", "void"] {
      #expect(harness.outcomes[name]?.hasPrefix("CONNECTION_FAILED") == true)
      #expect(harness.outcomes[name]?.contains("ECONNREFUSED") == true)
    }
    #expect(harness.failures.first?.contains("ECONNREFUSED") == true)
    #expect(harness.machine.timers.isEmpty)
  }

  @Test(
    "each call ends exactly once, after any sequence of events", arguments: 0..<30 as Range<UInt64>)
  func everyCallEndsOnce(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var harness = MachineHarness { $0.maxQueuedMessages = 20 }
    harness.start()
    var ids: [UUID128] = []
    var calls = 0
    for _ in 0..<3_000 {
      switch Int.random(in: 0..<20, using: &random) {
      case 0..<8:
        ids.append(harness.call("\(calls)", timeout: .milliseconds(Int.random(in: 0..<5_000, using: &random))))
        calls += 1
      case 8..<12:
        if let id = ids.randomElement(using: &random) {
          harness.receive(MachineHarness.result(id, Bool.random(using: &random) ? #","result":1"# : #","error":"x""#))
        }
      case 12: if let id = ids.randomElement(using: &random) { harness.event { machine, _ in machine.cancel(id) } }
      case 13: harness.send("void")
      case 14: harness.end()
      case 15: harness.close(1001)
      case 16: harness.open()
      case 17: harness.room = harness.room == nil ? 0 : nil
      case 18: harness.makeRoom(UInt64.random(in: 0...300, using: &random))
      default: harness.advance(.milliseconds(Int.random(in: 0..<2_000, using: &random)))
      }
      if harness.phase != .connected { #expect(harness.machine.outbox.count <= 20) }
      #expect(harness.outcomes.count + harness.machine.calls.count == calls)
    }
    harness.event { $0.shutDown(now: $1) }
    harness.advance(.seconds(5))
    #expect(harness.hasShutDown)
    #expect(harness.machine.outbox.backlog == 0)
    #expect(harness.outcomes.count == calls)
    #expect(harness.outcomes.endedTwice == [])
    #expect(harness.machine.timers.isEmpty)
  }
}
