/// What the journal costs where nobody reads it: calls at an engine with a journal, and at one without.
///
/// The engines take turns, so that both meet the same noise; the CPU time of a call is the least of each one's rounds.
enum JournalCost {
  private static let window = 256

  static func run(_ arguments: inout Arguments) {
    let rounds = max(1, arguments.number("--rounds", otherwise: 25))
    let seconds = arguments.number("--seconds", otherwise: 0.2)
    // Other engines, to compare with: of an earlier build, for example.
    let others = arguments.engines()
    arguments.finish()
    let own = CommandLine.arguments[0]
    let loop = RawLoop()
    var relays = [
      Relay(name: "without a journal", process: ChildProcess(own, ["engine", "--no-journal"]), isEngine: true, on: loop),
      Relay(name: "with a journal", process: ChildProcess(own, ["engine"]), isEngine: true, on: loop),
    ]
    relays += others.map { Relay(name: $0.name, process: .engine($0.path), isEngine: true, on: loop) }
    var costs = relays.map { _ in Double.infinity }
    // The first round fills the journal.
    for round in 0...rounds {
      for (index, relay) in relays.enumerated() {
        let cost = relay.pipelined(window: window, seconds: seconds).cpu ?? .nan
        if round > 0 { costs[index] = min(costs[index], cost) }
      }
    }
    var table = Table()
    table.add(["a call and its answer, \(window) at once, CPU of the engine", "µs", "ratio", "goal"])
    for (index, relay) in relays.enumerated() {
      let ratio = costs[index] / costs[0]
      let goal: Goal = index == 1 ? .atMost(1.03) : .none
      table.add([relay.name, costs[index].text(3), ratio.text(3), goal.verdict(ratio)])
    }
    for relay in relays { relay.stop() }
    table.print()
  }
}
