/// The texts of `--help`, from the table of commands.
enum Help {
  static var main: String {
    let rows = CommandTable.entries.flatMap { entry in
      // A verb of several forms is shown once.
      entry.forms.count == 1
        ? entry.forms.map { ("iii-dev \($0.usage)", $0.about) }
        : [("iii-dev \(entry.verb?.rawValue ?? "") [COMMAND …] [OPTIONS]", entry.summary.asPhrase)]
    }
    return """
      iii-dev \(packageVersion): the iii engine for local development

      Usage:
      \(columns(rows))

      Options:
      \(table(ServeOptions.definitions))

      `iii-dev VERB --help` shows the options of a verb.

      """
  }

  static func text(of verb: Command.Verb) -> String {
    let entry = CommandTable.entry(verb)
    let usage =
      entry.forms.count == 1
      ? "Usage: iii-dev \(entry.forms[0].usage)"
      : "Usage:\n" + columns(entry.forms.map { ("iii-dev \($0.usage)", $0.about) })
    var parts = [entry.summary, usage]
    if !entry.text.isEmpty {
      parts.append(entry.text.split(separator: "\n").map { "  \($0)" }.joined(separator: "\n"))
    }
    parts.append("Options:\n" + table(entry.options))
    if let tip = entry.tip { parts.append(tip) }
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// The options in a table with aligned columns.
  static func table(_ options: [OptionDefinition]) -> String { columns(options.map { ($0.synopsis, $0.help) }) }

  private static func columns(_ rows: [(left: String, right: String)]) -> String {
    // A long form does not push the others' texts to the right.
    let width = rows.map(\.left.count).filter { $0 <= 48 }.max() ?? 0
    return rows.map { left, right in
      left.count > width
        ? "  \(left)\n" + String(repeating: " ", count: width + 4) + right
        : "  \(left)" + String(repeating: " ", count: width - left.count + 2) + right
    }.joined(separator: "\n")
  }
}

extension String {
  /// A sentence as a part of a line: without its first capital and its full stop.
  fileprivate var asPhrase: String {
    let text = hasSuffix(".") ? String(dropLast()) : self
    return text.prefix(1).lowercased() + text.dropFirst()
  }
}
