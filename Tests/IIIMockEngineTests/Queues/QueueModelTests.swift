import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// Random sequences of what happens to a queue, against a model of it.
@Suite struct QueueModelTests {
  private enum Step: CustomStringConvertible {
    case enqueue(group: Int)
    case succeed(Int), fail(Int), disconnect, advance(Int), redriveAll, redrive(Int), discard(Int), pause, resume
    case restart

    var description: String {
      switch self {
      case .enqueue(let group): "enqueue of group \(group)"
      case .succeed(let index): "success of \(index)"
      case .fail(let index): "failure of \(index)"
      case .disconnect: "disconnect"
      case .advance(let span): "\(span) ms"
      case .redriveAll: "redrive"
      case .redrive(let index): "redrive of \(index)"
      case .discard(let index): "discard of \(index)"
      case .pause: "pause"
      case .resume: "resume"
      case .restart: "restart"
      }
    }
  }

  private static func step(_ random: inout SeededGenerator) -> Step {
    switch random.below(24) {
    case 0...6: .enqueue(group: random.below(3))
    case 7...10: .succeed(random.below(8))
    case 11...14: .fail(random.below(8))
    case 15: .disconnect
    case 16...18: .advance(random.pick([1, 50, 100, 200, 1000]))
    case 19: .redriveAll
    case 20: .redrive(random.below(4))
    case 21: .discard(random.below(4))
    case 22: random.below(2) == 0 ? .pause : .resume
    default: .restart
    }
  }

  /// A broker, its model, and the jobs that both have in flight, in order.
  private struct Pair {
    var bench = BrokerBench(isDurable: true)
    var model: QueueModel
    var inFlight: [BrokerBench.Call] = []
    var lastTag = 0
    let isGrouped: Bool

    init(isGrouped: Bool) {
      self.isGrouped = isGrouped
      model = QueueModel(limit: isGrouped ? 2 : 3, isGrouped: isGrouped)
      declare()
    }

    mutating func declare() {
      bench.declare("q") {
        $0.concurrency = isGrouped ? 2 : 3
        $0.backoffMilliseconds = 100
        $0.groupField = isGrouped ? "g" : nil
      }
    }

    mutating func play(_ step: Step) {
      switch step {
      case .enqueue(let group):
        lastTag += 1
        model.enqueue(lastTag, group: group)
        bench.enqueue("q", #"{"g":\#(group),"n":\#(lastTag)}"#)
      case .succeed(let index) where index < inFlight.count:
        model.succeed(index)
        bench.succeed(inFlight.remove(at: index))
      case .fail(let index) where index < inFlight.count:
        model.fail(index, now: Int(bench.now))
        bench.fail(inFlight.remove(at: index))
      case .disconnect:
        while !inFlight.isEmpty {
          model.fail(0, now: Int(bench.now))
          bench.broker.ended(inFlight.removeFirst().token, .failure(.stopped), at: bench.moment)
        }
        bench.settle()
      case .advance(let span): advance(span)
      case .redriveAll:
        while !model.dead.isEmpty { model.redrive(model.dead.count - 1) }
        _ = bench.broker.redrive("q")
        bench.settle()
      case .redrive(let index) where index < model.dead.count:
        let id = bench.broker.jobs[bench.broker.deadLetters("q", offset: index, limit: 1)[0]].id
        model.redrive(index)
        _ = bench.broker.redrive("q", id: id)
        bench.settle()
      case .discard(let index) where index < model.dead.count:
        let id = bench.broker.jobs[bench.broker.deadLetters("q", offset: index, limit: 1)[0]].id
        model.dead.remove(at: index)
        _ = bench.broker.discard("q", id: id)
        bench.settle()
      case .pause, .resume:
        let isPaused = if case .pause = step { true } else { false }
        model.isPaused = isPaused
        bench.broker.setPaused(isPaused, "q")
        bench.settle()
      case .restart:
        model.restart(now: Int(bench.now))
        inFlight = []
        bench.restart()
        declare()
        bench.restoreRows()
      case .succeed, .fail, .redrive, .discard: break
      }
    }

    /// Moment by moment: both start what is due at each.
    private mutating func advance(_ span: Int) {
      bench.advance(by: UInt64(span))
    }

    /// What differs after a step.
    mutating func difference() -> String? {
      let started = bench.take()
      var expected: [Int] = []
      // The model is asked at the moments at which the broker was awake.
      for moment in Set(started.map { Int($0.at) } + [Int(bench.now)]).sorted() { expected += model.start(now: moment) }
      inFlight += started
      let tags = started.map { Pair.tag($0.data) }
      if tags != expected { return "started \(tags), not \(expected)" }
      let stats = bench.stats("q")
      let depth = model.waiting.count + model.retries.count + model.active.count
      if stats.depth != depth { return "depth \(stats.depth), not \(depth)" }
      let dead = bench.dead("q").map { Pair.tag($0) }
      if dead != model.dead.map(\.tag) { return "dead \(dead), not \(model.dead.map(\.tag))" }
      let rows = bench.rows.values.map { Pair.tag(String(decoding: $0.data, as: UTF8.self)) }.sorted()
      let all = (model.waiting + model.retries + model.active + model.delayed + model.dead).map(\.tag).sorted()
      if rows != all { return "rows of \(rows), not of \(all)" }
      return bench.broker.jobs.count == all.count ? nil : "\(bench.broker.jobs.count) jobs, not \(all.count)"
    }

    /// The number at the end of a payload.
    private static func tag(_ data: String) -> Int {
      var (number, place) = (0, 1)
      for byte in data.utf8.dropLast().reversed() {
        guard byte >= 0x30, byte <= 0x39 else { break }
        number += Int(byte - 0x30) * place
        place *= 10
      }
      return number
    }
  }

  private static func difference(_ steps: [Step], isGrouped: Bool) -> String? {
    var pair = Pair(isGrouped: isGrouped)
    for (index, step) in steps.enumerated() {
      pair.play(step)
      if let difference = pair.difference() { return "after step \(index): \(difference)" }
    }
    return nil
  }

  @Test("a queue does what its model does", arguments: [0, 1])
  func standard(part: Int) async throws {
    let found = try await onThread {
      RandomSequences.firstDifference(part: part, of: 2, length: 60, step: Self.step) {
        Self.difference($0, isGrouped: false)
      }
    }
    #expect(found == nil)
  }

  @Test("a FIFO queue with groups does what its model does", arguments: [0, 1])
  func groups(part: Int) async throws {
    let found = try await onThread {
      RandomSequences.firstDifference(part: part, of: 2, length: 60, step: Self.step) {
        Self.difference($0, isGrouped: true)
      }
    }
    #expect(found == nil)
  }
}
