/// Identifies one entry of a `TimerHeap`; invalid once that entry has fired or was cancelled.
@usableFromInline package struct TimerToken: Hashable, Sendable {
  @usableFromInline let slot: UInt32
  @usableFromInline let generation: UInt32

  @inlinable init(slot: UInt32, generation: UInt32) {
    self.slot = slot
    self.generation = generation
  }
}
