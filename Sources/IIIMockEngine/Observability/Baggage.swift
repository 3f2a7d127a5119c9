internal import III

/// The entries of a call's `baggage` header: https://www.w3.org/TR/baggage/
struct Baggage {
  private(set) var entries = JSONObject()

  private static let maxEntries = 64

  /// Reads a header; invalid entries are left out. Of equal names the last counts.
  init(_ header: String) {
    for entry in header.split(separator: ",") {
      let pair = entry.prefix { $0 != ";" }.split(separator: "=", omittingEmptySubsequences: false)
      guard pair.count >= 2, let name = Baggage.decoded(pair[0]), let value = Baggage.decoded(pair[1]),
        BaggageEntries.isToken(name)
      else { continue }
      if entries[name] != nil || entries.count < Self.maxEntries { entries[name] = .string(value) }
    }
  }

  /// Without blanks around it and with percent escapes resolved; `nil` if that is not UTF-8.
  private static func decoded(_ text: Substring) -> String? {
    let bytes = PercentEncoding.bytes(text)
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
    let trimmed = bytes.drop(while: isBlank)
    let end = trimmed.lastIndex { !isBlank($0) }.map { $0 + 1 } ?? trimmed.startIndex
    return String(validating: trimmed[..<end], as: UTF8.self)
  }
}
