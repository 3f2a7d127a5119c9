import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// Random schedules of calls, jobs, faults, restarts, registrations and time on a manual clock.
@Suite struct ScheduleTests {
  @Test(
    "whatever happens every call ends, after healing everything can be called, and a seed gives the same journal again",
    arguments: 0..<2)
  func schedules(part: Int) async throws {
    for seed in stride(from: part, to: Proofs.count(suite: 1_000, full: 10_000, short: 40), by: 2) {
      do {
        let first = try await Schedule(seed: UInt64(seed)).run()
        // All of them only in `make proofs`.
        guard Proofs.isFull || seed % 20 < 2 else { continue }
        let second = try await Schedule(seed: UInt64(seed)).run()
        guard
          let place = zip(first, second).enumerated().first(where: { $1.0 != $1.1 })?.offset
            ?? (first.count == second.count ? nil : min(first.count, second.count))
        else { continue }
        let before = first[max(0, place - 3)..<place].joined(separator: "\n")
        Issue.record(
          """
          seed \(seed): the journals differ at line \(place) after
          \(before)
          first:  \(place < first.count ? first[place] : "nothing")
          second: \(place < second.count ? second[place] : "nothing")
          """)
      } catch {
        Issue.record("seed \(seed): \(error)")
      }
    }
  }
}

/// One schedule: three workers with two functions each, which call one another while things go wrong.
private final class Schedule {
  private struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  private struct Member {
    var worker: III
    var functions: [Int: FunctionRef] = [:]
  }

  private let seed: UInt64
  private var random: SeededGenerator
  private var members: [Member] = []
  private var calls: [(name: String, task: Task<String, Never>)] = []
  private var number = 0
  private var log: [String] = []

  private static let workers = 3
  private static let functions = 6
  private static let steps = 24

  init(seed: UInt64) {
    self.seed = seed
    random = SeededGenerator(seed: seed)
  }

  /// The journal's entries by virtual time, connection and sequence.
  func run() async throws -> [String] {
    var configuration = MockEngine.Configuration.manual()
    configuration.seed = seed
    return try await withMockEngine(configuration) { engine in
      for index in 0..<Schedule.workers { members.append(try await member(index, engine)) }
      try await engine.settle()
      for _ in 0..<Schedule.steps {
        do {
          try await step(engine)
          try await engine.settle()
        } catch {
          throw Failure(description: "\(error)\nafter: \(log.joined(separator: ", "))")
        }
        try await checkListing(engine)
      }
      try await heal(engine)
      return Schedule.lines(await engine.journal.entries)
    }
  }

  private func member(_ index: Int, _ engine: MockEngine) async throws -> Member {
    var options = InitOptions(workerName: "w\(index)")
    options.log = { _, _ in }
    var member = Member(worker: try await engine.registerWorker(options: options))
    for function in stride(from: index, to: Schedule.functions, by: Schedule.workers) {
      member.functions[function] = try register(function, on: member.worker, engine)
    }
    return member
  }

  private func register(_ function: Int, on worker: III, _ engine: MockEngine) throws -> FunctionRef {
    try worker.registerFunction("f\(function)") { (n: Int) async throws in
      // Every third function takes time.
      if function % 3 == 0 { try await engine.clock.sleep(for: .milliseconds(300)) }
      return n * 2
    }
  }

  // MARK: Steps

  private func step(_ engine: MockEngine) async throws {
    let index = random.below(Schedule.workers)
    let function = random.below(Schedule.functions)
    let worker = members[index].worker
    switch random.below(100) {
    case ..<38: call(function, from: worker, engine, timeout: .seconds(1 + random.below(5)))
    case ..<42:
      note("void f\(function)")
      Task(executorPreference: engine.taskExecutor) { [number] in
        try? await worker.trigger("f\(function)", payload: number, action: .void())
      }
    case ..<50:
      note("enqueue f\(function)")
      Task(executorPreference: engine.taskExecutor) { [number] in
        _ = try? await worker.trigger("f\(function)", payload: number, action: .enqueue(queue: "default"))
      }
    case ..<70:
      let span = Duration.milliseconds(random.below(3000))
      note("advance \(span)")
      try await engine.advance(by: span)
    case ..<84:
      let fault = fault(function, worker: "w\(index)")
      note("\(fault)")
      engine.faults.add(fault, times: 1 + random.below(2), seed: random.next())
    case ..<87:
      note("restart")
      try await engine.restart(keepingState: random.oneIn(2))
    case ..<95: try toggle(function, engine)
    default:
      note("replace w\(index)")
      // A Close that does not get through is waited for by the engine's time.
      let leaving = Task(executorPreference: engine.taskExecutor) { await worker.shutdown() }
      try await engine.advance(by: .seconds(20))
      await leaving.value
      members[index] = try await member(index, engine)
    }
  }

