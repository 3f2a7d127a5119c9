/// A string that is compared, hashed and ordered by its UTF-8 bytes: the key type of engine and SDK.
///
/// Ids, member names and filter values are bytes in a message. `String` treats canonically equivalent texts as equal (`"caf\u{E9}"` and
/// `"cafe\u{301}"`), finds no prefix if a combining character follows it, and sorts by normalized text; none of that may decide which
/// function is called.
///
/// ```swift
/// var functions: [ByteKey: Handler] = [:]
/// functions[ByteKey(id)] = handler
/// if key.hasPrefix("engine::") { … }
/// ```
@usableFromInline package struct ByteKey: Sendable {
  @usableFromInline package let text: String

  @inlinable package init(_ text: String) { self.text = text }

  @inlinable package var isEmpty: Bool { text.isEmpty }

  /// Whether the bytes begin with those of `prefix`.
  package func hasPrefix(_ prefix: ByteKey) -> Bool {
    withBytes { bytes in
      prefix.withBytes { prefix in prefix.count <= bytes.count && bytes.prefix(prefix.count) == prefix }
    }
  }

  /// Passes the UTF-8 bytes to `body`.
  @inlinable package func withBytes<Result>(_ body: (ByteView) -> Result) -> Result {
    text.utf8.withContiguousStorageIfAvailable { body(ByteView(UnsafeRawBufferPointer($0))) }
      ?? Array(text.utf8).withView(body)
  }

  /// Whether two strings have the same bytes.
  @inlinable package static func isSame(_ a: String, _ b: String) -> Bool { ByteKey(a) == ByteKey(b) }
}

extension ByteKey: Hashable {
  @inlinable package static func == (a: ByteKey, b: ByteKey) -> Bool {
    a.text.utf8.count == b.text.utf8.count && a.withBytes { bytes in b.withBytes { $0 == bytes } }
  }

  /// Whether the key consists of these bytes.
  @inlinable package static func == (key: ByteKey, bytes: ByteView) -> Bool { key.withBytes { $0 == bytes } }

  @inlinable package func hash(into hasher: inout Hasher) {
    withBytes { hasher.combine(bytes: $0.unsafeBytes) }
    // No string contains this byte, so consecutive keys are hashed as separate values.
    hasher.combine(0xFF as UInt8)
  }
}

extension ByteKey: Comparable {
  @inlinable package static func < (a: ByteKey, b: ByteKey) -> Bool {
    a.withBytes { a in b.withBytes { b in a.precedes(b) } }
  }
}

extension ByteKey: ExpressibleByStringLiteral, CustomStringConvertible {
  @inlinable package init(stringLiteral text: String) { self.init(text) }

  @usableFromInline package var description: String { text }
}
