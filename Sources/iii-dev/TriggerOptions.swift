/// The command line of `trigger`.
struct TriggerOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(
      name: "--json", value: "JSON", help: "Payload as JSON; with KEY=VALUE pairs an object that they override"),
    OptionDefinition(name: "--address", value: "HOST", help: "Host of the engine (default: localhost)"),
    OptionDefinition(name: "--port", value: "PORT", help: "Port of the engine (default: 49134)"),
    OptionDefinition(name: "--timeout-ms", value: "MS", help: "How long to wait for all of it (default: 30000)"),
    OptionDefinition(name: "--namespace", short: "-n", value: "NAME", help: "Namespace of the function"),
    .help,
  ]

  private(set) var functionID: String?
  private(set) var pairs: [String] = []
  private(set) var json: String?
  private(set) var address = "localhost"
  private(set) var port: UInt16 = 49134
  private(set) var timeoutMilliseconds = 30_000
  private(set) var namespace: String?
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    functionID = parsed.operands.first
    pairs = Array(parsed.operands.dropFirst())
    json = parsed["--json"]
    address = parsed["--address"] ?? address
    namespace = parsed["--namespace"]
    wantsHelp = parsed.has("--help")
    if let text = parsed["--port"] { port = try PortArgument.parse(text, allowsAny: false) }
    if let text = parsed["--timeout-ms"] {
      guard let value = Int(text), (1...Self.maxTimeout).contains(value) else {
        throw UsageError(
          message: "option '--timeout-ms': '\(text)' is not a number of milliseconds (1 to \(Self.maxTimeout))")
      }
      timeoutMilliseconds = value
    }
  }

  /// A day.
  private static let maxTimeout = 86_400_000

  /// Where to connect to.
  var url: String {
    let host = address.contains(":") && !address.hasPrefix("[") ? "[\(address)]" : address
    return "ws://\(host):\(port)"
  }
}
