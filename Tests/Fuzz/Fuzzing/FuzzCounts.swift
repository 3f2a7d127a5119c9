/// What a run has done so far.
package struct FuzzCounts: Sendable {
  /// Mutated frames sent.
  package var frames = 0
  package var connections = 0
  /// Calls whose end was owed, those that ended once, and those whose connection ended first.
  package var started = 0
  package var ended = 0
  package var lost = 0

  package init() {}

  init(frames: Int, connections: Int, _ ledger: CallLedger) {
    self.frames = frames
    self.connections = connections
    started = ledger.started
    ended = ledger.ended
    lost = ledger.lost
  }

  package static func += (sum: inout FuzzCounts, more: FuzzCounts) {
    sum.frames += more.frames
    sum.connections += more.connections
    sum.started += more.started
    sum.ended += more.ended
    sum.lost += more.lost
  }
}
