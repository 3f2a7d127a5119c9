package import UV

/// What carries a connection's bytes: TCP, or TLS over TCP. Confined to the loop.
package enum Transport {
  case plain(TCPStream)
  case secure(TLSStream)

  /// The callbacks of an owner that writes only when the transport has room.
  package struct Output {
    /// Writes the next bytes; `false` if there are none.
    var fill: () -> Bool
    /// The socket refuses the bytes after this position of all that was written.
    var refused: (UInt64) -> Refusal
    /// The socket has accepted everything that was written, after it had refused some.
    var drained: () -> Void
  }

  /// What a transport does with the bytes that the socket refuses.
  package struct Refusal {
    /// The transport keeps what was written up to this position; the rest counts as never written.
    var keep: UInt64
    /// Written if nothing else is left: only a pending write reports that there is room again.
    var probe: [UInt8]
  }

  /// Sets the callbacks for bytes and for the end. The end is reported once; the transport is then closed.
  package func listen(
    onRead: @escaping (UnsafeMutableRawBufferPointer) -> Void, onEnd: @escaping (TransportEnd) -> Void,
    output: Output? = nil
  ) {
    switch self {
    case .plain(let stream):
      stream.onRead = onRead
      stream.onEnd = { end in
        switch end {
        case .eof: onEnd(.eof)
        case .failed(let error): onEnd(.failed("\(error)"))
        }
      }
      if let output { Transport.connect(stream, output) }
    case .secure(let stream):
      stream.onRead = onRead
      stream.onEnd = onEnd
      stream.output = output
    }
  }

  /// How many bytes one turn of the loop sends, so that other connections are served too.
  private static let turnBytes = 4 << 20

  private static func connect(_ stream: TCPStream, _ output: Output) {
    var isFilling = false
    stream.onFlush = { [unowned stream] in
      guard !isFilling else { return }
      isFilling = true
      defer { isFilling = false }
      let limit = stream.bytesQueued + UInt64(turnBytes)
      while output.fill() {
        stream.flush()
        guard !stream.isClosed, stream.unsentBytes == 0 else { return }
        if stream.bytesQueued >= limit {
          let bound = LoopBound(stream, on: stream.loop)
          stream.loop.post { bound.value.flushLater() }
          return
        }
      }
    }
    stream.onRefused = { [unowned stream] in
      let refusal = output.refused($0)
      return stream.isClosed ? (.max, []) : (refusal.keep, refusal.probe)
    }
    stream.onDrain = output.drained
  }

  /// Calls `Output.fill` at the end of the loop's turn.
  package func flushLater() {
    switch self {
    case .plain(let stream): stream.flushLater()
    case .secure(let stream): stream.flushLater()
    }
  }

  package func startReading() {
    switch self {
    case .plain(let stream): stream.startReading()
    case .secure(let stream): stream.startReading()
    }
  }

  package func stopReading() {
    switch self {
    case .plain(let stream): stream.stopReading()
    case .secure(let stream): stream.stopReading()
    }
  }

  /// The number of bytes written, sent or not.
  package var bytesQueued: UInt64 {
    switch self {
    case .plain(let stream): stream.bytesQueued
    case .secure(let stream): stream.bytesQueued
    }
  }

  /// The number of bytes that TCP or TLS has accepted: a position in the order of all that was written.
  package var bytesSent: UInt64 {
    switch self {
    case .plain(let stream): stream.bytesSent
    case .secure(let stream): stream.bytesSent
    }
  }

  /// Appends `bytes`, which are sent at the end of the loop's turn.
  package func write(_ bytes: [UInt8]) {
    switch self {
    case .plain(let stream): bytes.withUnsafeBytes { stream.write($0) }
    case .secure(let stream): stream.write(bytes)
    }
  }

  /// Drops the connection; unsent bytes are lost, and no callback is called afterwards.
  package func close() {
    switch self {
    case .plain(let stream): stream.close()
    case .secure(let stream): stream.close()
    }
  }

  /// Sends the unsent bytes and ends the connection when the peer has ended it too. The owner sets a time limit and calls `close` then.
  package func closeAfterFlush() {
    switch self {
    case .plain(let stream): stream.closeAfterFlush()
    case .secure(let stream): stream.closeAfterFlush()
    }
  }
}

/// How a connection ended that its owner did not close.
package enum TransportEnd: Equatable, Sendable {
  /// A clean end: FIN, and close_notify for TLS.
  case eof
  /// TCP ended without the end of TLS: the peer, or a device between, cut the connection.
  case truncated
  /// Reading, writing or TLS failed, with the reason.
  case failed(String)
}
