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

  package static func += (sum: inout FuzzCounts, more: FuzzCounts) {
    sum.frames += more.frames
    sum.connections += more.connections
    sum.started += more.started
    sum.ended += more.ended
    sum.lost += more.lost
  }
}
