internal import III
internal import UV

/// What faults do to the bytes of one connection: nothing passes, or little at a time. Confined to the engine's loop.
final class Shaper {
  enum Effect {
    case blackhole
    /// Segments of so many bytes.
    case slice(Int)
    /// So many bytes in a second.
    case limit(Int)
  }

  private struct Entry {
    let effect: Effect
    let direction: JournalFrame.Direction?
  }

  private weak var peer: Peer?
  private let timers: LoopTimers
  /// By the fault's number.
  private var entries: [Int: Entry] = [:]
  /// Whether more may be sent soon: a timer or a turn is waited for.
  private var isRefilling = false

  /// Stands for the number of a fault where a test limits a channel's reader; faults are numbered from 1 on.
  static let ofTests = 0

  /// How often a limited connection may send, in a second.
  private static let steps = 50

  init(_ peer: Peer, _ timers: LoopTimers) {
    self.peer = peer
    self.timers = timers
    peer.stream.onAllowanceSpent = { [weak self] in self?.refillLater() }
  }

  func add(_ effect: Effect, _ direction: JournalFrame.Direction?, of fault: Int) {
    entries[fault] = Entry(effect: effect, direction: direction)
    update()
  }

  func remove(_ fault: Int) {
    entries[fault] = nil
    update()
  }

  /// The connection ends: what is left is sent at once, unless nothing gets through.
  func letGo() {
    guard !effects(.sent).isBlack else { return }
    entries = [:]
    peer?.stream.sendAllowance = nil
  }

  private func effects(_ direction: JournalFrame.Direction) -> (isBlack: Bool, slice: Int?, rate: Int?) {
    var (isBlack, slice, rate): (Bool, Int?, Int?) = (false, nil, nil)
    for entry in entries.values where entry.direction == nil || entry.direction == direction {
      switch entry.effect {
      case .blackhole: isBlack = true
      case .slice(let bytes): slice = min(slice ?? .max, bytes)
      case .limit(let bytes): rate = min(rate ?? .max, bytes)
      }
    }
    return (isBlack, slice, rate)
  }

  private func update() {
    guard let peer else { return }
    let received = effects(.received)
    if received.isBlack { peer.pause(.fault) } else { peer.resume(.fault) }
    peer.stream.readLimit = received.slice ?? received.rate.map(Self.step)
    peer.stream.sendAllowance = allowance
    peer.stream.flushLater()
  }

  /// What may be sent in a step; `nil` is without a limit.
  private var allowance: Int? {
    let sent = effects(.sent)
    if sent.isBlack { return 0 }
    return switch (sent.slice, sent.rate) {
    case (nil, nil): nil
    case (let slice, let rate): min(slice ?? .max, rate.map(Self.step) ?? .max)
    }
  }

  private static func step(_ rate: Int) -> Int { max(1, rate / steps) }

  // MARK: Sending

  /// The allowance is spent, and more waits.
  private func refillLater() {
    let sent = effects(.sent)
    guard let peer, !isRefilling, !sent.isBlack else { return }
    isRefilling = true
    if let rate = sent.rate {
      let span = Duration.nanoseconds(Int64(allowance ?? 1) * 1_000_000_000 / Int64(rate))
      _ = timers.schedule(after: span) { [weak self] in self?.refill() }
    } else {
      let me = LoopBound(self, on: peer.stream.loop)
      peer.stream.loop.post { me.value.refill() }
    }
  }

  private func refill() {
    isRefilling = false
    guard let peer, !peer.stream.isClosed else { return }
    peer.stream.sendAllowance = allowance
    peer.stream.flush()
  }

  // MARK: Receiving

  /// So many bytes came; a limited connection is not read until they would have passed.
  func received(_ count: Int) {
    guard let peer, let rate = effects(.received).rate else { return }
    peer.pause(.fault)
    let span = Duration.nanoseconds(Int64(count) * 1_000_000_000 / Int64(rate))
    _ = timers.schedule(after: span) { [weak self] in
      if let self, !effects(.received).isBlack { self.peer?.resume(.fault) }
    }
  }
}
