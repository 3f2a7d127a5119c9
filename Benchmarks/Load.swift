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
}
