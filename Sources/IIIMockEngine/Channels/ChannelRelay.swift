internal import III
internal import UV

/// A channel with the connections at its ends. Confined to the engine's loop.
final class ChannelRelay {
  let name: ChannelName
  /// By the engine's time, in nanoseconds.
  let created: UInt64
  private var channel: Channel
  private unowned let server: Server
  private var writer: Peer?
  private var reader: Peer?
  /// The reader has been sent everything but the Close.
  private var isFinishing = false
  /// A send may end the reader's connection while the channel is being changed: the channel hears of it afterwards.
  private var isChanging = false
  private var lost: [ChannelDirection] = []

  /// Bytes that may be written before it is looked how many of them wait.
  private var room = ChannelRelay.window

  /// The reader is sent no more while this much waits for the kernel.
  private static let window = 256 << 10
  /// No more than this of a window and pongs waits for the kernel, but for one message.
  private static let unsentLimit = 1 << 20
  /// What a message takes beyond its bytes, at least.
  private static let overhead = 2

  init(_ name: ChannelName, capacity: Int?, created: UInt64, on server: Server) {
    self.name = name
    self.created = created
    self.server = server
    channel = Channel(capacity: capacity)
  }

  var isOrphaned: Bool { channel.isOrphaned }
  var isFinished: Bool { channel.isFinished }

  // MARK: Ends

  /// A connection takes an end; `false`: it was taken before.
  func take(_ direction: ChannelDirection, by peer: Peer) -> Bool {
    guard channel.take(direction) else { return false }
    switch direction {
    case .write: writer = peer
    case .read:
      reader = peer
      change { $0.readerDrained(self) }
    }
    return true
  }

  /// An end's connection has ended by itself, or by what its peer did.
  func ended(_ direction: ChannelDirection) {
    switch direction {
    case .write: writer = nil
    case .read: reader = nil
    }
    if isChanging { lost.append(direction) } else { change { $0.lost(direction, self) } }
  }

  /// Whoever waits at one end waits in vain: nobody came for the other.
  func abandon() {
    if channel.writer != channel.reader {
      let missing = channel.writer == .free ? ChannelDirection.write : .read
      server.note(
        .warning(
          "channel \(name.id) was removed: nobody opened its \(missing.rawValue) end for "
            + "\(ChannelRegistry.sweepAge); ends connect with the first message or read"))
    }
    change { $0.abandon(self) }
  }

  /// What was written to an end's connection has gone.
  func drained(_ direction: ChannelDirection) {
    guard direction == .read else { return }
    finishIfDrained()
    room = ChannelRelay.window
    change { $0.readerDrained(self) }
  }

  // MARK: Reading

  /// Reads what has come from an end.
  func read(_ peer: Peer, _ direction: ChannelDirection) -> Router.ConnectionEnd? {
    switch direction {
    // One access to frames and channel a read, however many messages it brought.
    case .write: change { $0.read(&peer.reader, self) }.map { .broken($0) }
    case .read: readReader(peer)
    }
  }

  /// Readers have nothing to say but pings and a Close.
  private func readReader(_ peer: Peer) -> Router.ConnectionEnd? {
    while let event = peer.reader.next() {
      switch event {
      case .text, .binary, .pong: break
      case .ping(let payload): pong(payload, to: peer)
      case .close(let reason): return .closed(reason)
      case .violation(let violation): return .broken(violation)
      }
    }
    return nil
  }

  private func change<Result>(_ body: (inout Channel) -> Result) -> Result {
    isChanging = true
    let result = body(&channel)
    while !lost.isEmpty {
      let direction = lost.removeFirst()
      channel.lost(direction, self)
    }
    isChanging = false
    return result
  }
}

extension ChannelRelay: ChannelOutput {
  func deliver(_ bytes: ByteView, isText: Bool) -> Bool {
    guard let reader else { return false }
    reader.send(isText ? .text : .binary, bytes)
    room -= bytes.count + ChannelRelay.overhead
    if room > 0 { return true }
    // At once: if the kernel takes it all, nothing is left of which the end could be told.
    reader.stream.flush()
    room = ChannelRelay.window - reader.stream.unsentBytes
    return room > 0
  }

  func pong(_ payload: ByteView) { if let writer { pong(payload, to: writer) } }

  /// Whoever reads none of its pongs gets no more of them.
  private func pong(_ payload: ByteView, to peer: Peer) {
    if peer.stream.unsentBytes < ChannelRelay.unsentLimit { peer.send(.pong, payload) }
  }

  /// However slow the reader is, it gets what waits for the kernel first.
  func finishReader() {
    reader?.stream.flush()
    isFinishing = true
    finishIfDrained()
  }

  private func finishIfDrained() {
    guard let peer = reader, isFinishing, peer.stream.unsentBytes == 0 else { return }
    reader = nil
    server.close(peer, with: FrameEncoder.close(nil, maskKey: nil))
  }

  func pauseWriter() { writer?.stream.stopReading() }
  func resumeWriter() { writer?.stream.startReading() }

  func answerClose(_ reason: CloseReason) {
    guard let peer = writer else { return }
    writer = nil
    server.close(peer, with: FrameEncoder.close(reason.code, reason: reason.reason, maskKey: nil))
  }

  func dropWriter() {
    guard let peer = writer else { return }
    writer = nil
    server.note(.warning("channel \(name.id): its reader is gone, so its writer was dropped"))
    server.drop(peer)
  }
}
