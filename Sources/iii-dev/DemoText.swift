/// The text that the demo prints once its call was answered.
struct DemoText {
  let url: String
  /// The command with which this program was started.
  let command: String

  func text(reply: String, time: Duration) -> String {
    """

    A Swift worker in this process registered the function demo::greet, and called it through the engine:

        trigger demo::greet {"name": "world"}
        → {"message": "\(reply)"}   (\(EngineCaller.text(time)))

    Call it from another terminal:

        \(quotedCommand) trigger demo::greet name=Ada\(portOption)

    Connect a worker of your own.

      Swift, the main.swift of a package that depends on this one:

        import III

        let worker = try await registerWorker("\(url)")
        try worker.registerFunction("swift::double") { (n: Int) async in 2 * n }
        print(try await worker.trigger("demo::greet", payload: ["name": "Swift"]))
        try await worker.run()

      Python, after `pip install iii-sdk`:

        from iii import register_worker

        worker = register_worker("\(url)")
        worker.register_function("python::double", lambda n: 2 * n)
        print(worker.trigger({"function_id": "demo::greet", "payload": {"name": "Python"}}))

      Node, after `npm install iii-sdk`:

        import { registerWorker } from 'iii-sdk'

        const worker = registerWorker('\(url)')
        worker.registerFunction('node::double', async (n) => 2 * n)
        console.log(await worker.trigger({ function_id: 'demo::greet', payload: { name: 'Node' } }))

    The engine continues to serve; Ctrl-C ends it.

    """
  }

  /// The option that `trigger` needs to find this engine, if it is not at the default port.
  private var portOption: String {
    guard let port = url.split(separator: ":").last, port != "49134" else { return "" }
    return " --port \(port)"
  }

  private var quotedCommand: String {
    let plain = command.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
        UInt8(ascii: "_"):
        true
      default: false
      }
    }
    return plain
      ? command : "'" + command.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }
}
