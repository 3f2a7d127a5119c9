import UV

/// A peer that sends the same frames again and again, as fast as the engine takes them, and throws away what it receives.
///
/// It uses blocking calls on two threads, so that it never waits for its own reading.
final class RawFlooder: Sendable {
  private let socket: BlockingSocket
  private let isStopped = Lock(false)
  private let sent = Lock(0)
  private let threads = Monitor(2)

  /// Connects to `target` of an engine, sends `first` once, then `frames` until `stop`.
  init(port: UInt16, target: String, first: [UInt8], frames: [UInt8]) {
    socket = BlockingSocket(port: port)
    let request =
      "GET \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    send(Array(request.utf8) + first)
    _ = startDetachedThread(named: "flood out") { [self] in
      while !isStopped.withLock({ $0 }), send(frames) {}
      threads.withLock { $0 -= 1 }
      threads.wakeAll()
    }
    _ = startDetachedThread(named: "flood in") { [self] in
      var bytes = [UInt8](repeating: 0, count: 1 << 20)
      while socket.receive(&bytes) > 0 {}
      threads.withLock { $0 -= 1 }
      threads.wakeAll()
    }
  }

  /// Bytes that the engine's system has taken.
  var bytesSent: Int { sent.withLock { $0 } }

  /// Ends the connection and both threads.
  func stop() {
    isStopped.withLock { $0 = true }
    socket.end()
    _ = threads.wait { $0 == 0 ? true : nil }
    socket.free()
  }

  @discardableResult private func send(_ bytes: [UInt8]) -> Bool {
    socket.send(bytes) { count in sent.withLock { $0 += count } }
  }
}
