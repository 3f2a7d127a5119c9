internal import III

/// Tables for people. What workers have named is printed without control characters.
enum TextTable {
  /// Aligned columns; the last one is not filled up.
  static func lines(_ titles: [String], _ rows: [[String]]) -> [String] {
    let widths = titles.indices.map { column in ([titles] + rows).map { $0[column].count }.max() ?? 0 }
    return ([titles] + rows).map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        line += cell
        if column < row.count - 1 { line += String(repeating: " ", count: widths[column] - cell.count + 2) }
      }
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  /// A value in one line: a string as it is, `-` for what is not there.
  static func cell(_ value: JSONValue?) -> String {
    switch value {
    case .string(let text)?: PrintableText.escaped(text, keepingLines: false)
    case .null?, nil: "-"
    case let value?: PrintableText.escaped(value.jsonString(), keepingLines: false)
    }
  }

  /// JSON in one line, cut.
  static func short(_ value: JSONValue?) -> String { cut(PrintableText.escaped((value ?? .null).jsonString())) }

  /// A text in one line, cut.
  static func cut(_ text: String) -> String { text.count > 60 ? text.prefix(59) + "…" : text }

  /// `1 job`, `2 jobs`.
  static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
}
