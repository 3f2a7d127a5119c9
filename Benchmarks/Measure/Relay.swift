/// A relay under measurement, floor or engine: its process, and a caller and a callee connected to it.
final class Relay {
  let name: String
  let process: ChildProcess
  private let loop: RawLoop
  private let callee: RawCallee
  private let caller: RawCaller

  init(name: String, process: ChildProcess, isEngine: Bool, on loop: RawLoop) {
    self.name = name
    self.process = process
    self.loop = loop
    // The callee first: who calls must find the function.
    let callee = RawCallee(loop: loop, isEngine: isEngine) { loop.stop() }
    loop.connect(callee, port: process.port)
    loop.run(awaiting: "\(name) to register a function")
    let caller = RawCaller(loop: loop, isEngine: isEngine) { loop.stop() }
    loop.connect(caller, port: process.port)
    loop.run(awaiting: "\(name) to accept a caller")
    self.callee = callee
    self.caller = caller
  }

  /// The round trips of `count` calls made one after the other, p50 in microseconds.
  func roundTrip(count: Int) -> Double {
    call(count: count, window: 1, isTimed: true)
    return percentile(caller.latencies, 0.5) / 1000
  }

  /// The times of calls made one after the other for about `seconds`, in nanoseconds.
  func latencies(seconds: Double) -> [UInt64] {
    var all: [UInt64] = []
    call(count: 1, window: 1, isTimed: true)  // warms up
    let end = nanoseconds() + UInt64(seconds * 1e9)
    while nanoseconds() < end {
      call(count: 10, window: 1, isTimed: true)
      all += caller.latencies
    }
    return all
  }

  struct Pipelined {
    /// Invocations a second.
    var rate: Double
    /// Microseconds of the relay's CPU for one invocation, `nil` where the system does not say.
    var cpu: Double?
  }

  /// Calls for about `seconds` with `window` of them open.
  func pipelined(window: Int, seconds: Double) -> Pipelined {
    var count = window * 200
    var pipelined = Pipelined(rate: 0, cpu: nil)
    for _ in 0..<2 {  // the first pass finds out how many calls fill the time
      let cpu = cpuNanoseconds(of: process.pid)
      let start = nanoseconds()
      call(count: count, window: window, isTimed: false)
      let elapsed = Double(nanoseconds() - start)
      pipelined.rate = Double(count) / elapsed * 1e9
      if let cpu, let after = cpuNanoseconds(of: process.pid) {
        pipelined.cpu = Double(after - cpu) / Double(count) / 1000
      }
      count = max(count, Int(pipelined.rate * seconds))
    }
    return pipelined
  }

  func stop() {
    caller.close()
    callee.close()
    process.stop()
  }

  private func call(count: Int, window: Int, isTimed: Bool) {
    caller.call(count: count, window: window, isTimed: isTimed) { [loop] in loop.stop() }
    loop.run(awaiting: "\(name) to answer \(count) calls")
  }
}
