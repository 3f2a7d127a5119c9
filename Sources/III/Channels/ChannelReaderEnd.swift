internal import UV

/// A reader's inbox, and its core on the loop; usable on any thread.
final class ChannelReaderEnd: Sendable {
  typealias Done = @Sendable (Result<ChannelItem?, any Error>) -> Void

  private struct State {
    var inbox = ChannelInbox()
    var waiting: [UInt64: Done] = [:]
    var lastID: UInt64 = 0
  }

  private let ref: StreamChannelRef
  private let host: LoopHost
  private let state = Lock(State())
  private let core: LoopBound<ChannelReaderCore>

  init(_ ref: StreamChannelRef, _ access: ChannelAccess) {
    self.ref = ref
    host = access.host
    core = LoopBound(ChannelReaderCore(ref, access), on: access.host.loop)
  }

  func nextID() -> UInt64 {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }

  /// Takes the next item, now or when it comes.
  func take(_ id: UInt64, _ done: @escaping Done) {
    let activity = HandlerActivity.current
    let (outcome, actions) = state.withLock { state in
      let outcome = state.inbox.take(id)
      if outcome == nil {
        activity?.beginWait()
        state.waiting[id] = {
          activity?.endWait()
          done($0)
        }
      }
      return (outcome, state.inbox.takeActions())
    }
    if let outcome { done(result(outcome)) }
    // Whoever waits until the engine has settled looks again.
    if outcome == nil, activity != nil { host.loop.post {} }
    perform(actions)
  }

  func cancel(_ id: UInt64) {
    let done = state.withLock { $0.inbox.cancel(id) ? $0.waiting.removeValue(forKey: id) : nil }
    done?(.failure(CancellationError()))
  }

  func close() { change { $0.close() } }

  /// An event of the connection.
  func change(_ event: (inout ChannelInbox) -> Void) {
    perform(
      state.withLock { state in
        event(&state.inbox)
        return state.inbox.takeActions()
      })
  }

  private func perform(_ actions: [ChannelInbox.Action]) {
    for action in actions {
      switch action {
      case .deliver(let id, let outcome):
        let done = state.withLock { $0.waiting.removeValue(forKey: id) }
        done?(result(outcome))
      case .open:
        // The core keeps the end, and so the inbox, until the connection has ended.
        let isPosted = host.loop.post { [core, self] in core.value.open(self) }
        if !isPosted { change { $0.failed(.noConnection("the worker was shut down")) } }
      case .pause: post { $0.pause() }
      case .resume: post { $0.resume() }
      case .drop: post { $0.drop() }
      case .closed: post { $0.finish() }
      }
    }
  }

  private func post(_ body: @escaping @Sendable (ChannelReaderCore) -> Void) {
    host.loop.post { [core] in body(core.value) }
  }

  private func result(
    _ outcome: Result<ChannelItem?, IIIChannelError.Reason>
  ) -> Result<ChannelItem?, any Error> {
    switch outcome {
    case .success(let item): .success(item)
    case .failure(let reason): .failure(IIIChannelError(reason, ref))
    }
  }
}

/// The connection of a reader. Confined to the loop.
final class ChannelReaderCore: HostMember {
  private let ref: StreamChannelRef
  private let access: ChannelAccess
  private var socket: ChannelSocket?
  private var end: ChannelReaderEnd?

  init(_ ref: StreamChannelRef, _ access: ChannelAccess) {
    self.ref = ref
    self.access = access
  }

  func open(_ end: ChannelReaderEnd) {
    self.end = end
    access.host.add(self)
    let socket = ChannelSocket(access, access.url(of: ref))
    self.socket = socket
    socket.open(
      ChannelSocket.Events(
        opened: { [self] in
          end.change { $0.opened() }
          self.socket?.startReading()
        },
        failed: { reason in end.change { $0.failed(reason) } },
        frame: { Self.read($0, end) },
        ended: { reason in end.change { $0.failed(.cutOff(reason)) } },
        fill: { false }))
  }

  private static func read(_ frame: FrameEvent, _ end: ChannelReaderEnd) {
    switch frame {
    case .text(let text): end.change { $0.receive(.text(text.string)) }
    case .binary(let bytes): end.change { $0.receive(.binary(bytes.array)) }
    case .close(let reason): end.change { $0.received(close: reason) }
    case .violation(let violation): end.change { $0.failed(.cutOff("the engine sent an invalid frame: \(violation)")) }
    case .skipped, .ping, .pong: break
    }
  }

  func pause() { socket?.stopReading() }
  func resume() { socket?.startReading() }

  /// Tells the engine that nobody reads, and ends the connection.
  func drop() {
    socket?.write(close: 1000, "")
    finish()
  }

  func finish() {
    socket?.close(afterFlush: true)
    socket = nil
    end = nil
    access.host.remove(self)
  }

  func abandon() { end?.change { $0.failed(.noConnection("the worker was shut down")) } }
}
