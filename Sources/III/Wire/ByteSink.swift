/// The target of a message's bytes: first a counter, then memory of exactly the counted size.
package protocol ByteSink {
  mutating func append(_ text: StaticString)
  mutating func append(_ bytes: ByteView)
  mutating func append(_ bytes: [UInt8])
  mutating func append(_ id: UUID128)
  mutating func append(quoting string: String)
}

extension ByteWriter: ByteSink {
  package mutating func append(_ id: UUID128) { id.write(into: &self) }
  package mutating func append(quoting string: String) { JSONText.write(string, into: &self) }
}

extension ByteSink {
  /// Appends a member with a string value, after other members; nothing if the string is nil.
  @inlinable package mutating func append(member name: StaticString, quoting string: String?) {
    guard let string else { return }
    append(name)
    append(quoting: string)
  }

  /// Appends a member with any value, after other members; nothing if the value is nil.
  @inlinable package mutating func append(member name: StaticString, _ json: [UInt8]?) {
    guard let json else { return }
    append(name)
    append(json)
  }

  /// As above, with bytes of another owner.
  @inlinable package mutating func append(member name: StaticString, _ json: ByteView?) {
    guard let json else { return }
    append(name)
    append(json)
  }
}

/// Counts the bytes that would be written.
@usableFromInline package struct ByteCounter: ByteSink {
  @usableFromInline package private(set) var count = 0

  @inlinable package init() {}

  @inlinable package mutating func append(_ text: StaticString) { count += text.utf8CodeUnitCount }
  @inlinable package mutating func append(_ bytes: ByteView) { count += bytes.count }
  @inlinable package mutating func append(_ bytes: [UInt8]) { count += bytes.count }
  @inlinable package mutating func append(_ id: UUID128) { count += UUID128.textCount }
  package mutating func append(quoting string: String) { count += JSONText.quotedCount(string) }
}
