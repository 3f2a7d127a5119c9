/// A JSON string with the sender's quotes and escapes; it can be sent on unchanged.
@usableFromInline package struct WireString {
  /// The bytes with their quotes.
  @usableFromInline package let raw: ByteView
  @usableFromInline package let hasEscapes: Bool

  /// `nil` if the value is not a string. Its bytes must have been scanned.
  init?(_ value: ByteView) { self.init(value, hasEscapes: value.contains(0x5C)) }

  /// As above; the scan has already found out whether there are escapes.
  @inline(__always) init?(_ value: ByteView, hasEscapes: Bool) {
    guard value.count >= 2, value[0] == 0x22 else { return nil }
    raw = value
    self.hasEscapes = hasEscapes
  }

  /// The bytes between the quotes.
  @inlinable package var inner: ByteView { raw.dropFirst(1).prefix(raw.count - 2) }

  /// The decoded text.
  @usableFromInline package var text: String { hasEscapes ? JSONText.unquote(raw) : inner.string }

  /// The decoded text as a key.
  @usableFromInline package var key: ByteKey { ByteKey(text) }

  /// Passes the string's UTF-8 bytes without escapes to `body`.
  @inlinable package func withUTF8<Result>(_ body: (ByteView) -> Result) -> Result {
    hasEscapes ? Array(text.utf8).withView(body) : body(inner)
  }
}
