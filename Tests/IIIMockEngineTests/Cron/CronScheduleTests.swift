import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct CronScheduleTests {
  /// Jobs that run each time a number of seconds divides the clock's, with everything looked at each time.
  struct Model {
    struct Job {
      let period: Int
      var next: Int
      var last = -1
      var isRunning = false
    }

    var jobs: [String: Job] = [:]
    var latest = 0

    static func next(_ period: Int, after second: Int) -> Int { (second / period + 1) * period }

    mutating func note(_ second: Int) {
      if latest - second > 3 * 3600 {
        for id in jobs.keys { jobs[id]?.last = -1 }
        for (id, job) in jobs where !job.isRunning { jobs[id]?.next = Model.next(job.period, after: second) }
        latest = second
      }
      latest = max(latest, second)
    }

    mutating func add(_ id: String, _ period: Int, at second: Int) -> Bool {
      guard jobs[id] == nil else { return false }
      note(second)
      jobs[id] = Job(period: period, next: Model.next(period, after: second))
      return true
    }

    mutating func due(at second: Int) -> [String] {
      note(second)
      var begun: [(Int, String)] = []
      for (id, job) in jobs where !job.isRunning && job.next <= second {
        if second - job.next > 15 {
          jobs[id]?.next = Model.next(job.period, after: max(second, job.last))
        } else {
          begun.append((job.next, id))
          jobs[id]?.isRunning = true
          jobs[id]?.last = job.next
        }
      }
      return begun.map { "\($0.1)@\($0.0)" }.sorted()
    }

    mutating func ended(_ id: String, at second: Int) {
      note(second)
      guard let job = jobs[id] else { return }
      jobs[id]?.isRunning = false
      jobs[id]?.next = Model.next(job.period, after: max(second, job.last))
    }
  }

  enum Step {
    case add(String, period: Int)
    case remove(String)
    case end(Int)
    /// Nanoseconds; the clock may be set back.
    case pass(Int)

    static func random(_ random: inout SeededGenerator) -> Step {
      let id = "j\(random.below(5))"
      switch random.below(12) {
      case 0, 1: return .add(id, period: random.pick([1, 2, 5, 30]))
      case 2: return .remove(id)
      case 3...5: return .end(random.below(8))
      case 6: return .pass(random.pick([20, 3600, 86_400, -1, -60, -3600, -5 * 3600]) * 1_000_000_000)
      default: return .pass(random.below(2_500_000_000))
      }
    }
  }

  static func difference(_ steps: [Step]) -> String? {
    var schedule = CronSchedule<String>()
    var model = Model()
    var running: [CronSchedule<String>.Run] = []
    // Which seconds of which registration have run since the clock was last set back far.
    var seen: Set<String> = []
    var registrations = 0
    var number: [String: Int] = [:]
    var clock = 1_800_000_000_500_000_000
    var latest = clock
    for step in steps {
      let second = clock / 1_000_000_000
      switch step {
      case .add(let id, let period):
        guard let expression = try? CronExpression("*/\(period) * * * * *") else { return "no expression" }
        let isNew = model.add(id, period, at: second)
        if schedule.add(ByteKey(id), expression, id, now: UInt64(clock)) != isNew { return "\(step)" }
        if isNew {
          registrations += 1
          number[id] = registrations
        }
      case .remove(let id):
        let isThere = model.jobs.removeValue(forKey: id) != nil
        if (schedule.remove(ByteKey(id)) != nil) != isThere { return "\(step)" }
        running.removeAll { $0.id == ByteKey(id) }
      case .end(let index):
        guard running.indices.contains(index) else { continue }
        let run = running.remove(at: index)
        schedule.ended(run, now: UInt64(clock))
        model.ended(run.job, at: second)
      case .pass(let nanoseconds):
        clock += nanoseconds
        if latest - clock > 3 * 3600 * 1_000_000_000 + 1_000_000_000 {
          seen = []
          latest = clock
        }
        latest = max(latest, clock)
      }
      let due = schedule.due(now: UInt64(clock))
      running += due
      let got = due.map { "\($0.job)@\($0.scheduled / 1_000_000_000)" }.sorted()
      let wanted = model.due(at: clock / 1_000_000_000)
      if got != wanted { return "\(step): wanted \(wanted), got \(got)" }
      for run in due {
        if run.scheduled > UInt64(clock) { return "\(step): early" }
        if !seen.insert("\(number[run.job] ?? 0)@\(run.scheduled)").inserted { return "\(step): twice" }
      }
    }
    return nil
  }

  @Test("random clocks run what the model runs: nothing early, nothing twice, no burst")
  func agreesWithTheModel() {
    #expect(RandomSequences.firstDifference(length: 60, step: Step.random, difference: Self.difference) == nil)
  }

  static let second = UTCTime.nanosecondsPerSecond

  /// A schedule behind a reference: expectations cannot call what changes a value.
  final class Clocked {
    private var schedule = CronSchedule<Int>()

    var nextMoment: UInt64? { schedule.nextMoment }

    func add(_ id: String, _ expression: CronExpression, _ job: Int, now: UInt64) -> Bool {
      schedule.add(ByteKey(id), expression, job, now: now)
    }

    func remove(_ id: String) { schedule.remove(ByteKey(id)) }
    func due(now: UInt64, limit: Int = .max) -> [CronSchedule<Int>.Run] { schedule.due(now: now, limit: limit) }
    func fire(_ id: String, now: UInt64) -> CronSchedule<Int>.Run? { schedule.fire(ByteKey(id), now: now) }
    func ended(_ run: CronSchedule<Int>.Run, now: UInt64) { schedule.ended(run, now: now) }
  }

  static func schedule(_ text: String, now: UInt64) throws -> Clocked {
    let schedule = Clocked()
    #expect(schedule.add("j", try CronExpression(text), 1, now: now))
    return schedule
  }

  @Test("after a sleep of an hour one run comes, in its own second")
  func afterSleeping() throws {
    let start = 1_800_000_000 * Self.second
    let schedule = try Self.schedule("* * * * * *", now: start)
    let first = try #require(schedule.due(now: start + Self.second).first)
    schedule.ended(first, now: start + Self.second)

    #expect(schedule.due(now: start + 3600 * Self.second + 7).isEmpty)
    #expect(schedule.due(now: start + 3600 * Self.second + 8).isEmpty)
    let runs = schedule.due(now: start + 3601 * Self.second)
    #expect(runs.map(\.scheduled) == [start + 3601 * Self.second])
  }

  @Test("a timer that fires a moment early starts nothing")
  func early() throws {
    let start = 1_800_000_000 * Self.second
    let schedule = try Self.schedule("* * * * * *", now: start)
    #expect(schedule.nextMoment == start + Self.second)
    #expect(schedule.due(now: start + Self.second - 1).isEmpty)
    #expect(schedule.due(now: start + Self.second).count == 1)
  }

  @Test("moments that pass while a run lasts are skipped")
  func longRun() throws {
    let start = 1_800_000_000 * Self.second
    let schedule = try Self.schedule("* * * * * *", now: start)
    let run = try #require(schedule.due(now: start + Self.second).first)
    #expect(schedule.nextMoment == nil)
    #expect(schedule.due(now: start + 2 * Self.second).isEmpty)
    schedule.ended(run, now: start + 3 * Self.second + 500_000_000)
    #expect(schedule.nextMoment == start + 4 * Self.second)
  }

  @Test("a job with a taken id does not take its place")
  func takenID() throws {
    let start = 1_800_000_000 * Self.second
    let schedule = try Self.schedule("* * * * * *", now: start)
    #expect(!schedule.add("j", try CronExpression("0 0 0 1 1 ?"), 2, now: start))
    #expect(schedule.due(now: start + Self.second).map(\.job) == [1])
  }

  @Test("a run of a job that was registered again meanwhile does not end the new job's wait")
  func registeredAgain() throws {
    let start = 1_800_000_000 * Self.second
    let schedule = try Self.schedule("* * * * * *", now: start)
    let run = try #require(schedule.due(now: start + Self.second).first)
    schedule.remove("j")
    #expect(schedule.add("j", try CronExpression("0 0 0 1 1 ?"), 2, now: start + Self.second))
    let next = schedule.nextMoment
    schedule.ended(run, now: start + Self.second)
    #expect(schedule.nextMoment == next && schedule.nextMoment != nil)
  }

  @Test("a job fires on demand once, and not while it runs")
  func onDemand() throws {
    let start = 1_800_000_000 * Self.second
    let schedule = try Self.schedule("0 0 0 1 1 ? 2020", now: start)
    #expect(schedule.nextMoment == nil)
    let run = try #require(schedule.fire("j", now: start + 5))
    #expect(run.scheduled == start)
    #expect(schedule.fire("j", now: start + 6) == nil)
    #expect(schedule.fire("other", now: start + 6) == nil)
    schedule.ended(run, now: start + 7)
    #expect(schedule.fire("j", now: start + 8) != nil)
  }

  @Test("a limit leaves the other due runs for the next turn")
  func limit() throws {
    let start = 1_800_000_000 * Self.second
    let schedule = Clocked()
    let expression = try CronExpression("* * * * * *")
    for job in 0..<5 { #expect(schedule.add("j\(job)", expression, job, now: start)) }
    #expect(schedule.due(now: start + Self.second, limit: 3).map(\.job) == [0, 1, 2])
    #expect(schedule.nextMoment == start + Self.second)
    #expect(schedule.due(now: start + Self.second, limit: 3).map(\.job) == [3, 4])
  }
}
