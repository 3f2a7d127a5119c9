/// The header fields of a head, in their order; the case of names is ignored.
package struct HTTPHeaders: Equatable, Sendable, ExpressibleByDictionaryLiteral {
  package struct Field: Equatable, Sendable {
    /// The name as it was sent.
    package var name: String
    /// The value without the white space around it; invalid UTF-8 becomes U+FFFD.
    package var value: String
  }

  package var fields: [Field] = []

  package init(dictionaryLiteral elements: (String, String)...) {
    fields = elements.map { Field(name: $0.0, value: $0.1) }
  }

  /// The value of the first field with this name.
  package subscript(_ name: String) -> String? {
    fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
  }

  /// The values of all fields with this name.
  package func all(_ name: String) -> [String] {
    fields.lazy.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
  }

  /// The first value of a field with this name for which `holds` is true.
  package func first(_ name: String, where holds: (String) -> Bool) -> String? {
    for field in fields where field.name.equalsIgnoringASCIICase(name) && holds(field.value) { return field.value }
    return nil
  }

  package mutating func append(_ name: String, _ value: String) {
    fields.append(Field(name: name, value: value))
  }

  /// Whether a field with this name contains the token in its comma-separated list (RFC 9110 §5.6.1).
  package func lists(_ token: String, in name: String) -> Bool {
    all(name).contains { value in
      value.split(separator: ",").contains { $0.trimmingHTTPSpace().equalsIgnoringASCIICase(token) }
    }
  }
}

extension StringProtocol {
  /// Whether the strings are equal if the case of A to Z is ignored, which is what HTTP calls "case-insensitive".
  package func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
    utf8.count == other.utf8.count && utf8.elementsEqual(other.utf8) { $0.lowercasedASCII == $1.lowercasedASCII }
  }

  /// The text without spaces and tabs at both ends.
  func trimmingHTTPSpace() -> SubSequence {
    let isSpace: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    guard let first = firstIndex(where: { !isSpace($0) }), let last = lastIndex(where: { !isSpace($0) }) else {
      return self[startIndex..<startIndex]
    }
    return self[first...last]
  }
}

extension UInt8 {
  var lowercasedASCII: UInt8 { self >= 0x41 && self <= 0x5A ? self | 0x20 : self }

  /// Whether the byte is allowed in a method or a field's name (RFC 9110 §5.6.2, `tchar`).
  package var isHTTPTokenCharacter: Bool {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    case UInt8(ascii: "!"), UInt8(ascii: "#"), UInt8(ascii: "$"), UInt8(ascii: "%"), UInt8(ascii: "&"),
      UInt8(ascii: "'"),
      UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "_"),
      UInt8(ascii: "`"), UInt8(ascii: "|"), UInt8(ascii: "~"):
      true
    default: false
    }
  }

  /// Whether the byte is allowed in a field's value: all except control characters other than the tab.
  package var isHTTPValueByte: Bool { (self >= 0x20 && self != 0x7F) || self == 0x09 }
}
