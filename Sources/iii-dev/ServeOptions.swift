internal import IIIMockEngine

/// The command line of the engine itself.
struct ServeOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(
      name: "--port", value: "PORT", help: "Port of the first listener; 0 chooses a free one (default: 49134)"),
    OptionDefinition(
      name: "--http-port", value: "PORT", help: "Port of HTTP triggers; 0 chooses a free one (default: 3111)"),
    OptionDefinition(
      name: "--stream-port", value: "PORT", help: "Port of stream sockets; 0 chooses a free one (default: 3112)"),
    OptionDefinition(name: "--host", value: "HOST", help: "Address of the first listener (default: 127.0.0.1)"),
    OptionDefinition(
      name: "--config", short: "-c", value: "FILE",
      help: "The engine's YAML file; its changes are applied"),
    OptionDefinition(
      name: "--allow-origin", value: "ORIGIN", isRepeatable: true,
      help: "Let web pages of this origin connect; repeatable"),
    OptionDefinition(
      name: "--allow-host", value: "NAME", isRepeatable: true, help: "A name of this machine in URLs; repeatable"),
    OptionDefinition(
      name: "--journal", value: "FILE", help: "Write what happens to FILE as JSON Lines: connections, frames, denials"),
    OptionDefinition(name: "--manual-clock", help: "The engine's clock moves by mock::clock::advance only"),
    OptionDefinition(name: "--strict", help: "Behave exactly as engine 0.13.0"),
    OptionDefinition(name: "--quiet", help: "Print the ready line and errors only"),
    OptionDefinition(name: "--version", short: "-v", help: "Print the version"),
    .help,
  ]

  private(set) var port: UInt16?
  private(set) var httpPort: UInt16?
  private(set) var streamPort: UInt16?
  private(set) var host: String?
  private(set) var configPath: String?
  private(set) var allowedOrigins: [String] = []
  private(set) var allowedHosts: [String] = []
  private(set) var journalPath: String?
  private(set) var hasManualClock = false
  private(set) var isStrict = false
  private(set) var isQuiet = false
  private(set) var wantsVersion = false
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    if let operand = parsed.operands.first {
      throw UsageError(
        message: Command.Verb(rawValue: operand) == nil
          ? "unexpected argument '\(operand)'" : "'\(operand)' must be the first argument; its options follow it")
    }
    if let text = parsed["--port"] { port = try PortArgument.parse(text, allowsAny: true) }
    if let text = parsed["--http-port"] {
      httpPort = try PortArgument.parse(text, allowsAny: true, option: "--http-port")
    }
    if let text = parsed["--stream-port"] {
      streamPort = try PortArgument.parse(text, allowsAny: true, option: "--stream-port")
    }
    host = parsed["--host"]
    configPath = parsed["--config"]
    allowedOrigins = parsed.all("--allow-origin")
    allowedHosts = parsed.all("--allow-host")
    journalPath = parsed["--journal"]
    hasManualClock = parsed.has("--manual-clock")
    isStrict = parsed.has("--strict")
    guard !(hasManualClock && isStrict) else {
      throw UsageError(
        message: "--manual-clock and --strict exclude each other: a strict engine has no mock::clock::advance")
    }
    isQuiet = parsed.has("--quiet")
    wantsVersion = parsed.has("--version")
    wantsHelp = parsed.has("--help")
  }

  /// The settings of the file, overridden by the options.
  func configuration(environment: Variables) throws(ConfigurationError) -> ConfigurationFile {
    var file =
      if let configPath {
        try ConfigurationFile.load(path: configPath, environment: environment)
      } else {
        ConfigurationFile(environment: environment)
      }
    if let port { file.listeners[0].port = port }
    // Whoever asks for any free port may run several engines: they must not meet at another port.
    let free: UInt16? = port == 0 && configPath == nil ? 0 : nil
    file.httpPort = httpPort ?? free ?? file.httpPort
    file.streamPort = streamPort ?? free ?? file.streamPort
    if let host { file.listeners[0].host = host }
    file.allowedOrigins += allowedOrigins
    file.allowedHosts += allowedHosts
    return file
  }
}
