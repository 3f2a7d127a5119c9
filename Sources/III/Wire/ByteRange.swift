/// The position of a member's value in a message: offsets into the message's bytes.
@usableFromInline package struct ByteRange: Equatable, Sendable {
  @usableFromInline package var start: UInt32
  @usableFromInline package var count: UInt32

  /// No such member.
  @inlinable package static var absent: ByteRange { ByteRange(start: .max, count: 0) }

  @inlinable package init(start: UInt32, count: UInt32) {
    self.start = start
    self.count = count
  }

  @inlinable package var isPresent: Bool { start != .max }
}
