internal import IIIMockEngine

/// `iii-dev config check FILE`: says whether a configuration file can be used.
struct ConfigCommand {
  private let options: ConfigOptions
  private let console: Console

  init(_ options: ConfigOptions, console: Console) {
    self.options = options
    self.console = console
  }

  func run() throws -> ExitStatus {
    guard !options.wantsHelp, let path = options.path else {
      console.writeOut(Help.text(of: .config))
      return .success
    }
    let file = try ConfigurationFile.load(path: path)
    for warning in file.warnings { console.out("warning: \(warning)") }
    let count = file.warnings.count
    console.out(
      "\(path) can be used" + (count == 0 ? "" : count == 1 ? ", with one warning" : ", with \(count) warnings"))
    return .success
  }
}

/// The command line of `config`.
struct ConfigOptions: Equatable {
  static let definitions: [OptionDefinition] = [.help]

  private(set) var path: String?
  private(set) var wantsHelp = false

  init(_ arguments: [String]) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: Self.definitions)
    wantsHelp = parsed.has("--help")
    if wantsHelp { return }
    guard parsed.operands.first == "check" else {
      throw UsageError(
        message: parsed.operands.first.map { "unknown command 'config \($0)'; it is: config check FILE" }
          ?? "missing command: config check FILE")
    }
    guard parsed.operands.count == 2 else {
      throw UsageError(message: parsed.operands.count < 2 ? "missing FILE: config check FILE" : "too many arguments")
    }
    path = parsed.operands[1]
  }
}
