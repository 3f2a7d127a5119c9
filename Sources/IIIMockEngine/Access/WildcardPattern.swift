internal import III

/// A pattern of ids: `*` matches any run of bytes, also none; every other byte matches itself.
///
/// The whole id must match. Matching takes time proportional to the lengths of pattern and id, whatever the pattern:
/// the texts between the stars are searched from left to right, each with the algorithm of Knuth, Morris and Pratt.
struct WildcardPattern: Sendable, Hashable {
  let text: String
  /// Without a star there is one part, which must equal the id. Else the first and the last are anchored at its ends.
  private let parts: [Part]

  init(_ text: String) {
    self.text = text
    parts = text.utf8.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false).map { Part(Array($0)) }
  }

  /// Whether it may match more than one id.
  var hasStars: Bool { parts.count > 1 }

  func matches(_ id: ByteView) -> Bool {
    guard parts.count > 1, let first = parts.first, let last = parts.last else {
      return parts.first.map { $0.bytes.count == id.count && $0.isPrefix(of: id, at: 0) } ?? id.isEmpty
    }
    let end = id.count - last.bytes.count
    guard first.bytes.count <= end, first.isPrefix(of: id, at: 0), last.isPrefix(of: id, at: end) else { return false }
    var offset = first.bytes.count
    for part in parts.dropFirst().dropLast() {
      guard let found = part.firstEnd(in: id, from: offset, to: end) else { return false }
      offset = found
    }
    return true
  }

  func matches(_ id: String) -> Bool { Array(id.utf8).withView { matches($0) } }

  static func == (a: WildcardPattern, b: WildcardPattern) -> Bool { a.text.utf8.elementsEqual(b.text.utf8) }

  func hash(into hasher: inout Hasher) { for byte in text.utf8 { hasher.combine(byte) } }
}

extension WildcardPattern {
  /// A run of bytes without a star.
  private struct Part: Sendable {
    let bytes: [UInt8]
    /// For each length of a match: the length of the longest proper prefix that is a suffix of it.
    let borders: [Int]

    init(_ bytes: [UInt8]) {
      self.bytes = bytes
      var borders = Array(repeating: 0, count: bytes.count)
      var matched = 0
      for index in bytes.indices.dropFirst() {
        while matched > 0 && bytes[index] != bytes[matched] { matched = borders[matched - 1] }
        if bytes[index] == bytes[matched] { matched += 1 }
        borders[index] = matched
      }
      self.borders = borders
    }

    func isPrefix(of id: ByteView, at offset: Int) -> Bool {
      guard offset >= 0, bytes.count <= id.count - offset else { return false }
      for index in bytes.indices where id[offset + index] != bytes[index] { return false }
      return true
    }

    /// The end of the first occurrence between two offsets.
    func firstEnd(in id: ByteView, from start: Int, to end: Int) -> Int? {
      if bytes.isEmpty { return start }
      var matched = 0
      var offset = start
      while offset < end {
        while matched > 0 && id[offset] != bytes[matched] { matched = borders[matched - 1] }
        if id[offset] == bytes[matched] { matched += 1 }
        offset += 1
        if matched == bytes.count { return offset }
      }
      return nil
    }
  }
}
