/// Resolves scalars by the core schema of YAML 1.2, as the real engine does:
/// `yes` is a string, so is everything in quotes, and a number with leading zeros.
enum YAMLScalar {
  static func content(_ text: String, isPlain: Bool, tag: String?) -> YAMLNode.Content {
    switch tag {
    case nil: isPlain ? resolved(text) : .string(text)
    case "tag:yaml.org,2002:null": nullNames.contains(text) ? .null : .string(text)
    case "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float": resolved(text)
    default: .string(text)
    }
  }

  private static let nullNames: Set<String> = ["", "~", "null", "Null", "NULL"]

  private static func resolved(_ text: String) -> YAMLNode.Content {
    if nullNames.contains(text) { return .null }
    switch text {
    case "true", "True", "TRUE": return .bool(true)
    case "false", "False", "FALSE": return .bool(false)
    case ".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF": return .double(.infinity)
    case "-.inf", "-.Inf", "-.INF": return .double(-.infinity)
    case ".nan", ".NaN", ".NAN": return .double(.nan)
    default: return number(text) ?? .string(text)
    }
  }

  private static func number(_ text: String) -> YAMLNode.Content? {
    for (prefix, radix) in [("0x", 16), ("0o", 8)] where text.hasPrefix(prefix) {
      let digits = text.dropFirst(2)
      guard let first = digits.utf8.first, first != UInt8(ascii: "+"), first != UInt8(ascii: "-") else { return nil }
      return Int64(digits, radix: radix).map { .int($0) }
    }
    var digits = Substring(text)
    if digits.hasPrefix("-") || digits.hasPrefix("+") { digits = digits.dropFirst() }
    let whole = digits.utf8.prefix(while: isDigit)
    guard whole.count < 2 || whole.first != UInt8(ascii: "0") else { return nil }
    if whole.count == digits.utf8.count {
      guard !whole.isEmpty else { return nil }
      return Int64(text).map { .int($0) } ?? Double(text).map { .double($0) }
    }
    guard isDecimal(digits.utf8.dropFirst(whole.count), afterDigits: !whole.isEmpty) else { return nil }
    return Double(text).map { .double($0) }
  }

  /// `.5`, `.`, `.5e3`, `e-7`: what may follow the whole digits of a decimal number.
  private static func isDecimal(_ text: Substring.UTF8View.SubSequence, afterDigits: Bool) -> Bool {
    var rest = text
    if rest.first == UInt8(ascii: ".") {
      rest = rest.dropFirst()
      let fraction = rest.prefix(while: isDigit)
      guard afterDigits || !fraction.isEmpty else { return false }
      rest = rest.dropFirst(fraction.count)
    } else if !afterDigits {
      return false
    }
    guard let exponent = rest.first else { return true }
    guard exponent == UInt8(ascii: "e") || exponent == UInt8(ascii: "E") else { return false }
    rest = rest.dropFirst()
    if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest = rest.dropFirst() }
    return !rest.isEmpty && rest.allSatisfy(isDigit)
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }
}
