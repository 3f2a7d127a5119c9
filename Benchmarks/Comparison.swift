/// Floor and engines in one run, round by round in turn, so that what else the machine does meets all alike.
struct Comparison {
  private var engines: [(path: String, name: String)] = []
  private let rounds: Int
  private let seconds: Double
  private let calls: Int

  init(_ arguments: inout Arguments) {
    while let engine = arguments.value("--engine") {
      let parts = engine.split(separator: "=", maxSplits: 1)
      let name = parts.count > 1 ? String(parts[1]) : "iii-dev"
      engines.append((String(parts.first ?? ""), name))
    }
    let isQuick = arguments.flag("--quick")
    rounds = max(1, arguments.number("--rounds", otherwise: isQuick ? 3 : 9))
    seconds = arguments.number("--seconds", otherwise: isQuick ? 0.2 : 0.5)
    calls = isQuick ? 3_000 : 10_000
    arguments.finish()
  }

  func run() {
    let loop = RawLoop()
    let floor = ChildProcess(CommandLine.arguments[0], ["floor"])
    var relays = [Relay(name: "floor", process: floor, isEngine: false, on: loop)]
    for engine in engines {
      let process = ChildProcess(engine.path, ["--port", "0", "--quiet"])
      relays.append(Relay(name: engine.name, process: process, isEngine: true, on: loop))
    }
    let figures = Figure.relayed(seconds: seconds, calls: calls)
    var values = figures.map { _ in relays.map { _ in [Double]() } }
    for round in 0...rounds {
      for (row, figure) in figures.enumerated() {
        for (column, relay) in relays.enumerated() {
          let value = figure.measure(relay)
          if round > 0 { values[row][column].append(value) }  // round 0 warms up
        }
      }
    }
    var table = Table(columns: relays.map(\.name))
    for (row, figure) in figures.enumerated() { table.add(figure, values[row].map(median)) }
    table.print()
    for relay in relays { relay.process.stop() }
  }
}
