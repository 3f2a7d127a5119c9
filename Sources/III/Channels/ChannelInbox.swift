/// What a reading end has received and nobody has taken yet, as a plain value: it decides when to connect, to pause and to resume.
struct ChannelInbox {
  enum Action: Equatable {
    case open, pause, resume
    /// A waiting read has ended: with an item, or at the end of the data.
    case deliver(UInt64, Result<ChannelItem?, IIIChannelError.Reason>)
    /// End the connection; tell the engine first.
    case drop
    /// End a connection that the engine has closed.
    case closed
  }

  /// While more waits, the socket is not read.
  static let highWater = 1 << 20
  static let lowWater = 1 << 18

  private enum State {
    case idle, opening, open
    /// No more items come; the reason is `nil` at the end of the data.
    case ended(IIIChannelError.Reason?)
  }

  private var state = State.idle
  private var items = FIFO<ChannelItem>()
  private var bytes = 0
  private var isPaused = false
  private var waiting = FIFO<UInt64>()
  private(set) var actions: [Action] = []

  mutating func takeActions() -> [Action] {
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  /// The next item if it is there; otherwise `deliver` follows for `id`.
  mutating func take(_ id: UInt64) -> Result<ChannelItem?, IIIChannelError.Reason>? {
    if let item = items.popFirst() {
      bytes -= item.cost
      if isPaused, bytes <= Self.lowWater {
        isPaused = false
        actions.append(.resume)
      }
      return .success(item)
    }
    switch state {
    case .ended(let reason?): return .failure(reason)
    case .ended(nil): return .success(nil)
    case .idle:
      state = .opening
      actions.append(.open)
    case .opening, .open: break
    }
    waiting.append(id)
    return nil
  }

  /// A read was cancelled; returns whether it waited.
  mutating func cancel(_ id: UInt64) -> Bool {
    var isFound = false
    waiting.removeAll { waiter in
      if waiter == id { isFound = true }
      return waiter == id
    }
    return isFound
  }

  mutating func opened() { if case .opening = state { state = .open } }

  mutating func receive(_ item: ChannelItem) {
    if case .ended = state { return }
    if let id = waiting.popFirst() {
      actions.append(.deliver(id, .success(item)))
      return
    }
    items.append(item)
    bytes += item.cost
    if !isPaused, bytes > Self.highWater {
      isPaused = true
      actions.append(.pause)
    }
  }

  /// The engine closed the connection: the data has ended.
  mutating func received(close reason: CloseReason) {
    end(nil)
    actions.append(.closed)
  }

  mutating func failed(_ reason: IIIChannelError.Reason) {
    end(reason)
    actions.append(.closed)
  }

  /// The program wants no more.
  mutating func close() {
    if case .ended = state { return }
    let wasIdle = if case .idle = state { true } else { false }
    _ = items.removeAll()
    bytes = 0
    end(.closed)
    if !wasIdle { actions.append(.drop) }
  }

  private mutating func end(_ reason: IIIChannelError.Reason?) {
    if case .ended = state { return }
    state = .ended(reason)
    for id in waiting.removeAll() {
      let outcome: Result<ChannelItem?, IIIChannelError.Reason> =
        if let reason { .failure(reason) } else { .success(nil) }
      actions.append(.deliver(id, outcome))
    }
  }
}

extension ChannelItem {
  /// The memory that an item takes, about.
  fileprivate var cost: Int {
    switch self {
    case .text(let text): text.utf8.count + 64
    case .binary(let bytes): bytes.count + 64
    }
  }
}
