/// Names one entry of a `TimerHeap`; of no use once that entry has fired or was cancelled.
package struct TimerToken: Hashable, Sendable {
  let slot: UInt32
  let generation: UInt32
}
