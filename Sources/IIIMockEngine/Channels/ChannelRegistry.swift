internal import III

/// The channels of an engine, whichever of its listeners they are used at.
struct ChannelRegistry {
  private var relays: [ByteKey: ChannelRelay] = [:]
  /// The channels that have ended, the oldest first: who comes late hears that an end was taken.
  private var ended = FIFO<ByteKey>()

  /// How often orphaned channels are looked for, and how old they must be.
  static let sweepInterval = Duration.seconds(60)
  static let sweepAge = Duration.seconds(300)
  /// How many channels that have ended are remembered.
  static let remembered = 1000

  /// The channels that were made so far.
  private var made: UInt64 = 0

  var isEmpty: Bool { relays.isEmpty }
  var all: [ChannelRelay] { Array(relays.values) }

  /// The channels that have not ended, in the order in which they were made.
  var open: [ChannelRelay] { relays.values.filter { !$0.hasEnded }.sorted { $0.number < $1.number } }

  mutating func add(_ relay: ChannelRelay) {
    made += 1
    relay.number = made
    relays[ByteKey(relay.name.id)] = relay
  }

  /// The channel with this id that has not ended, whatever its key is.
  func find(id: String) -> ChannelRelay? { relays[ByteKey(id)].flatMap { $0.hasEnded ? nil : $0 } }

  /// A channel has ended: it is forgotten when enough others have, too.
  mutating func noteEnd(of relay: ChannelRelay) {
    ended.append(ByteKey(relay.name.id))
    while ended.count > Self.remembered, let oldest = ended.popFirst() { relays[oldest] = nil }
  }

  mutating func remove(_ relay: ChannelRelay) { relays[ByteKey(relay.name.id)] = nil }

  /// The channel with this id; `nil` if there is none or its key is another one.
  func find(_ name: ChannelName) -> ChannelRelay? {
    guard let relay = relays[ByteKey(name.id)], relay.name == name else { return nil }
    return relay
  }

  /// Removes old channels with an end that was never taken and returns them; if `forgetsEnded` is set, old channels that have ended are
  /// removed too.
  mutating func sweep(now: UInt64, forgetsEnded: Bool) -> [ChannelRelay] {
    let age = ChannelRegistry.sweepAge.nanoseconds
    let old = relays.values.filter { now &- $0.created > age }
    let orphans = old.filter(\.isOrphaned)
    for relay in forgetsEnded ? old.filter({ $0.isOrphaned || $0.hasEnded }) : orphans { remove(relay) }
    return orphans
  }
}
