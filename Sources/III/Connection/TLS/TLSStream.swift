package import UV

/// A TCP stream with TLS over it. Its owner uses it like a `TCPStream`, with plaintext in and out. Confined to the loop.
///
/// Written bytes are collected during a turn of the loop and encrypted at its end, with several small messages in one record, and only as
/// fast as the kernel accepts them; the rest waits as plaintext. So TLS has accepted hardly more than TCP has.
package final class TLSStream {
  /// The handshake is done.
  package var onOpen: (() -> Void)?
  /// Called with plaintext, which is valid, and may be changed by the owner, during the call.
  package var onRead: ((UnsafeMutableRawBufferPointer) -> Void)?
  /// The stream ended and is closed; called once, never after `close` or `closeAfterFlush`.
  package var onEnd: ((TransportEnd) -> Void)?
  /// Called after a flush with the number of bytes that wait, if there are any.
  package var onBacklog: ((Int) -> Void)?
  /// Called when nothing waits any more, after something did.
  package var onDrain: (() -> Void)?
  /// Writes the next bytes when there is room.
  package var output: Transport.Output?

  /// The number of plaintext bytes written.
  package private(set) var bytesQueued: UInt64 = 0
  /// The number of plaintext bytes that TLS has accepted: they may reach the peer, and cannot be taken back.
  package private(set) var bytesSent: UInt64 = 0
  package private(set) var isClosed = false

  let stream: TCPStream
  private let session: TLSSession
  private var hasRead = false

  /// Written and not yet encrypted, except for the first `offset` bytes of the first piece.
  private var pending = FIFO<[UInt8]>()
  private var offset = 0
  private var isPumping = false
  private var isBehind = false
  private var isEnding = false

  /// Buffers for the plaintext of one read, and of one record that is made of several pieces.
  private let inbound: UnsafeMutableRawBufferPointer
  private let record: UnsafeMutableRawBufferPointer

  /// The most plaintext that a record holds.
  private static let recordSize = 16 << 10
  /// How many records of a long piece are encrypted at a time: their ciphertext fits into a buffer of the loop's pool.
  private static let recordsAtOnce = 3
  /// Nothing is encrypted while this much ciphertext waits for the kernel.
  private static let ciphertextLimit = 64 << 10
  /// How many bytes are encrypted in one turn of the loop, so that other streams are served too.
  private static let turnLimit = 1 << 20

  /// Takes over a connected stream; call `start` next.
  package init(_ stream: TCPStream, _ session: TLSSession) {
    self.stream = stream
    self.session = session
    inbound = .allocate(byteCount: 2 * Self.recordSize, alignment: 16)
    record = .allocate(byteCount: Self.recordSize, alignment: 16)
  }

  deinit {
    inbound.deallocate()
    record.deallocate()
  }

  /// Begins the handshake.
  package func start() {
    stream.onRead = { [self] in received(UnsafeRawBufferPointer($0)) }
    stream.onEnd = { [self] in ended($0) }
    stream.onFlush = { [self] in pump() }
    stream.onDrain = { [self] in pump() }
    stream.startReading()
    session.shakeHands()
    sendCiphertext()
    // Nothing was sent, so no answer would come.
    if case .failed(let failure) = session.state { end(.failed(failure.text)) }
  }

  package func startReading() { stream.startReading() }
  package func stopReading() { stream.stopReading() }

  // MARK: Reading

  private func received(_ ciphertext: UnsafeRawBufferPointer) {
    session.receive(ciphertext)
    if session.state == .handshaking {
      session.shakeHands()
      sendCiphertext()
      if session.state == .open {
        if !pending.isEmpty { stream.flushLater() }
        onOpen?()
      }
    }
    while !isClosed {
      let count = session.read(into: inbound)
      guard count > 0 else { break }
      hasRead = true
      // While the stream is ending, bytes are still read, because TLS needs them, and dropped.
      if !isEnding { onRead?(UnsafeMutableRawBufferPointer(rebasing: inbound[..<count])) }
    }
    guard !isClosed else { return }
    sendCiphertext()
    switch session.state {
    case .handshaking: break
    case .open: if !pending.isEmpty || isBehind { stream.flushLater() }
    case .closed: if !isEnding { end(.eof) }
    case .failed(let failure): end(.failed(failure.text))
    }
  }

  private func ended(_ how: StreamEnd) {
    let peer = session.role.peer
    var hint = ""
    if session.wasCertificateWanted && !hasRead {
      hint = "; it \(TLSFailure.certificateWanted)"
    } else if !session.hasReceived {
      hint = "; perhaps it does not speak TLS on this port"
    }
    if let doubt = session.doubt {
      end(.failed(doubt))
      return
    }
    switch (how, session.state) {
    case (.eof, .handshaking): end(.failed("the \(peer) ended the connection in the TLS handshake\(hint)"))
    case (.failed(let error), .handshaking): end(.failed("the \(peer) broke off the TLS handshake (\(error))\(hint)"))
    case (.eof, _): end(hint.isEmpty ? .truncated : .failed("the \(peer) ended the connection\(hint)"))
    case (.failed(let error), _): end(.failed("\(error)\(hint)"))
    }
  }

  /// Ends the stream; the last TLS messages are sent if that is possible at once.
  private func end(_ reason: TransportEnd) {
    guard !isClosed else { return }
    let onEnd = self.onEnd
    shut()
    onEnd?(reason)
  }

  // MARK: Writing

  /// Bytes that the kernel has not taken: waiting plaintext, and ciphertext.
  package var unsentBytes: Int { Int(bytesQueued - bytesSent) + stream.unsentBytes }

  /// Appends `bytes`, which are sent at the end of the loop's turn, or when the handshake is done.
  package func write(_ bytes: [UInt8]) {
    guard !isClosed && !isEnding && !bytes.isEmpty else { return }
    pending.append(bytes)
    bytesQueued += UInt64(bytes.count)
    if session.state == .open { stream.flushLater() }
  }

  /// Encrypts what waits, as much as the kernel accepts and a turn allows.
  private func pump() {
    guard !isPumping && !isClosed && session.canWrite else { return }
    isPumping = true
    // Ciphertext that was encrypted earlier is sent first, which makes room.
    stream.flush()
    var turn = 0
    while !isClosed, turn < Self.turnLimit, stream.unsentBytes < Self.ciphertextLimit {
      if pending.isEmpty, isEnding || output?.fill() != true { break }
      guard !isClosed, !pending.isEmpty else { break }
      let count = encrypt()
      guard count > 0 else { break }  // TLS waits for the peer's next bytes
      turn += count
      sendCiphertext()
      stream.flush()
    }
    isPumping = false
    guard !isClosed else { return }
    let isRefused = !pending.isEmpty
    if isRefused { takeBack() }
    if case .failed(let failure) = session.state {
      end(.failed(failure.text))
    } else if turn >= Self.turnLimit {
      let me = LoopBound(self, on: stream.loop)
      stream.loop.post { me.value.stream.flushLater() }
    }
    // If output was refused, a later flush reports the room.
    if isRefused && output != nil { isBehind = true } else { report() }
    if isEnding && pending.isEmpty { finish() }
  }

  /// Drops what the owner keeps for later: whole pieces of which nothing was encrypted.
  private func takeBack() {
    guard let output, !isEnding else { return }
    let keep = output.refused(bytesSent).keep
    guard keep < bytesQueued, !isClosed else { return }
    var start = bytesSent - UInt64(offset)
    pending.removeAll { piece in
      defer { start += UInt64(piece.count) }
      return start >= keep
    }
    bytesQueued = keep
  }

  /// Calls `Output.fill` at the end of the loop's turn.
  package func flushLater() {
    if session.state == .open { stream.flushLater() }
  }

  /// Encrypts the first of the waiting bytes: a few records of a long piece, or one record of short ones.
  private func encrypt() -> Int {
    guard let first = pending.first else { return 0 }
    let rest = first.count - offset
    let taken: Int
    if rest >= Self.recordSize {
      let size = min(rest / Self.recordSize, Self.recordsAtOnce) * Self.recordSize
      taken = first.withUnsafeBytes { session.write(UnsafeRawBufferPointer(rebasing: $0[offset..<offset + size])) }
    } else if pending.count == 1 {
      taken = first.withUnsafeBytes { session.write(UnsafeRawBufferPointer(rebasing: $0[offset...])) }
    } else {
      taken = session.write(UnsafeRawBufferPointer(rebasing: record[..<gather()]))
    }
    consume(taken)
    return taken
  }

  /// Copies the first of the waiting bytes into one record.
  private func gather() -> Int {
    var filled = 0
    var skipped = offset
    pending.forEach { piece in
      let size = min(piece.count - skipped, Self.recordSize - filled)
      piece.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(rebasing: record[filled...]).copyMemory(
          from: UnsafeRawBufferPointer(rebasing: $0[skipped..<skipped + size]))
      }
      filled += size
      skipped = 0
      return filled < Self.recordSize
    }
    return filled
  }

  private func consume(_ count: Int) {
    bytesSent += UInt64(count)
    var rest = count
    while rest > 0, let first = pending.first {
      if rest < first.count - offset {
        offset += rest
        return
      }
      rest -= first.count - offset
      offset = 0
      _ = pending.popFirst()
    }
  }

  private func sendCiphertext() {
    let count = session.ciphertextCount
    if count > 0 { stream.withWriteSpace(count) { session.takeCiphertext(into: $0) } }
  }

  private func report() {
    let waiting = unsentBytes
    if waiting > 0 {
      isBehind = true
      onBacklog?(waiting)
    } else if isBehind {
      isBehind = false
      onDrain?()
      output?.drained()
    }
  }

  // MARK: Closing

  /// Drops the connection; waiting bytes are lost. The peer is told, if that is possible at once.
  package func close() {
    guard !isClosed else { return }
    if session.state == .open, pending.isEmpty, stream.unsentBytes == 0 { session.shutDown() }
    shut()
  }

  /// Sends what waits, tells the peer that nothing more will come, and ends the connection as `TCPStream.closeAfterFlush` does. The owner
  /// sets a time limit and calls `close` when it is over.
  package func closeAfterFlush() {
    guard !isClosed && !isEnding else { return }
    forgetOwner()
    guard session.canWrite else {
      shut()
      return
    }
    isEnding = true
    stream.startReading()
    pump()
  }

  /// Everything is encrypted: ends the session, then the stream.
  private func finish() {
    session.shutDown()
    sendCiphertext()
    stream.closeAfterFlush()
  }

  private func shut() {
    if session.state == .closed { session.shutDown() }
    isClosed = true
    forgetOwner()
    if session.ciphertextCount > 0 { sendCiphertext() }
    stream.flush()
    stream.close()
  }

  /// Releases the callbacks, so that the stream and its owner do not keep each other alive.
  private func forgetOwner() {
    onOpen = nil
    onRead = nil
    onEnd = nil
    onBacklog = nil
    onDrain = nil
    output = nil
  }
}
