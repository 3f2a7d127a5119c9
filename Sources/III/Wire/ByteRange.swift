/// Where a member's value stands in a message: offsets into the message's bytes.
package struct ByteRange: Equatable, Sendable {
  package var start: UInt32
  package var count: UInt32

  /// No such member.
  package static let absent = ByteRange(start: .max, count: 0)

  @inlinable package init(start: UInt32, count: UInt32) {
    self.start = start
    self.count = count
  }

  @inlinable package var isPresent: Bool { start != .max }
}
