internal import III

/// The target of a frame's bytes: first a counter, then memory of exactly the counted size.
///
/// As the SDK's `ByteSink`, and declared again: the compiler inlines witnesses of this module only, and each frame needs
/// a dozen of them.
protocol FrameSink {
  mutating func append(_ text: StaticString)
  mutating func append(_ bytes: ByteView)
  mutating func append(_ bytes: [UInt8])
  mutating func append(_ id: UUID128)
  mutating func append(quoting string: String)
}

extension ByteWriter: FrameSink {}
extension ByteCounter: FrameSink {}

extension FrameSink {
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

  /// As above, of bytes that lie elsewhere.
  mutating func append(member name: StaticString, _ json: ByteView?) {
    guard let json else { return }
    append(name)
    append(json)
  }
}
