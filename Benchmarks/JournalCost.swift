/// What the journal costs where nobody reads it: calls at an engine with a journal, and at one without.
///
/// A journal cannot cost less than keeping the bytes does: what that costs a bare relay is measured beside it, and the goal is 3 % on
/// top. All take turns, so that they meet the same noise; of each figure the least of the rounds counts.
enum JournalCost {
  /// Calls at once: one at a time, as a test makes them, up to what keeps the engine busy all the time.
  private static let windows = [1, 16, 256]

  static func run(_ arguments: inout Arguments) {
    let rounds = max(1, arguments.number("--rounds", otherwise: 15))
    let seconds = arguments.number("--seconds", otherwise: 0.2)
    // Other engines, to compare with: of an earlier build, for example.
    let others = arguments.engines()
    arguments.finish()
    let own = CommandLine.arguments[0]
    let loop = RawLoop()
    let processes = [
      ("without a journal", ChildProcess(own, ["engine", "--no-journal"])),
      ("with a journal", ChildProcess(own, ["engine"])),
    ]
    let floors = [
      ("a bare relay", ChildProcess(own, ["floor"])),
      ("a bare relay that keeps the messages", ChildProcess(own, ["floor", "--keep"])),
    ]
    let all = processes + others.map { ($0.name, .engine($0.path)) }
    let relays =
      floors.map { Relay(name: $0.0, process: $0.1, isEngine: false, on: loop) }
      + all.map { Relay(name: $0.0, process: $0.1, isEngine: true, on: loop) }
    var table = Table()
    table.add([
      "a call and its answer", "at once", "CPU of the process, µs", "ratio", "time, µs", "ratio", "goal for CPU",
    ])
    for window in windows {
      let costs = measure(relays, window: window, rounds: rounds, seconds: seconds)
      let (bare, keeping, base) = (costs[0].cpu, costs[1].cpu, costs[2])
      let goals: [Goal] = [.none, .none, .none, .atMost(1.03 + max(0, keeping - bare) / base.cpu)]
      for (index, cost) in costs.enumerated() {
        let ratio = cost.cpu / base.cpu
        let goal = index < goals.count ? goals[index] : .none
        table.add([
          relays[index].name, "\(window)", cost.cpu.text(3), ratio.text(3), cost.time.text(3),
          (cost.time / base.time).text(3), goal.verdict(ratio),
        ])
      }
    }
    for relay in relays { relay.stop() }
    table.print()
  }

  private static func measure(
    _ relays: [Relay], window: Int, rounds: Int, seconds: Double
  ) -> [(cpu: Double, time: Double)] {
    var costs = relays.map { _ in (cpu: Double.infinity, time: Double.infinity) }
    // The first round fills the journal.
    for round in 0...rounds {
      for (index, relay) in relays.enumerated() {
        let figure = relay.pipelined(window: window, seconds: seconds)
        if round == 0 { continue }
        costs[index].cpu = min(costs[index].cpu, figure.cpu ?? .nan)
        costs[index].time = min(costs[index].time, 1e6 / figure.rate)
      }
    }
    return costs
  }
}
