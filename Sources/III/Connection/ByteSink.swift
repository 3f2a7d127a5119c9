/// What a message is written to: a counter first, then memory of just that size.
protocol ByteSink {
  mutating func append(_ text: StaticString)
  mutating func append(_ bytes: [UInt8])
  mutating func append(quoting string: String)
  mutating func append(_ id: UUID128)
}

/// Counts what would be written.
struct ByteCounter: ByteSink {
  private(set) var count = 0

  mutating func append(_ text: StaticString) { count += text.utf8CodeUnitCount }
  mutating func append(_ bytes: [UInt8]) { count += bytes.count }
  mutating func append(quoting string: String) { count += JSONText.quotedCount(string) }
  mutating func append(_ id: UUID128) { count += UUID128.textCount }
}

extension ByteWriter: ByteSink {
  mutating func append(quoting string: String) { JSONText.write(string, into: &self) }
  mutating func append(_ id: UUID128) { id.write(into: &self) }
}

extension ByteSink {
  /// A member with a string for its value, after others; nothing where there is no string.
  mutating func append(member name: StaticString, quoting string: String?) {
    guard let string else { return }
    append(name)
    append(quoting: string)
  }

  /// A member with any value, after others; nothing where there is none.
  mutating func append(member name: StaticString, _ json: [UInt8]?) {
    guard let json else { return }
    append(name)
    append(json)
  }
}
