/// Counts what would be written.
@usableFromInline package struct ByteCounter: ByteSink {
  @usableFromInline package private(set) var count = 0

  @inlinable package init() {}

  @inlinable package mutating func append(_ text: StaticString) { count += text.utf8CodeUnitCount }
  @inlinable package mutating func append(_ bytes: ByteView) { count += bytes.count }
  @inlinable package mutating func append(_ bytes: [UInt8]) { count += bytes.count }
  @inlinable package mutating func append(_ id: UUID128) { count += UUID128.textCount }
  package mutating func append(quoting string: String) { count += JSONText.quotedCount(string) }
}
