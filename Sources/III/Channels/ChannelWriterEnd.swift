internal import UV

/// What a writer shares with its core on the loop: the bytes that wait, and whether more are accepted.
final class ChannelBacklog: Sendable {
  private struct State {
    var bytes = 0
    var lastID: UInt64 = 0
    var isClosed = false
    var failure: IIIChannelError.Reason?
  }

  /// While more waits, writes suspend.
  private static let limit = 1 << 20

  private let state = Lock(State())

  /// Counts bytes that are written; returns whether the write needs not wait.
  ///
  /// - Throws: Why nothing can be written any more.
  func admit(_ count: Int) throws(IIIChannelError.Reason) -> Bool {
    let (refusal, isAdmitted) = state.withLock { state -> (IIIChannelError.Reason?, Bool) in
      if let failure = state.failure { return (failure, false) }
      if state.isClosed { return (.closed, false) }
      defer { state.bytes += count }
      return (nil, state.bytes + count <= Self.limit)
    }
    if let refusal { throw refusal }
    return isAdmitted
  }

  func release(_ count: Int) { state.withLock { $0.bytes -= count } }
  func close() { state.withLock { $0.isClosed = true } }
  func fail(_ reason: IIIChannelError.Reason) { state.withLock { $0.failure = reason } }

  func nextID() -> UInt64 {
    state.withLock { state in
      state.lastID += 1
      return state.lastID
    }
  }
}

/// A writer's core, and what may be used on any thread.
struct ChannelWriterEnd: Sendable {
  let backlog = ChannelBacklog()
  private let ref: StreamChannelRef
  private let host: LoopHost
  private let core: LoopBound<ChannelWriterCore>

  init(_ ref: StreamChannelRef, _ access: ChannelAccess) {
    self.ref = ref
    host = access.host
    core = LoopBound(ChannelWriterCore(ref, access, backlog), on: access.host.loop)
  }

  /// Hands over a write that need not wait; returns `false` if it must.
  func sendAtOnce(_ opcode: Opcode, _ bytes: [UInt8]) throws -> Bool {
    do throws(IIIChannelError.Reason) {
      guard try backlog.admit(bytes.count) else { return false }
    } catch {
      throw IIIChannelError(error, ref)
    }
    guard post({ $0.write(nil, opcode, bytes, nil) }) else { throw ended }
    return true
  }

  func post(_ body: @escaping @Sendable (ChannelWriterCore) -> Void, orFail: (IIIChannelError) -> Void) {
    if !post(body) { orFail(ended) }
  }

  func cancel(_ id: UInt64) { post { $0.cancel(id) } }
  func abandon() { post { $0.release() } }

  private var ended: IIIChannelError { IIIChannelError(.noConnection("the worker was shut down"), ref) }

  @discardableResult private func post(_ body: @escaping @Sendable (ChannelWriterCore) -> Void) -> Bool {
    host.loop.post { [core] in body(core.value) }
  }
}

/// Runs a writer's machine. Confined to the loop.
final class ChannelWriterCore: HostMember {
  typealias Done = @Sendable (Result<Void, any Error>) -> Void

  private let ref: StreamChannelRef
  private let access: ChannelAccess
  private let backlog: ChannelBacklog
  private var machine = ChannelWriterMachine()
  private var socket: ChannelSocket?
  private var waiting: [UInt64: Done] = [:]
  private var isActing = false

  /// The pause before the Close: without it, the Close can overtake data within the real engine.
  private static let pause = Duration.milliseconds(10)

  init(_ ref: StreamChannelRef, _ access: ChannelAccess, _ backlog: ChannelBacklog) {
    self.ref = ref
    self.access = access
    self.backlog = backlog
  }

  func write(_ id: UInt64?, _ opcode: Opcode, _ bytes: [UInt8], _ done: Done?) {
    if let id { waiting[id] = done }
    handle { $0.write(id, opcode, bytes) }
  }

  func close(_ id: UInt64, _ done: @escaping Done) {
    waiting[id] = done
    handle { $0.close(id) }
  }

  func cancel(_ id: UInt64) { handle { $0.cancel(id) } }

  /// Nobody has a reference to the writer any more.
  func release() { handle { $0.abandon() } }

  func abandon() { handle { $0.failed(.noConnection("the worker was shut down")) } }

  private func handle(_ event: (inout ChannelWriterMachine) -> Void) {
    event(&machine)
    guard !isActing else { return }
    isActing = true
    defer { isActing = false }
    while case let actions = machine.takeActions(), !actions.isEmpty {
      for action in actions { perform(action) }
    }
  }

  private func perform(_ action: ChannelWriterMachine.Action) {
    switch action {
    case .open: open()
    case .flush: socket?.flushLater()
    case .complete(let id, let reason):
      let outcome: Result<Void, any Error> =
        if let reason { .failure(IIIChannelError(reason, ref)) } else { .success(()) }
      waiting.removeValue(forKey: id)?(outcome)
    case .cancelled(let id): waiting.removeValue(forKey: id)?(.failure(CancellationError()))
    case .released(let count): backlog.release(count)
    case .settle: access.host.timers.schedule(after: Self.pause) { [self] in handle { $0.settled() } }
    case .drop(let afterFlush):
      if let reason = machine.failure { backlog.fail(reason) }
      socket?.close(afterFlush: afterFlush)
      socket = nil
      access.host.remove(self)
    }
  }

  private func open() {
    access.host.add(self)
    let socket = ChannelSocket(access, access.url(of: ref))
    self.socket = socket
    socket.open(
      ChannelSocket.Events(
        opened: { [self] in handle { $0.opened() } },
        failed: { [self] reason in handle { $0.failed(reason) } },
        frame: { [self] in read($0) },
        ended: { [self] reason in handle { $0.ended(reason) } },
        fill: { [self] in fill() }))
  }

  private func read(_ frame: FrameEvent) {
    switch frame {
    case .close(let reason): handle { $0.received(close: reason) }
    case .violation(let violation): handle { $0.received(violation: "\(violation)") }
    case .text, .binary, .skipped, .ping, .pong: break
    }
  }

  private func fill() -> Bool {
    var hasWritten = false
    handle { machine in
      guard let frame = machine.fill() else { return }
      hasWritten = true
      switch frame {
      case .message(let opcode, let bytes, let part):
        bytes.withView { socket?.write(opcode, $0.dropFirst(part.lowerBound).prefix(part.count)) }
      case .close(let code, let reason): socket?.write(close: code, reason)
      }
    }
    return hasWritten
  }
}
