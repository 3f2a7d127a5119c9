internal import III

/// JSON for people: indented by two spaces per level, keys sorted.
enum PrettyJSON {
  static func text(_ value: JSONValue) -> String {
    var result = ""
    write(value, indent: "", to: &result)
    return result
  }

  private static func write(_ value: JSONValue, indent: String, to result: inout String) {
    let inner = indent + "  "
    switch value {
    case .object(let object) where !object.isEmpty:
      result += "{\n"
      for (index, key) in object.keys.sorted(by: { $0.utf8.lexicographicallyPrecedes($1.utf8) }).enumerated() {
        result += (index == 0 ? "" : ",\n") + inner + scalar(.string(key)) + ": "
        write(object[key] ?? .null, indent: inner, to: &result)
      }
      result += "\n\(indent)}"
    case .array(let elements) where !elements.isEmpty:
      result += "[\n"
      for (index, element) in elements.enumerated() {
        result += (index == 0 ? "" : ",\n") + inner
        write(element, indent: inner, to: &result)
      }
      result += "\n\(indent)]"
    default: result += scalar(value)
    }
  }

  /// A value without members. Characters that could control a terminal are written as JSON escapes, so the value does not change.
  private static func scalar(_ value: JSONValue) -> String {
    let text = value.jsonString()
    guard text.unicodeScalars.contains(where: PrintableText.isHarmful) else { return text }
    var result = ""
    for scalar in text.unicodeScalars {
      if PrintableText.isHarmful(scalar) {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
