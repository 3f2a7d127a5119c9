/// Floor and engines in one run, round by round in turn, so that what else the machine does meets all alike.
struct Comparison {
  private var engines: [(path: String, name: String)] = []
  private let rounds: Int
  private let seconds: Double
  private let calls: Int
  private let isQuick: Bool

  init(_ arguments: inout Arguments) {
    engines = arguments.engines()
    isQuick = arguments.flag("--quick")
    rounds = max(1, arguments.number("--rounds", otherwise: isQuick ? 3 : 9))
    seconds = arguments.number("--seconds", otherwise: isQuick ? 0.2 : 0.5)
    calls = isQuick ? 3_000 : 10_000
    arguments.finish()
  }

  func run() async {
    let loop = RawLoop()
    compareRelays(on: loop)
    compareChannels(on: loop)
    do {
      for engine in engines { try await compareSDK(engine.path, engine.name, on: loop) }
      for engine in engines { try await compareSDKChannels(engine.path, engine.name, on: loop) }
      for engine in engines { try await compareTelemetry(engine.path, engine.name) }
      for engine in engines { measureAlone(EngineFigures(path: engine.path, name: engine.name, loop: loop)) }
      try await measureInProcess(on: loop)
    } catch {
      fail("\(error)")
    }
  }

  private func compareRelays(on loop: RawLoop) {
    let relays = subjects { Relay(name: $0, process: $1, isEngine: $2, on: loop) }
    defer { for relay in relays { relay.stop() } }
    compare("raw peers", Figure.relayed(seconds: seconds, calls: calls), of: relays)
  }

  private func compareChannels(on loop: RawLoop) {
    let pairs = subjects { ChannelPair(name: $0, process: $1, isEngine: $2, on: loop) }
    defer { for pair in pairs { pair.stop() } }
    announce()
    compare("raw ends", Figure.channels(seconds: seconds), of: pairs)
  }

  /// The floor and every engine, each in a process of its own.
  private func subjects<Subject>(_ make: (_ name: String, ChildProcess, _ isEngine: Bool) -> Subject) -> [Subject] {
    [make("floor", ChildProcess(CommandLine.arguments[0], ["floor"]), false)]
      + engines.map { make($0.name, .engine($0.path), true) }
  }

  private func compare<Subject>(_ title: String, _ figures: [Figure<Subject>], of subjects: [Subject]) {
    var values = figures.map { _ in subjects.map { _ in [Double]() } }
    for round in 0...rounds {
      for (row, figure) in figures.enumerated() {
        for (column, subject) in subjects.enumerated() {
          let value = figure.measure(subject)
          if round > 0 { values[row][column].append(value) }  // round 0 warms up
        }
      }
    }
    var table = Table()
    table.add([title, "floor"] + engines.flatMap { [$0.name, "ratio", "goal"] })
    for (row, figure) in figures.enumerated() { table.add(figure.cells(values[row].map(median))) }
    table.print()
  }

  private func measureAlone(_ engine: EngineFigures) {
    var table = Table()
    table.add(["\(engine.name) alone", "", "goal"])
    let start = engine.start(times: isQuick ? 10 : 50)
    table.add(["process start to first accepted worker, p50", start.text(2) + " ms", Goal.atMost(10).verdict(start)])
    let memory = engine.memoryPerWorker(count: 2_000)
    table.add(["memory of an idle worker, of 2,000", memory.text(1) + " KiB", Goal.atMost(2.5).verdict(memory)])
    table.add(["size of the program", (Double(fileSize(engine.path)) / 1e6).text(1) + " MB", ""])
    announce()
    table.print()
  }

