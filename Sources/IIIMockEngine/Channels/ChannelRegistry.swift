internal import III

/// The channels of an engine, whichever of its listeners they are used at.
struct ChannelRegistry {
  private var relays: [ByteKey: ChannelRelay] = [:]

  /// How often orphaned channels are looked for, and how old they must be.
  static let sweepInterval = Duration.seconds(60)
  static let sweepAge = Duration.seconds(300)

  var isEmpty: Bool { relays.isEmpty }
  var all: [ChannelRelay] { Array(relays.values) }

  mutating func add(_ relay: ChannelRelay) { relays[ByteKey(relay.name.id)] = relay }

  mutating func remove(_ relay: ChannelRelay) { relays[ByteKey(relay.name.id)] = nil }

  /// The channel with this id; `nil` if there is none or its key is another one.
  func find(_ name: ChannelName) -> ChannelRelay? {
    guard let relay = relays[ByteKey(name.id)], relay.name == name else { return nil }
    return relay
  }

  /// Removes old channels with an end that was never taken and returns them; if `forgetsFinished` is set, old channels
  /// whose ends have both ended are removed too.
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
