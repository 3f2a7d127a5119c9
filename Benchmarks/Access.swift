/// What access control costs: calls on a listener without rules, calls on one with fifty filters, and the authentication
/// of 1,000 workers that come at once.
///
/// Costs are CPU time of the engine's process. The engines take turns, and the least of each one's rounds counts.
enum Access {
  private static let filters = 50
  private static let callsARound = 40_000
  private static let window = 200

  static func run(_ arguments: inout Arguments) {
    let rounds = arguments.number("--rounds", otherwise: 15)
    let workers = arguments.number("--workers", otherwise: 1000)
    // The same program of an earlier build, to compare calls without rules with.
    let earlier = arguments.value("--before")
    arguments.finish()
    let own = CommandLine.arguments[0]
    var engines = [
      AccessRun(named: "without rules", ChildProcess(own, ["engine"])),
      AccessRun(named: "with \(filters) filters", ChildProcess(own, ["engine", "--filters", "\(filters)"])),
    ]
    if let earlier { engines.append(AccessRun(named: "without rules, before", ChildProcess(earlier, ["engine"]))) }
    for _ in 0..<rounds { for engine in engines { engine.measure(calls: callsARound, window: window) } }
    let base = engines[0].least
    var table = Table()
    table.add(["a call and its answer, CPU of the engine", "µs", "ratio", "goal"])
    for (index, engine) in engines.enumerated() {
      // An earlier engine is what this one is held against.
      let ratio = index == 2 ? base / engine.least : engine.least / base
      let goal: Goal = index == 0 ? .none : .atMost(index == 1 ? 1.3 : 1.03)
      table.add([engine.name, (engine.least / 1000).text(2), ratio.text(2), goal.verdict(ratio)])
    }
    for engine in engines { engine.stop() }
    table.print()

    var second = Table()
    second.add(["\(workers.grouped) workers at once, a worker", "CPU", "wall"])
    for (name, options) in [("accepted", ["engine"]), ("authenticated", ["engine", "--auth"])] {
      let process = ChildProcess(own, options)
      let (cpu, wall) = connect(workers, to: process)
      second.add([name, (cpu / 1000).text(1) + " µs", (wall / 1000).text(1) + " µs"])
      process.stop()
    }
    second.print()
  }

  /// Nanoseconds for each worker.
  private static func connect(_ count: Int, to process: ChildProcess) -> (cpu: Double, wall: Double) {
    let loop = RawLoop()
    let counts = ScaleWorker.Counts()
    let before = cpuNanoseconds(of: process.pid) ?? 0
    let start = nanoseconds()
    var workers: [ScaleWorker] = []
    for _ in 0..<count {
      let worker = ScaleWorker(loop: loop, counts: counts)
      workers.append(worker)
      loop.connect(worker, port: process.port)
    }
    loop.run(awaiting: "workers to be accepted") { counts.welcomes == count }
    let wall = nanoseconds() - start
    let cpu = (cpuNanoseconds(of: process.pid) ?? 0) - before
    for worker in workers { worker.close() }
    return (Double(cpu) / Double(count), Double(wall) / Double(count))
  }
}

/// A caller and a callee at one engine.
private final class AccessRun {
  let name: String
  private(set) var least = Double.infinity
  private let process: ChildProcess
  private let loop = RawLoop()
  private let counts = ScaleWorker.Counts()
  private let caller: ScaleWorker
  private let callee: ScaleWorker
  private var calls = 0

  init(named name: String, _ process: ChildProcess) {
    self.name = name
    self.process = process
    callee = ScaleWorker(loop: loop, counts: counts, answersCalls: true)
    caller = ScaleWorker(loop: loop, counts: counts)
    for worker in [callee, caller] { loop.connect(worker, port: process.port) }
    loop.run(awaiting: "workers to be accepted") { [counts] in counts.welcomes == 2 }
    callee.send(#"{"type":"registerfunction","id":"bench::access::f"}"#)
    callee.send(#"{"type":"ping"}"#)
    loop.flushDirty()
    loop.run(awaiting: "a pong") { [counts] in counts.pongs == 1 }
  }

  func measure(calls count: Int, window: Int) {
    let before = cpuNanoseconds(of: process.pid) ?? 0
    for _ in 0..<count / window {
      let expected = counts.results + window
      for _ in 0..<window {
        calls += 1
        caller.call("bench::access::f", id: calls)
      }
      loop.flushDirty()
      loop.run(awaiting: "answers") { [counts] in counts.results == expected }
    }
    least = min(least, Double((cpuNanoseconds(of: process.pid) ?? 0) - before) / Double(count))
  }

  func stop() {
    caller.close()
    callee.close()
    process.stop()
  }
}
