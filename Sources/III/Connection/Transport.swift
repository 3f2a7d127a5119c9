package import UV

/// What carries a connection's bytes: TCP, or TLS over it. Confined to the loop.
package enum Transport {
  case plain(TCPStream)
  case secure(TLSStream)

  /// Sets who hears of bytes, of the end, and of what waits to be sent. An end is heard of once, and closes the transport by itself.
  package func listen(
    onRead: @escaping (UnsafeMutableRawBufferPointer) -> Void, onEnd: @escaping (TransportEnd) -> Void,
    onBacklog: ((Int) -> Void)? = nil, onDrain: (() -> Void)? = nil
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
      stream.onBacklog = onBacklog
      stream.onDrain = onDrain
    case .secure(let stream):
      stream.onRead = onRead
      stream.onEnd = onEnd
      stream.onBacklog = onBacklog
      stream.onDrain = onDrain
    }
  }

  package func startReading() {
    switch self {
    case .plain(let stream): stream.startReading()
    case .secure(let stream): stream.startReading()
    }
  }

  /// Bytes that were written, sent or not.
  package var bytesQueued: UInt64 {
    switch self {
    case .plain(let stream): stream.bytesQueued
    case .secure(let stream): stream.bytesQueued
    }
  }

  /// Bytes that TCP or TLS has accepted: a position in the order of all that was written.
  package var bytesSent: UInt64 {
    switch self {
    case .plain(let stream): stream.bytesSent
    case .secure(let stream): stream.bytesSent
    }
  }

  /// Appends `bytes`, which leave at the end of the loop's turn.
  package func write(_ bytes: [UInt8]) {
    switch self {
    case .plain(let stream): bytes.withUnsafeBytes { stream.write($0) }
    case .secure(let stream): stream.write(bytes)
    }
  }

  /// Drops the connection; what is unsent is lost, and nothing is called back afterwards.
  package func close() {
    switch self {
    case .plain(let stream): stream.close()
    case .secure(let stream): stream.close()
    }
  }

  /// Sends what is unsent and ends the connection when the peer has ended it too; the owner sets itself a limit and calls `close`.
  package func closeAfterFlush() {
    switch self {
    case .plain(let stream): stream.closeAfterFlush()
    case .secure(let stream): stream.closeAfterFlush()
    }
  }
}