  private func note(_ text: String) {
    number += 1
    log.append(text)
  }

  private func call(_ function: Int, from worker: III, _ engine: MockEngine, timeout: Duration) {
    note("call f\(function)")
    let task = Task(executorPreference: engine.taskExecutor) { [number] in
      do {
        let doubled = try await worker.trigger("f\(function)", payload: number, as: Int.self, timeout: timeout)
        return doubled == number * 2 ? "returned" : "returned \(doubled) for \(number)"
      } catch {
        return "failed: \(error)"
      }
    }
    calls.append(("f\(function) (\(number))", task))
  }

  private func toggle(_ function: Int, _ engine: MockEngine) throws {
    let index = function % Schedule.workers
    if let former = members[index].functions.removeValue(forKey: function) {
      note("unregister f\(function)")
      former.unregister()
    } else {
      note("register f\(function)")
      members[index].functions[function] = try register(function, on: members[index].worker, engine)
    }
  }

  private func fault(_ function: Int, worker: String) -> Fault {
    let id = "f\(function)"
    let results = Fault.Frames.frames(.invocationResult, of: id, direction: .received)
    let deliveries = Fault.Frames.frames(.invokeFunction, of: id, direction: .sent)
    return switch random.below(14) {
    case 0: .dropResult(of: id)
    case 1: .drop(deliveries)
    case 2: .delay(results, by: .milliseconds(random.below(4000)))
    case 3: .duplicate(results)
    case 4: .duplicate(deliveries)
    case 5: .reorder(results)
    case 6: .deny(id)
    case 7: .killWorker(during: id)
    case 8: .close(worker: worker)
    case 9: .reset(worker: worker)
    case 10: .blackhole(for: .seconds(1 + random.below(3)), worker: worker)
    case 11: .slice(worker: worker)
    case 12: .halfOpen(noticedBy: .engine, for: .seconds(2), worker: worker)
    default: .corrupt(results, .notJSON)
    }
  }

  // MARK: What must hold

  /// A worker that has left has no functions in the listing.
  private func checkListing(_ engine: MockEngine) async throws {
    let (workers, owners) = await engine.core.listedOwners
    for (function, owner) in owners where !workers.contains(owner) {
      throw Failure(
        description: "'\(function)' is listed for a worker that has left; after: \(log.joined(separator: ", "))")
    }
  }

  /// Without faults and with time everything works again, and every call has ended.
  private func heal(_ engine: MockEngine) async throws {
    note("heal")
    engine.faults.removeAll()
    try await engine.settle()
    note("settled")
    try await engine.advance(by: .seconds(300))
    note("advanced")
    for (name, task) in calls {
      let outcome = await task.value
      if outcome.hasPrefix("returned ") {
        throw Failure(description: "\(name) \(outcome); after: \(log.joined(separator: ", "))")
      }
    }
    for (index, member) in members.enumerated() {
      guard member.worker.connectionState == .connected else {
        throw Failure(
          description: "w\(index) is \(member.worker.connectionState); after: \(log.joined(separator: ", "))")
      }
      for function in member.functions.keys.sorted() {
        let call = Task(executorPreference: engine.taskExecutor) {
          try await engine.call("f\(function)", 21, timeout: .seconds(10))
        }
        try await engine.advance(by: .seconds(1))
        guard try await call.value == 42 else {
          throw Failure(description: "f\(function) of w\(index) does not answer; after: \(log.joined(separator: ", "))")
        }
      }
    }
  }

  // MARK: The journal

  private static func lines(_ entries: [JournalEntry]) -> [String] {
    // Sorting is stable: entries of one connection at one moment keep their sequence.
    entries.map { ($0.time, $0.connection?.number ?? 0, text($0.event)) }.sorted { ($0.0, $0.1) < ($1.0, $1.1) }
      .map { "\($0) \($1) \($2)" }
  }

  private static func text(_ event: JournalEntry.Event) -> String {
    switch event {
    // The port is the system's choice.
    case .opened(_, let listener): "opened at \(listener)"
    case .frame(let frame): "\(frame.direction) \(frame.text)"
    default: "\(event)"
    }
  }
}

extension EngineCore {
  /// The connected workers, and the functions with the workers that have them.
  fileprivate var listedOwners: (workers: Set<PeerID>, functions: [(id: String, owner: PeerID)]) {
    guard let router = engine?.router else { return ([], []) }
    let functions = router.functions.all.compactMap { entry in
      if case .worker(let owner) = entry.target { (entry.name.text, owner) } else { nil }
    }
    return (Set(router.workers.all.map(\.peer)), functions)
  }
}
