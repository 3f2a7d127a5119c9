internal import III
internal import IIIMockEngine

/// The command line of `trigger`.
struct TriggerOptions: Equatable {
  static let definitions: [OptionDefinition] = [
    OptionDefinition(
      name: "--json", value: "JSON", help: "Payload as JSON, @FILE or - (stdin); KEY=VALUE pairs override its members"),
    .address, .port,
    OptionDefinition(name: "--wait", help: "Keep trying to connect until the engine can be reached"),
    OptionDefinition(name: "--timeout-ms", value: "MS", help: "Time limit for connection and call (default: 30000)"),
    OptionDefinition(name: "--namespace", short: "-n", value: "NAME", help: "Namespace of the function"),
    OptionDefinition(name: "--verbose", help: "Show each step and its duration on stderr"),
    .help,
  ]

  private(set) var functionID: String?
  private(set) var pairs: [String] = []
  private(set) var json: String?
  /// The engine's address.
  private(set) var url: String
  private(set) var timeoutMilliseconds = 30_000
  private(set) var namespace: String?
  private(set) var waits = false
  private(set) var isVerbose = false
  private(set) var wantsHelp = false

  init(_ arguments: [String], environment: Variables = .process) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    functionID = parsed.operands.first
    pairs = Array(parsed.operands.dropFirst())
    json = parsed["--json"]
    namespace = parsed["--namespace"]
    waits = parsed.has("--wait")
    isVerbose = parsed.has("--verbose")
    wantsHelp = parsed.has("--help")
    url = try Self.url(parsed, environment: environment)
    if let text = parsed["--timeout-ms"] {
      guard let value = Int(text), (1...Self.maxTimeout).contains(value) else {
        throw UsageError(
          message: "option '--timeout-ms': '\(text)' is not a number of milliseconds (1 to \(Self.maxTimeout))")
      }
      timeoutMilliseconds = value
    }
    guard functionID != nil || wantsHelp else {
      throw UsageError(message: "missing FUNCTION: iii-dev trigger FUNCTION [KEY=VALUE …]")
    }
  }

  /// One day.
  private static let maxTimeout = 86_400_000

  /// The engine's URL, of `--address`, `--port` and the variable.
  static func url(_ parsed: ParsedArguments, environment: Variables) throws(UsageError) -> String {
    var port: UInt16?
    if let text = parsed["--port"] { port = try PortArgument.parse(text, allowsAny: false) }
    return try url(address: parsed["--address"], port: port, variable: environment["III_URL"])
  }

  /// The engine's URL: options take precedence over the variable.
  static func url(address: String?, port: UInt16?, variable: String?) throws(UsageError) -> String {
    if let address, address.contains("://") {
      guard port == nil else {
        throw UsageError(message: "option '--port' cannot be combined with a URL: write the port into '--address'")
      }
      return try checked(address, "option '--address'")
    }
    if address == nil, port == nil, let variable, !variable.allSatisfy(\.isWhitespace) {
      return try checked(variable, "the variable III_URL")
    }
    var host = address ?? "localhost"
    var port = port
    if let (name, text) = split(host) {
      guard port == nil else { throw UsageError(message: "the port is given twice: in '--address' and by '--port'") }
      host = name
      port = try PortArgument.parse(text, allowsAny: false, option: "--address")
    }
    let isBareIPv6 = host.contains(":") && !host.hasPrefix("[")
    return try checked("ws://\(isBareIPv6 ? "[\(host)]" : host):\(port ?? 49134)", "option '--address'")
  }

  /// Splits `host:port` and `[::1]:port`; `nil` if there is no port. More than one colon without brackets is an IPv6 address.
  private static func split(_ address: String) -> (host: String, port: String)? {
    let start = address.hasPrefix("[") ? address.firstIndex(of: "]") ?? address.endIndex : address.startIndex
    let colons = address[start...].indices.filter { address[$0] == ":" }
    guard colons.count == 1, let colon = colons.first else { return nil }
    return (String(address[..<colon]), String(address[address.index(after: colon)...]))
  }

  private static func checked(_ url: String, _ source: String) throws(UsageError) -> String {
    do throws(WebSocketURLError) {
      _ = try WebSocketURL(url)
      return url
    } catch {
      throw UsageError(message: "\(source), '\(IIIConnectionError.redacted(url))': \(error)")
    }
  }
}
