#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One window against one engine for a while, for a profiler to look at.
enum Load {
  static func run(_ arguments: inout Arguments) {
    let path = arguments.value("--engine")
    let window = arguments.number("--window", otherwise: 256)
    let seconds = arguments.number("--seconds", otherwise: 10.0)
    arguments.finish()
    let process = path.map(ChildProcess.engine) ?? ChildProcess(CommandLine.arguments[0], ["floor"])
    let relay = Relay(name: path ?? "floor", process: process, isEngine: path != nil, on: RawLoop())
    announce("process \(process.pid), window \(window), \(seconds.text(0)) s")
    let result = relay.pipelined(window: window, seconds: seconds)
    announce("\(result.rate.text(0)) /s, \((result.cpu ?? .nan).text(2)) µs of CPU a call")
    relay.stop()
  }

  /// Callers of the SDK, each of which waits for its result before it calls again.
  static func runSDK(_ arguments: inout Arguments) async {
    guard let path = arguments.value("--engine") else { fail("--engine is missing") }
    let callers = arguments.number("--callers", otherwise: 64)
    let seconds = arguments.number("--seconds", otherwise: 10.0)
    let reports = arguments.flag("--telemetry")
    arguments.finish()
    let engine = ChildProcess.engine(path)
    do {
      let pair = try await SDKPair.connect(to: "ws://127.0.0.1:\(engine.port)", reports: reports)
      let (cpu, start) = (cpuNanoseconds(of: getpid()) ?? 0, nanoseconds())
      let rate = try await pair.rate(callers: callers, seconds: seconds)
      let (used, passed) = ((cpuNanoseconds(of: getpid()) ?? 0) - cpu, nanoseconds() - start)
      let each = Double(used) / (rate * Double(passed) / 1e9) / 1000
      announce("\(callers) callers: \(rate.text(0)) /s, \(each.text(2)) µs of CPU a call in this process")
      await pair.shutdown()
    } catch { fail("\(error)") }
    engine.stop()
  }
}