  /// The SDK on both ends of an engine, beside raw peers at the floor.
  private func compareSDK(_ path: String, _ name: String, on loop: RawLoop) async throws {
    let floor = Relay(
      name: "floor", process: ChildProcess(CommandLine.arguments[0], ["floor"]), isEngine: false, on: loop)
    let engine = ChildProcess.engine(path)
    let pair = try await SDKPair.connect(to: "ws://127.0.0.1:\(engine.port)")
    var trips: (floor: [Double], sdk: [Double]) = ([], [])
    var rates: (floor: [Double], sdk: [Double]) = ([], [])
    for round in 0...rounds {
      let trip = (floor.roundTrip(count: calls), try await pair.roundTrip(count: calls))
      let rate = (
        floor.pipelined(window: 64, seconds: seconds).rate, try await pair.rate(callers: 64, seconds: seconds)
      )
      if round == 0 { continue }
      trips.floor.append(trip.0)
      trips.sdk.append(trip.1)
      rates.floor.append(rate.0)
      rates.sdk.append(rate.1)
    }
    await pair.shutdown()
    floor.stop()
    engine.stop()
    var table = Table()
    table.add(["SDK on both ends", "floor, raw", name, "ratio", "goal"])
    let trip = Figure<Relay>(name: "round trip p50, 1 caller", unit: "µs", digits: 1, goal: .atMost(1.6)) { _ in .nan }
    table.add(trip.cells([median(trips.floor), median(trips.sdk)]))
    let rate = Figure<Relay>(name: "rate, 64 callers", unit: "/s", digits: 0, goal: .none) { _ in .nan }
    // Three times what the Rust SDK reached where it was measured: a figure of another machine, so no verdict.
    table.add(rate.cells([median(rates.floor), median(rates.sdk)]).dropLast() + ["132,000 /s aimed at"])
    announce()
    table.print()
  }

  /// A writer and a reader of the SDK beside raw ends of the same engine.
  private func compareSDKChannels(_ path: String, _ name: String, on loop: RawLoop) async throws {
    let raw = ChannelPair(name: name, process: .engine(path), isEngine: true, on: loop)
    let pair = try await SDKChannelPair.connect(to: "ws://127.0.0.1:\(raw.process.port)")
    var rates: (raw: [Double], sdk: [Double]) = ([], [])
    for round in 0...rounds {
      let rate = (
        raw.rate(bytes: 64 << 10, window: 32, seconds: seconds) * 65_536, try await pair.rate(seconds: seconds)
      )
      if round == 0 { continue }
      rates.raw.append(rate.0 / 1e6)
      rates.sdk.append(rate.1 / 1e6)
    }
    await pair.shutdown()
    raw.stop()
    var table = Table()
    table.add(["SDK writer to SDK reader", "raw ends", "SDK", "ratio", "goal"])
    let figure = Figure<Relay>(name: "channel, messages of 64 KiB", unit: "MB/s", digits: 0, goal: .atLeast(0.8)) { _ in
      .nan
    }
    table.add(figure.cells([median(rates.raw), median(rates.sdk)]))
    announce()
    table.print()
  }

  /// What workers that report spans cost more than those that do not: one with default options has none of it on its path.
  private func compareTelemetry(_ path: String, _ name: String) async throws {
    let engine = ChildProcess.engine(path)
    let url = "ws://127.0.0.1:\(engine.port)"
    let (on, off) = (try await SDKPair.connect(to: url, reports: true), try await SDKPair.connect(to: url))
    var (rates, trips): ((on: [Double], off: [Double]), (on: [Double], off: [Double])) = (([], []), ([], []))
    for round in 0...rounds {
      let trip = (try await on.roundTrip(count: calls), try await off.roundTrip(count: calls))
      let rate = (
        try await on.rate(callers: 64, seconds: seconds), try await off.rate(callers: 64, seconds: seconds)
      )
      if round == 0 { continue }
      trips.on.append(trip.0)
      trips.off.append(trip.1)
      rates.on.append(rate.0)
      rates.off.append(rate.1)
    }
    await on.shutdown()
    await off.shutdown()
    engine.stop()
    var table = Table()
    table.add(["SDK with telemetry", "on", "off", "ratio", "goal"])
    let trip = Figure<Relay>(name: "round trip p50, 1 caller", unit: "µs", digits: 1, goal: .atMost(0.95)) { _ in .nan }
    table.add(trip.cells([median(trips.on), median(trips.off)]))
    let rate = Figure<Relay>(name: "rate, 64 callers", unit: "/s", digits: 0, goal: .atLeast(1.05)) { _ in .nan }
    table.add(rate.cells([median(rates.on), median(rates.off)]))
    announce()
    table.print()
  }

  private func measureInProcess(on loop: RawLoop) async throws {
    let start = try await InProcess.start(times: isQuick ? 50 : 200, on: loop)
    var table = Table()
    table.add(["in this process", "", "goal"])
    table.add(["MockEngine.start to first accepted worker, p50", start.text(2) + " ms", Goal.atMost(1).verdict(start)])
    announce()
    table.print()
  }
}
