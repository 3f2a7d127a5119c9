/// The members of a JSON object that was already scanned, in their order.
package struct ObjectMembers {
  /// One member: the key's text between its quotes, with its escapes, and its value.
  package struct Member {
    package let rawKey: ByteView
    package let keyHasEscapes: Bool
    package let value: ByteView
    /// Where the member begins in the object (the quote of its key), and where its value ends.
    package let start: Int
    package let end: Int

    /// The key's text, decoded.
    package var key: [UInt8] {
      keyHasEscapes ? Array(JSONText.text(of: rawKey.unsafeBytes).utf8) : rawKey.array
    }

    /// Whether the decoded key equals `text`.
    package func isNamed(_ text: StaticString) -> Bool {
      keyHasEscapes ? JSONText.text(of: rawKey.unsafeBytes) == ByteView(text).string : rawKey == text
    }
  }

  private var scanner: JSONScanner
  private let bytes: ByteView
  private var isFirst = true

  /// `nil` if `bytes` is not an object.
  package init?(_ bytes: ByteView) {
    self.bytes = bytes
    scanner = JSONScanner(bytes, maxDepth: JSONScanner.deepest)
    scanner.skipBlanks()
    guard scanner.take(0x7B) else { return nil }
  }

  /// The next member; `nil` after the last.
  package mutating func next() -> Member? {
    scanner.skipBlanks()
    if !isFirst {
      guard scanner.take(0x2C) else { return nil }
      scanner.skipBlanks()
    }
    isFirst = false
    let start = scanner.index
    guard let key = try? scanner.string() else { return nil }
    scanner.skipBlanks()
    guard scanner.take(0x3A) else { return nil }
    scanner.skipBlanks()
    let from = scanner.index
    guard (try? scanner.skipValue()) != nil else { return nil }
    return Member(
      rawKey: bytes.dropFirst(key.start).prefix(key.end - key.start), keyHasEscapes: key.hasEscapes,
      value: bytes.dropFirst(from).prefix(scanner.index - from), start: start, end: scanner.index)
  }
}

/// The elements of a JSON array that was already scanned.
package struct ArrayElements {
  private var scanner: JSONScanner
  private let bytes: ByteView
  private var isFirst = true

  /// `nil` if `bytes` is not an array.
  package init?(_ bytes: ByteView) {
    self.bytes = bytes
    scanner = JSONScanner(bytes, maxDepth: JSONScanner.deepest)
    scanner.skipBlanks()
    guard scanner.take(0x5B) else { return nil }
  }

  /// The next element; `nil` after the last.
  package mutating func next() -> ByteView? {
    scanner.skipBlanks()
    if !isFirst {
      guard scanner.take(0x2C) else { return nil }
      scanner.skipBlanks()
    }
    isFirst = false
    let start = scanner.index
    guard (try? scanner.skipValue()) != nil else { return nil }
    return bytes.dropFirst(start).prefix(scanner.index - start)
  }
}
