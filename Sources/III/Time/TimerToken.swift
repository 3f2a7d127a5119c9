/// Identifies one entry of a `TimerHeap`; invalid once that entry has fired or was cancelled.
package struct TimerToken: Hashable, Sendable {
  let slot: UInt32
  let generation: UInt32
}
