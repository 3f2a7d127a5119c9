/// An option that a verb knows.
struct OptionDefinition: Sendable, Equatable {
  /// With its dashes.
  let name: String
  var short: String?
  /// What its value is called in the help; `nil` if it takes none.
  var value: String?
  /// Whether it may be given several times.
  var isRepeatable = false
  let help: String

  static let help = OptionDefinition(name: "--help", short: "-h", help: "Show this help")

  /// What the help shows on the left.
  var synopsis: String {
    (short.map { "\($0), " } ?? "    ") + name + (value.map { " \($0)" } ?? "")
  }
}
