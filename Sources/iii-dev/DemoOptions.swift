/// The command line of `demo`.
struct DemoOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(name: "--port", value: "PORT", help: "Port to listen at; 0 takes any free one (default: 49134)"),
    OptionDefinition(name: "--quiet", help: "No log lines"),
    .help,
  ]

  private(set) var port: UInt16 = 49134
  private(set) var isQuiet = false
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    if let operand = parsed.operands.first { throw UsageError(message: "unexpected argument '\(operand)'") }
    if let text = parsed["--port"] { port = try PortArgument.parse(text, allowsAny: true) }
    isQuiet = parsed.has("--quiet")
    wantsHelp = parsed.has("--help")
  }
}
