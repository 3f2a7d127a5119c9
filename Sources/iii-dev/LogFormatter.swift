internal import IIIMockEngine
internal import III

/// Formats log lines in the two formats of the real engine.
struct LogFormatter: Sendable {
  var format = ObservabilitySettings.Format.text
  var isColoured = false

  /// One line; in the text format followed by one line for each field.
  func text(_ line: LogLine, at time: LocalTime) -> String {
    switch format {
    case .text: plain(line, time)
    case .json: json(line, time)
    }
  }

  private func plain(_ line: LogLine, _ time: LocalTime) -> String {
    let message = PrintableText.escaped(line.message)
    var text = Terminal.paint("[\(time.clock)]", .dim, if: isColoured)
    text += " " + Terminal.paint("[\(line.level.name)]", line.level.colour, if: isColoured)
    text += " " + Terminal.paint(PrintableText.escaped(line.target), .dim, if: isColoured) + " \(message)\n"
    for (index, field) in line.fields.enumerated() {
      let branch = index == line.fields.count - 1 ? "└" : "├"
      text += "    \(branch) \(PrintableText.escaped(field.name)): \"\(PrintableText.escaped(field.value))\"\n"
    }
    return text
  }

  private func json(_ line: LogLine, _ time: LocalTime) -> String {
    var object: JSONObject = [
      "timestamp": .string(time.iso8601), "level": .string(line.level.name), "target": .string(line.target),
      "message": .string(line.message),
    ]
    for field in line.fields { object[field.name] = .string(field.value) }
    return JSONValue.object(object).jsonString() + "\n"
  }
}

extension EngineLogLevel {
  fileprivate var name: String { "\(self)".uppercased() }

  fileprivate var colour: Terminal.Colour {
    switch self {
    case .trace: .magenta
    case .debug: .blue
    case .info: .green
    case .warn: .yellow
    case .error, .off: .red
    }
  }
}
