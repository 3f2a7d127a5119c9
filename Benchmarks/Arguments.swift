/// The words of a command line: a verb, then `--name value` in any order.
struct Arguments {
  private var words: [String]

  init(_ words: some Sequence<String>) { self.words = Array(words) }

  mutating func verb(otherwise verb: String) -> String {
    guard let first = words.first, !first.hasPrefix("-") else { return verb }
    return words.removeFirst()
  }

  /// Whether `name` stands there.
  mutating func flag(_ name: String) -> Bool {
    guard let index = words.firstIndex(of: name) else { return false }
    words.remove(at: index)
    return true
  }

  /// What follows the first `name` that is left.
  mutating func value(_ name: String) -> String? {
    guard let index = words.firstIndex(of: name) else { return nil }
    guard index + 1 < words.count else { fail("\(name) needs a value") }
    words.remove(at: index)
    return words.remove(at: index)
  }

  /// The engines that `--engine PATH[=NAME]` names.
  mutating func engines() -> [(path: String, name: String)] {
    var engines: [(path: String, name: String)] = []
    while let engine = value("--engine") {
      let parts = engine.split(separator: "=", maxSplits: 1)
      engines.append((String(parts.first ?? ""), parts.count > 1 ? String(parts[1]) : "iii-dev"))
    }
    return engines
  }

  mutating func number(_ name: String, otherwise number: Double) -> Double {
    guard let text = value(name) else { return number }
    guard let number = Double(text), number >= 0 else { fail("\(name) \(text): not a number") }
    return number
  }

  mutating func number(_ name: String, otherwise number: Int) -> Int {
    guard let text = value(name) else { return number }
    guard let number = Int(text), number >= 0 else { fail("\(name) \(text): not a whole number") }
    return number
  }

  /// Ends the process when a word is left that nobody asked for.
  func finish() { if let word = words.first { fail("\(word): unknown\n\(Bench.usage)") } }
}
