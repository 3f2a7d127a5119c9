/// The writing end of a channel, as a plain value: it opens the connection with the first write, sends the data in order, and reports which
/// writes have ended.
struct ChannelWriterMachine {
  enum Action: Equatable {
    /// Open the connection.
    case open
    /// Ask for frames when the socket has room.
    case flush
    /// A write or close has ended.
    case complete(UInt64, IIIChannelError.Reason?)
    /// A write or close was cancelled.
    case cancelled(UInt64)
    /// So many of the bytes that were given to `write` no longer wait.
    case released(Int)
    /// Everything has been sent: call `settled` after the pause that the engine needs before a Close.
    case settle
    /// End the connection.
    case drop(afterFlush: Bool)
  }

  /// A frame for the socket.
  enum Frame {
    case message(Opcode, [UInt8], Range<Int>)
    case close(code: UInt16, reason: String)
  }

  private enum State {
    case idle, opening, open
    /// The data has been sent, and the Close waits.
    case settling
    /// The Close may be sent, or has been.
    case closing(isSent: Bool)
    case ended(IIIChannelError.Reason?)
  }

  private struct Write {
    let id: UInt64?
    let opcode: Opcode
    let bytes: [UInt8]
    var offset = 0
  }

  /// The largest binary message; other SDKs' readers accept little more.
  static let largestMessage = 1 << 16

  /// Why nothing can be written any more; `nil` before the end, and after a complete stream.
  var failure: IIIChannelError.Reason? { if case .ended(let reason) = state { reason } else { nil } }

  private(set) var actions: [Action] = []
  private var state = State.idle
  private var writes = FIFO<Write>()
  /// The first of `writes`, of which a part has been sent.
  private var current: Write?
  private var closers: [UInt64] = []
  private var wantsClose = false

  mutating func takeActions() -> [Action] {
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  /// Sends bytes as binary messages, or a text as one message.
  ///
  /// - Parameter id: Identifies the write in `complete`; `nil` if nobody waits for it.
  mutating func write(_ id: UInt64?, _ opcode: Opcode, _ bytes: [UInt8]) {
    if case .ended(let reason) = state { return refuse(id, bytes.count, reason ?? .closed) }
    guard !wantsClose else { return refuse(id, bytes.count, .closed) }
    writes.append(Write(id: id, opcode: opcode, bytes: bytes))
    begin()
  }

  /// Ends the stream. A writer that has written nothing connects too, so that the reader learns of the end.
  mutating func close(_ id: UInt64) {
    if case .ended(let reason) = state {
      actions.append(.complete(id, reason))
      return
    }
    closers.append(id)
    wantsClose = true
    begin()
  }

  /// Nobody uses the writer any more: what was written is sent. A writer that was never used does not connect: another program may use its
  /// ref.
  mutating func abandon() {
    wantsClose = true
    switch state {
    case .idle: state = .ended(.closed)
    case .open: actions.append(.flush)
    default: break
    }
  }

  private mutating func refuse(_ id: UInt64?, _ count: Int, _ reason: IIIChannelError.Reason) {
    actions.append(.released(count))
    if let id { actions.append(.complete(id, reason)) }
  }

  private mutating func begin() {
    switch state {
    case .idle:
      state = .opening
      actions.append(.open)
    case .open: actions.append(.flush)
    case .opening, .settling, .closing, .ended: break
    }
  }

  /// A write that has begun may have sent a part of its bytes; the rest is not sent.
  mutating func cancel(_ id: UInt64) {
    if current?.id == id, let write = current {
      current = nil
      actions += [.released(write.bytes.count), .cancelled(id)]
    } else if let index = closers.firstIndex(of: id) {
      closers.remove(at: index)
      actions.append(.cancelled(id))
    } else {
      var count: Int?
      writes.removeAll { write in
        guard write.id == id else { return false }
        count = write.bytes.count
        return true
      }
      if let count { actions += [.released(count), .cancelled(id)] }
    }
  }

  // MARK: Events of the connection

  mutating func opened() {
    guard case .opening = state else { return }
    state = .open
    actions.append(.flush)
  }

  mutating func failed(_ reason: IIIChannelError.Reason) { end(reason) }

  /// The socket has sent everything that it was given: the next frame.
  mutating func fill() -> Frame? {
    switch state {
    case .closing(isSent: false):
      state = .closing(isSent: true)
      return .close(code: 1000, reason: "stream_complete")
    case .open: break
    default: return nil
    }
    guard var write = current ?? writes.popFirst() else {
      if wantsClose {
        state = .settling
        actions.append(.settle)
      }
      return nil
    }
    current = nil
    let size = write.opcode == .text ? write.bytes.count : Self.largestMessage
    let part = write.offset..<min(write.offset + size, write.bytes.count)
    write.offset = part.upperBound
    if write.offset < write.bytes.count {
      current = write
    } else {
      actions.append(.released(write.bytes.count))
      if let id = write.id { actions.append(.complete(id, nil)) }
    }
    return .message(write.opcode, write.bytes, part)
  }

  /// The pause before the Close has passed.
  mutating func settled() {
    guard case .settling = state else { return }
    state = .closing(isSent: false)
    actions.append(.flush)
  }

  mutating func received(close reason: CloseReason) {
    switch state {
    case .closing(isSent: true): end(nil)
    case .ended: break
    default:
      // The engine sends a Close to a writer only where the end is taken; its reason is empty then.
      let text = reason.reason.isEmpty ? "" : " '\(reason.reason)'"
      end(reason.code == nil ? .alreadyTaken : .cutOff("the engine closed the connection\(text)"))
    }
  }

  mutating func received(violation: String) {
    end(.cutOff("the engine sent an invalid frame: \(violation)"))
  }

  mutating func ended(_ reason: String) {
    if case .closing(isSent: true) = state {
      end(.cutOff("the connection ended before the engine confirmed the end of the data: \(reason)"))
    } else {
      end(.cutOff("the reader has left, or the connection was lost: \(reason)"))
    }
  }

  private mutating func end(_ reason: IIIChannelError.Reason?) {
    if case .ended = state { return }
    state = .ended(reason)
    actions.append(.drop(afterFlush: reason == nil))
    let left = (current.map { [$0] } ?? []) + writes.removeAll()
    current = nil
    for write in left {
      actions.append(.released(write.bytes.count))
      if let id = write.id { actions.append(.complete(id, reason ?? .closed)) }
    }
    for id in closers { actions.append(.complete(id, reason)) }
    closers = []
  }
}
