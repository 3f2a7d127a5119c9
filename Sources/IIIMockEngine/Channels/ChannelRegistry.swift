internal import III

/// The channels of an engine, whichever of its listeners they are used at.
struct ChannelRegistry {
  private var relays: [ByteKey: ChannelRelay] = [:]

  /// How often orphans are looked for, and how old they must be.
  static let sweepInterval = Duration.seconds(60)
  static let sweepAge = Duration.seconds(300)

  mutating func add(_ relay: ChannelRelay) { relays[ByteKey(relay.name.id)] = relay }

  /// The channel of that id, for who knows its key.
  func find(_ name: ChannelName) -> ChannelRelay? {
    guard let relay = relays[ByteKey(name.id)], relay.name == name else { return nil }
    return relay
  }

  /// Takes out the channels of which an end was never taken though they are old, and, where `forgetsFinished`, those as old
  /// that have served; returns the former.
  mutating func sweep(now: UInt64, forgetsFinished: Bool) -> [ChannelRelay] {
    let age = ChannelRegistry.sweepAge.nanoseconds
    let old = relays.values.filter { now &- $0.created > age }
    let orphans = old.filter(\.isOrphaned)
    for relay in forgetsFinished ? old.filter({ $0.isOrphaned || $0.isFinished }) : orphans {
      relays[ByteKey(relay.name.id)] = nil
    }
    return orphans
  }
}
