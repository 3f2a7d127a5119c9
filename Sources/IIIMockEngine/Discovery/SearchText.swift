/// A text that is searched for without regard to case, in time that grows with the length of both texts.
struct SearchText {
  private let needle: [UInt8]
  /// For each length of a part that matched, how long the part is that still matches when the next byte does not.
  private let fallbacks: [Int]

  init(_ text: String) {
    needle = Array(text.lowercased().utf8)
    var fallbacks = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in needle.indices.dropFirst() {
      while length > 0 && needle[index] != needle[length] { length = fallbacks[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      fallbacks[index] = length
    }
    self.fallbacks = fallbacks
  }

  /// Whether the text occurs in `text`. An empty one occurs in every text.
  func isIn(_ text: String) -> Bool {
    guard !needle.isEmpty else { return true }
    var text = text
    // ASCII needs no copy in lower case.
    return text.withUTF8 { hay in
      if hay.allSatisfy({ $0 < 0x80 }) { return isIn(hay.lazy.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }) }
      return isIn(String(decoding: hay, as: UTF8.self).lowercased().utf8)
    }
  }

  private func isIn(_ hay: some Sequence<UInt8>) -> Bool {
    var length = 0
    for byte in hay {
      while length > 0 && byte != needle[length] { length = fallbacks[length - 1] }
      if byte == needle[length] { length += 1 }
      if length == needle.count { return true }
    }
    return false
  }
}
