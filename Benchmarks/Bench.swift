/// `bench`: what the engine and the SDK cost, beside the least that any relay costs.
@main
enum Bench {
  static let usage = """
    usage: bench [run] [--engine PATH[=NAME]]… [--rounds N] [--seconds S] [--quick]
           bench floor [--port N] [--keep] | --http
           bench engine [--filters N | --auth] [--no-journal]
           bench lifecycle [--engines N]
           bench coder [--seconds S] [--quick] [--only PART OF A NAME]
           bench scale [--engine PATH] [--workers N]
           bench journal [--rounds N] [--seconds S] [--engine PATH[=NAME]]…
           bench access [--rounds N] [--workers N] [--before BENCH]
           bench queues --engine PATH [--jobs N] [--many N]
           bench http --engine PATH [--connections N] [--idle N] [--seconds S] [--megabytes N] [--rate MB/s]
           bench flood [--engine PATH] [--seconds S] [--functions N]
           bench backpressure [--seconds S] [--callers N]
           bench channels --engine PATH [--open N] [--row N] [--megabytes N] [--rate MB/s]
           bench load [--engine PATH] [--window N] [--seconds S]
           bench sdk --engine PATH [--callers N] [--seconds S] [--telemetry]
    """

  static func main() async {
    var arguments = Arguments(CommandLine.arguments.dropFirst())
    raiseDescriptorLimit()
    switch arguments.verb(otherwise: "run") {
    case "run": await Comparison(&arguments).run()
    case "lifecycle": await Lifecycle.run(&arguments)
    case "coder": CoderBench.run(&arguments)
    case "scale": Scale.run(&arguments)
    case "queues": Queues.run(&arguments)
    case "http": await HTTPServing.run(&arguments)
    case "flood": Flood.run(&arguments)
    case "backpressure": await Backpressure.run(&arguments)
    case "channels": await Channels.run(&arguments)
    case "channel-writer": await Channels.serveWriter(&arguments)
    case "load": Load.run(&arguments)
    case "sdk": await Load.runSDK(&arguments)
    case "engine": await Engine.serve(&arguments)
    case "journal": JournalCost.run(&arguments)
    case "access": Access.run(&arguments)
    case "floor":
      if arguments.flag("--http") { HTTPFloor.serve() }
      let keeps = arguments.flag("--keep")
      Floor.serve(port: UInt16(clamping: arguments.number("--port", otherwise: 0)), keepsMessages: keeps)
    default: fail(usage)
    }
  }
}
