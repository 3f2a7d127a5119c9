import III
import IIIMockEngine

/// Engines started and stopped in one process: afterwards there are as many descriptors as before, and memory has not
/// grown with their number.
enum Lifecycle {
  private static let tolerance = 1 << 20

  static func run(_ arguments: inout Arguments) async {
    let engines = arguments.number("--engines", otherwise: 1_000)
    arguments.finish()
    let settled = engines / 5
    let loop = RawLoop()
    do {
      // What the first ones bring in stays: the runtime opens its own descriptors when it first needs them.
      for _ in 0..<20 { try await start(on: loop) }
      let descriptors = settledDescriptors(atMost: 0, within: .milliseconds(100))
      var early = 0
      let begin = nanoseconds()
      for number in 1...max(engines, 1) {
        try await start(on: loop, leavesWorker: number.isMultiple(of: 2))
        if number == settled { early = residentBytes(of: processID) }
      }
      let late = residentBytes(of: processID)
      let seconds = Double(nanoseconds() - begin) / 1e9
      let left = settledDescriptors(atMost: descriptors, within: .seconds(5))
      announce("\(engines.grouped) engines in \(seconds.text(1)) s, each with two workers and a call")
      announce("descriptors: \(descriptors) before, \(left) after")
      announce(
        "resident memory: \((Double(early) / 1024).text(0)) KiB after engine \(settled.grouped), "
          + "\((Double(late) / 1024).text(0)) KiB after engine \(engines.grouped): "
          + "\((Double(late - early) / 1024).text(0)) KiB more, at most \(tolerance / 1024) allowed")
      if left > descriptors { fail("descriptors leak") }
      if late - early > tolerance { fail("memory grows with every engine") }
    } catch {
      fail("\(error)")
    }
  }

  /// The lowest number of open descriptors until it is at most `limit` or the time is over.
  ///
  /// The thread itself sleeps, because a task that sleeps opens a timer's descriptor. A loop closes its wake pipe with the last reference to it, which another thread may hold shortly after the end of its engine.
  private static func settledDescriptors(atMost limit: Int, within time: Duration) -> Int {
    let end = ContinuousClock.now + time
    var lowest = openDescriptors()
    while lowest > limit, ContinuousClock.now < end {
      pause(milliseconds: 1)
      lowest = min(lowest, openDescriptors())
    }
    return lowest
  }

  private static func start(on loop: RawLoop, leavesWorker: Bool = false) async throws {
    let engine = try await MockEngine.start()
    let raw = RawWorker.connect(on: loop, port: InProcess.port(of: engine), function: "bench::raw")
    let worker = try await engine.registerWorker()
    try worker.registerFunction("bench::double") { (number: Int) async in number * 2 }
    let result = try await worker.trigger("bench::double", payload: 21, as: Int.self)
    if result != 42 { fail("twice 21 is \(result)") }
    // Every other engine goes while all its workers are connected.
    if !leavesWorker { await worker.shutdown() }
    let code = await engine.shutdownReportingLeaks()
    if code != 0 { fail("an engine left a handle open: uv_loop_close said \(code)") }
    loop.run(awaiting: "the engine to drop its worker", until: { raw.hasEnded })
  }
}
