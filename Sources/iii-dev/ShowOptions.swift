internal import IIIMockEngine

/// The command line of the verbs that show what an engine has.
struct ShowOptions: Equatable {
  /// What is shown.
  enum Subject: String, CaseIterable {
    case functions, workers, triggers, state, streams, logs, traces, status

    /// The names of its operands, each of which may be left out with those behind it.
    var operands: [String] {
      switch self {
      case .functions, .workers, .triggers: ["TEXT"]
      case .state: ["SCOPE", "KEY"]
      case .streams: ["STREAM", "GROUP", "ITEM"]
      case .traces: ["ID"]
      case .logs, .status: []
      }
    }

    var definitions: [OptionDefinition] {
      let own: [OptionDefinition] =
        switch self {
        case .functions: [.all("Also those of the engine")]
        case .workers: [.all("Also those that are parts of the engine")]
        case .triggers: [.all("Also those of functions of the engine")]
        case .traces: [.limit("traces", 50), .all("Also those of functions of the engine")]
        case .logs:
          [
            OptionDefinition(name: "--follow", short: "-f", help: "Go on with what is logged from now on"),
            OptionDefinition(
              name: "--level", value: "LEVEL", help: "trace, debug, info, warn or error: from it upwards"),
            .limit("records", 100),
          ]
        case .state, .streams, .status: []
        }
      return own + [.json, .address, .port, .help]
    }
  }

  let subject: Subject
  private(set) var operands: [String] = []
  private(set) var isJSON = false
  private(set) var showsAll = false
  private(set) var follows = false
  private(set) var level: EngineLogLevel?
  private(set) var limit: Int
  private(set) var url: String
  private(set) var wantsHelp = false

  init(_ subject: Subject, _ arguments: [String], environment: Variables = .process) throws(UsageError) {
    self.subject = subject
    let parsed = try ParsedArguments(arguments, options: subject.definitions)
    wantsHelp = parsed.has("--help")
    isJSON = parsed.has("--json")
    showsAll = parsed.has("--all")
    follows = parsed.has("--follow")
    limit = try parsed.count("--limit") ?? (subject == .logs ? 100 : 50)
    url = try TriggerOptions.url(parsed, environment: environment)
    if let text = parsed["--level"] {
      guard let level = EngineLogLevel(name: text), level != .off else {
        throw UsageError(message: "option '--level': '\(text)' is none of trace, debug, info, warn, error")
      }
      self.level = level
    }
    operands = parsed.operands
    if operands.count > subject.operands.count, !wantsHelp {
      throw UsageError(message: "unexpected argument '\(operands[subject.operands.count])'")
    }
  }

  /// An operand by its place; `nil` if it was not given.
  subscript(place: Int) -> String? { place < operands.count ? operands[place] : nil }
}

extension OptionDefinition {
  fileprivate static func all(_ help: String) -> OptionDefinition { OptionDefinition(name: "--all", help: help) }

  fileprivate static func limit(_ what: String, _ number: Int) -> OptionDefinition {
    OptionDefinition(name: "--limit", value: "N", help: "Show the last N \(what) at most (default: \(number))")
  }
}
