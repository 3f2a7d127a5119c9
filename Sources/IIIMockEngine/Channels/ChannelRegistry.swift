internal import III

/// A part of the engine that has named a channel of which it holds an end. The channel itself is made when somebody needs it.
protocol ChannelHolder: AnyObject {
  /// The channel is there: the holder takes its end.
  func channelOpened(_ relay: ChannelRelay)
}

/// A channel that only has a name so far.
struct ReservedChannel {
  let name: ChannelName
  /// By the engine's time, in nanoseconds.
  let created: UInt64
  /// The channel's place in the order in which the engine's channels were made.
  fileprivate(set) var number: UInt64 = 0
  let holder: any ChannelHolder
}

/// The channels of an engine, whichever of its listeners they are used at.
struct ChannelRegistry {
  private enum Entry {
    case reserved(ReservedChannel)
    case relay(ChannelRelay)

    var created: UInt64 {
      switch self {
      case .reserved(let channel): channel.created
      case .relay(let relay): relay.created
      }
    }
  }

  private var entries: [UUID128: Entry] = [:]
  /// The channels that have ended, the oldest first: who comes late hears that an end was taken.
  private var ended = FIFO<UUID128>()

  /// How often orphaned channels are looked for, and how old they must be.
  static let sweepInterval = Duration.seconds(60)
  static let sweepAge = Duration.seconds(300)
  /// How many channels that have ended are remembered.
  static let remembered = 1000

  /// The channels that were made so far.
  private var made: UInt64 = 0

  var isEmpty: Bool { entries.isEmpty }

  /// The channels that are more than a name.
  var relays: [ChannelRelay] {
    entries.values.compactMap { if case .relay(let relay) = $0 { relay } else { nil } }
  }

  mutating func add(_ relay: ChannelRelay) {
    made += 1
    relay.number = made
    entries[relay.name.id] = .relay(relay)
  }

  mutating func reserve(_ channel: ReservedChannel) {
    made += 1
    var channel = channel
    channel.number = made
    entries[channel.name.id] = .reserved(channel)
  }

  /// The reserved channels that were made before a moment of the engine's time, in the order in which they were made.
  func reserved(before moment: UInt64 = .max) -> [ReservedChannel] {
    let found = entries.values.compactMap { entry in
      if case .reserved(let channel) = entry, channel.created < moment { channel } else { nil }
    }
    return found.sorted { $0.number < $1.number }
  }

  func reserved(_ id: UUID128) -> ReservedChannel? {
    if case .reserved(let channel)? = entries[id] { channel } else { nil }
  }

  /// A reserved channel is there now.
  mutating func open(_ channel: ReservedChannel, as relay: ChannelRelay) {
    relay.number = channel.number
    entries[channel.name.id] = .relay(relay)
  }

  func relay(_ id: UUID128) -> ChannelRelay? {
    if case .relay(let relay)? = entries[id] { relay } else { nil }
  }

  /// A channel has ended: it is forgotten when enough others have, too.
  mutating func noteEnd(of relay: ChannelRelay) {
    ended.append(relay.name.id)
    while ended.count > Self.remembered, let oldest = ended.popFirst() { entries[oldest] = nil }
  }

  mutating func remove(_ name: ChannelName) { entries[name.id] = nil }

  /// When channels that are swept now were made at the latest, by the engine's time.
  static func sweepLimit(now: UInt64) -> UInt64 { now > sweepAge.nanoseconds ? now - sweepAge.nanoseconds : 0 }

  /// Removes old channels with an end that was never taken and returns them; if `forgetsEnded` is set, old channels that have ended are
  /// removed too. None of the old ones is only reserved.
  mutating func sweep(now: UInt64, forgetsEnded: Bool) -> [ChannelRelay] {
    let limit = Self.sweepLimit(now: now)
    let old = relays.filter { $0.created < limit }
    let orphans = old.filter(\.isOrphaned)
    for relay in forgetsEnded ? old.filter({ $0.isOrphaned || $0.hasEnded }) : orphans { remove(relay.name) }
    return orphans
  }
}
