/// The entries of a call's W3C baggage, in their order: https://www.w3.org/TR/baggage/
package struct BaggageEntries: Sendable, Equatable {
  private(set) var values = JSONObject()

  private static let maxEntries = 64
  private static let maxBytes = 8192

  init() {}

  /// Reads a header; entries that are not valid are left out. Of equal names the last one counts. Properties of entries are dropped.
  init(_ header: String?) {
    for entry in header?.split(separator: ",") ?? [] {
      let pair = entry.prefix { $0 != ";" }.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2, let name = Self.decoded(pair[0]), let value = Self.decoded(pair[1]) else { continue }
      set(name, to: value)
    }
  }

  /// Sets an entry, unless its name is not a token of HTTP or there are 64 entries.
  mutating func set(_ name: String, to value: String) {
    guard Self.isToken(name), values[name] != nil || values.count < Self.maxEntries else { return }
    values[name] = .string(value)
  }

  var dictionary: [String: String] {
    var entries: [String: String] = [:]
    for (name, value) in values { if case .string(let text) = value { entries[name] = text } }
    return entries
  }

  /// The header; `nil` without entries. Entries after the first 8 KiB are left out, because other programs may refuse them.
  var header: String? {
    var header = ""
    for (name, value) in values {
      guard case .string(let text) = value else { continue }
      let entry = "\(header.isEmpty ? "" : ",")\(name)=\(Self.encoded(text))"
      if header.utf8.count + entry.utf8.count <= Self.maxBytes { header += entry }
    }
    return header.isEmpty ? nil : header
  }

  /// Without blanks around it and with percent escapes resolved; `nil` if that is not UTF-8.
  private static func decoded(_ text: Substring) -> String? {
    var bytes = PercentEncoding.bytes(text.drop { $0 == " " || $0 == "\t" })
    while let last = bytes.last, last == 0x20 || last == 0x09 { bytes.removeLast() }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func encoded(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      switch byte {
      case 0x21, 0x23...0x24, 0x26...0x2B, 0x2D...0x3A, 0x3C...0x5B, 0x5D...0x7E:
        encoded.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        encoded += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return encoded
  }

  /// Whether a text is a name as HTTP has them.
  package static func isToken(_ name: String) -> Bool {
    !name.isEmpty
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
      }
  }
}
