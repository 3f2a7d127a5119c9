/// The man page, from the table of commands.
enum ManPage {
  static var text: String {
    var lines = [
      ".TH III\\-DEV 1 \"\" \"iii-dev \(packageVersion)\" \"iii\"", ".SH NAME",
      "iii\\-dev \\- the iii engine for local development", ".SH SYNOPSIS",
    ]
    for entry in CommandTable.entries {
      for form in entry.forms { lines += [".B iii\\-dev", escaped(form.usage), ".br"] }
    }
    lines += [
      ".SH DESCRIPTION",
      "Runs an iii engine, for workers in any language, until SIGINT or SIGTERM comes. It prints the line",
      ".I iii\\-dev listening on URL", "when it accepts connections, and then a line for each event.", ".SH OPTIONS",
    ]
    lines += CommandTable.serve.options.flatMap(option)
    lines.append(".SH COMMANDS")
    for entry in CommandTable.entries {
      guard let verb = entry.verb else { continue }
      lines.append(".SS \(escaped(verb.rawValue))")
      lines.append(escaped(entry.summary))
      if entry.forms.count > 1 {
        for form in entry.forms { lines += [".TP", ".B iii\\-dev \(escaped(form.usage))", escaped(form.about)] }
        lines.append(".PP")
      }
      lines += entry.text.split(separator: "\n").map { escaped(String($0)) }
      lines += entry.options.flatMap(option)
    }
    lines += [
      ".SH ENVIRONMENT", ".TP", ".B III_URL",
      "The engine that the commands connect to which call or show something; exec, record and replay set it for their commands.",
      ".TP",
      ".B III_HTTP_URL", "Set by exec: the address of HTTP triggers.", ".TP",
      ".B III_STREAM_URL", "Set by exec: the address of stream sockets.", ".TP", ".B III_EXEC_URL",
      "Set by exec, to the value of III_URL: the engine belongs to the command, which may reset it.",
      ".SH EXIT STATUS",
      "0 for success, 1 for a failure, 2 for an invalid command line, 101 if the configuration needs a",
      "variable that is not set; of exec, record and replay also the status of their command.",
    ]
    return lines.joined(separator: "\n") + "\n"
  }

  private static func option(_ option: OptionDefinition) -> [String] {
    let names = ([option.short, option.name].compactMap { $0 }).map { "\\fB\(escaped($0))\\fR" }.joined(separator: ", ")
    return [".TP", names + (option.value.map { " \\fI\(escaped($0))\\fR" } ?? ""), escaped(option.help)]
  }

  /// A text that troff prints as it is.
  private static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": escaped += "\\e"
      case "-": escaped += "\\-"
      case "\u{80}"...:
        let hex = String(scalar.value, radix: 16, uppercase: true)
        escaped += "\\[u" + String(repeating: "0", count: max(0, 4 - hex.count)) + hex + "]"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped.hasPrefix(".") || escaped.hasPrefix("'") ? "\\&" + escaped : escaped
  }
}

/// `iii-dev man`.
struct ManCommand {
  private let wantsHelp: Bool

  init(_ arguments: [String]) throws(UsageError) {
    let parsed = try ParsedArguments(arguments, options: [.help])
    if let operand = parsed.operands.first { throw UsageError(message: "unexpected argument '\(operand)'") }
    wantsHelp = parsed.has("--help")
  }

  func run(console: Console) -> ExitStatus {
    console.writeOut(wantsHelp ? Help.text(of: .man) : ManPage.text)
    return .success
  }
}
