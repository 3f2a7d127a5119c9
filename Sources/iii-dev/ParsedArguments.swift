internal import IIIMockEngine

/// The options and operands of a command line, parsed with a verb's option definitions.
struct ParsedArguments: Equatable {
  private var values: [String: [String]] = [:]
  private var flags: Set<String> = []
  private(set) var operands: [String] = []

  /// Accepts `--name value`, `--name=value`, `-n value` and flags; everything after `--` is an operand.
  init(_ arguments: [String], options: [OptionDefinition]) throws(UsageError) {
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      if argument == "--" {
        operands += rest
        return
      }
      guard argument.hasPrefix("-"), argument.count > 1, !Self.isNumber(argument) else {
        operands.append(argument)
        continue
      }
      let sides = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard let option = options.first(where: { $0.name == sides[0] || $0.short == sides[0] }) else {
        throw Self.unknown(sides[0], options)
      }
      try take(option, sides.count == 2 ? sides[1] : nil, &rest, options)
    }
  }

  /// The value of an option; `nil` if it was not given.
  subscript(name: String) -> String? { values[name]?.first }

  /// The values of an option that may be repeated, in their order.
  func all(_ name: String) -> [String] { values[name] ?? [] }

  func has(_ flag: String) -> Bool { flags.contains(flag) }

  /// The value of an option as a number from 0 on.
  func count(_ name: String) throws(UsageError) -> Int? {
    guard let text = self[name] else { return nil }
    guard let number = Int(text), number >= 0 else {
      throw UsageError(message: "option '\(name)': '\(text)' is not a number from 0 on")
    }
    return number
  }

  private mutating func take(
    _ option: OptionDefinition, _ attached: String?, _ rest: inout ArraySlice<String>, _ options: [OptionDefinition]
  ) throws(UsageError) {
    guard let placeholder = option.value else {
      guard attached == nil else { throw UsageError(message: "option '\(option.name)' takes no value") }
      flags.insert(option.name)
      return
    }
    var value = attached
    if value == nil, let next = rest.first, !options.contains(where: { $0.name == next || $0.short == next }) {
      value = rest.removeFirst()
    }
    guard let value else {
      throw UsageError(message: "option '\(option.name)' needs a value: \(option.name) \(placeholder)")
    }
    guard values[option.name] == nil || option.isRepeatable else {
      throw UsageError(message: "option '\(option.name)' is given twice")
    }
    values[option.name, default: []].append(value)
  }

  /// `-5` is a value, not an option.
  private static func isNumber(_ argument: String) -> Bool {
    argument.dropFirst().utf8.first.map { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") } ?? false
  }

  private static func unknown(_ name: String, _ options: [OptionDefinition]) -> UsageError {
    let meant = NearestName.of(name, among: options.map(\.name))
    return UsageError(message: "unknown option '\(name)'" + (meant.map { "; did you mean '\($0)'?" } ?? ""))
  }
}

/// An option of a verb.
struct OptionDefinition: Sendable, Equatable {
  /// The name with its dashes.
  let name: String
  var short: String?
  /// The name of its value in the help; `nil` if it has none.
  var value: String?
  /// Whether it may be given several times.
  var isRepeatable = false
  let help: String

  static let help = OptionDefinition(name: "--help", short: "-h", help: "Show this help")
  static let json = OptionDefinition(name: "--json", help: "Print the engine's answer as JSON")
  static let address = OptionDefinition(
    name: "--address", value: "ADDRESS", help: "HOST, HOST:PORT or ws://… (default: $III_URL, else localhost)")
  static let port = OptionDefinition(
    name: "--port", value: "PORT", help: "Port of the engine (default: that of $III_URL, else 49134)")

  /// The left column of the help.
  var synopsis: String {
    (short.map { "\($0), " } ?? "    ") + name + (value.map { " \($0)" } ?? "")
  }
}

/// A port on the command line.
enum PortArgument {
  static func parse(_ text: String, allowsAny: Bool, option: String = "--port") throws(UsageError) -> UInt16 {
    guard text.utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }), let port = UInt16(text),
      allowsAny || port != 0
    else {
      throw UsageError(
        message: "option '\(option)': '\(text)' is not a port number (\(allowsAny ? "0 to" : "1 to") 65535"
          + (allowsAny ? "; 0 chooses a free one)" : ")"))
    }
    return port
  }
}
