import TestSupport
import Testing

@testable import III

@Suite("Outbox")
struct OutboxTests {
  @Test("a FIFO behaves like an array", arguments: 0..<10 as Range<UInt64>)
  func fifo(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var fifo = FIFO<Int>()
    var model: [Int] = []
    for step in 0..<5_000 {
      switch Int.random(in: 0..<110, using: &random) {
      case 0..<52:
        fifo.append(step)
        model.append(step)
      case 52..<98:
        let first = fifo.popFirst()
        #expect(first == (model.isEmpty ? nil : model.removeFirst()))
      case 98..<104:
        fifo.prepend(step)
        model.insert(step, at: 0)
      case 104..<108:
        let last = fifo.popLast()
        #expect(last == model.popLast())
      case 108:
        fifo.removeAll { $0 % 3 == 0 }
        model.removeAll { $0 % 3 == 0 }
      default:
        let all = fifo.removeAll()
        #expect(all == model)
        model = []
      }
      #expect(fifo.count == model.count)
      #expect(fifo.first == model.first)
    }
  }

  @Test("calls that time out while the socket refuses bytes are never sent, and their memory is released")
  func endedCallsNeverLeave() {
    var harness = MachineHarness.connected()
    harness.room = 0
    for index in 0..<1_000 {
      harness.call("timed out \(index)", timeout: .milliseconds(10), size: 1_000)
      harness.advance(.milliseconds(10))
    }
    #expect(harness.outcomes.count == 1_000)
    #expect(harness.machine.outbox.backlog < 100)
    harness.call("last")
    harness.makeRoom()
    #expect(harness.written == ["ping ", "last"])
  }

  @Test("a call that is cancelled in the turn in which it was made is not sent")
  func cancelledAtOnce() {
    var harness = MachineHarness.connected()
    let call = PendingCall(
      id: .random(), functionID: "f", message: MachineHarness.message("cancelled"), timeout: .seconds(1),
      now: harness.now
    ) { [outcomes = harness.outcomes] in outcomes.note("cancelled", $0) }
    harness.event { machine, now in
      machine.call(call, now: now)
      machine.cancel(call.id)
    }
    harness.call("next")
    #expect(harness.written == ["next"])
    #expect(harness.outcomes["cancelled"] == "CancellationError()")
  }

  @Test("results of any size wait in the queue and all arrive, in their order", arguments: [1_000, 1_000_000])
  func resultsWait(size: Int) {
    var harness = MachineHarness.connected { $0.maxUnsentBytes = 10_000 }
    harness.room = 100
    for index in 0..<10 { harness.reply("\(index)", to: 1, size: size) }
    #expect(harness.phase == .connected)
    for _ in 0..<12 { harness.makeRoom(UInt64(size)) }
    harness.makeRoom()
    #expect(harness.phase == .connected)
    #expect(harness.written.map { $0.prefix(1) } == (0..<10).map { "\($0)" })
  }

  @Test(
    "calls and results are sent in the order in which they came, however the socket refuses bytes",
    arguments: 0..<10 as Range<UInt64>)
  func order(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var harness = MachineHarness.connected()
    var names: [String] = []
    for index in 0..<2_000 {
      let size = random.oneIn(50) ? 300_000 : random.below(200)
      switch random.below(4) {
      case 0: harness.call("\(index)_", size: size)
      case 1: harness.send("\(index)_", size: size)
      case 2: harness.reply("\(index)_", to: 1, size: size)
      default:
        harness.makeRoom(random.oneIn(20) ? nil : UInt64(random.below(2_000)))
        continue
      }
      names.append("\(index)")
    }
    harness.makeRoom()
    #expect(harness.written.filter { $0 != "ping " }.map { String($0.prefix { $0 != "_" }) } == names)
  }

  @Test("a call without a result waits while much waits to be sent, and ends at its time-out or when it is sent")
  func handOver() {
    var harness = MachineHarness.connected { $0.maxUnsentBytes = 10_000 }
    harness.room = 0
    harness.call("a", hasResult: false)
    #expect(harness.outcomes["a"] == "")
    harness.send("full", size: 20_000)
    harness.call("late", timeout: .milliseconds(100), hasResult: false)
    let cancelled = harness.call("cancelled", hasResult: false)
    harness.call("b", hasResult: false)
    #expect(harness.outcomes.count == 1)
    harness.event { machine, _ in machine.cancel(cancelled) }
    harness.advance(.milliseconds(100))
    #expect(harness.outcomes["late"]?.hasPrefix("TIMEOUT: the call could not be handed over within 100ms") == true)
    #expect(harness.outcomes["cancelled"] == "CancellationError()")
    #expect(harness.outcomes["b"] == nil)
    harness.makeRoom()
    #expect(harness.outcomes["b"] == "")
    #expect(harness.written.map { $0.prefix(1) } == ["p", "a", "f", "b"])
    #expect(harness.machine.calls.count == 0)
  }

  @Test("when a connection ends, a waiting call without a result is handed over to the next one")
  func handOverToNextConnection() {
    var harness = MachineHarness.connected { $0.maxUnsentBytes = 1_000 }
    harness.room = 0
    harness.send("first", size: 5_000)
    harness.call("waiting", hasResult: false)
    harness.end()
    #expect(harness.outcomes["waiting"] == "")
    harness.advance(.seconds(1))
    harness.open()
    #expect(harness.written.map { $0.prefix(7) } == ["introdu", "first..", "waiting"])
  }
}
