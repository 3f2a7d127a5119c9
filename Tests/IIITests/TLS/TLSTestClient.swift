import Foundation
import TestSupport
import UV

@testable import III

/// A client's TLS stream that reports to a test what it receives.
actor TLSTestClient {
  private let loop: Loop
  private var stream: TLSStream?
  private var attempt: ConnectAttempt?
  private var isBehind = false
  private var backlogWaiters: [CheckedContinuation<Void, Never>] = []
  private var readers: [(count: Int, continuation: CheckedContinuation<Void, Never>)] = []
  private let ends = Mailbox<TransportEnd>(isKeepingItems: true)
  private var waits = 0
  /// The expected bytes; `isRight` says whether they came.
  private let expected: [UInt8]
  private(set) var isRight = true
  private(set) var received = 0
  /// The most ciphertext that waited for the kernel.
  private(set) var peak = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init(on loop: Loop, expecting expected: [UInt8]) {
    self.loop = loop
    self.expected = expected
  }

  /// Connects to a server on this machine and does the handshake, unless it `isStalled`; `early` is written before that is done.
  static func open(
    _ port: UInt16, _ context: TLSContext, early: [[UInt8]] = [], expecting expected: [UInt8] = [],
    isStalled: Bool = false, on loop: Loop = TestLoop.shared
  ) async throws -> TLSTestClient {
    let client = TLSTestClient(on: loop, expecting: expected)
    try await client.connect(port, context, early, isStalled)
    return client
  }

  private func connect(_ port: UInt16, _ context: TLSContext, _ early: [[UInt8]], _ isStalled: Bool) async throws {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: port) else { return }
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      attempt = TCPStream.connect(on: loop, to: address) { [self] result in
        attempt = nil
        do {
          let stream = TLSStream(try result.get(), try TLSSession(client: context, host: "127.0.0.1"))
          self.stream = stream
          listen(stream, isStalled ? nil : continuation)
          for piece in early { stream.write(piece) }
          stream.start()
          if isStalled { continuation.resume() }
        } catch { continuation.resume(throwing: error) }
      }
    }
  }

  private func listen(_ stream: TLSStream, _ opened: CheckedContinuation<Void, any Error>?) {
    var opened = opened
    stream.onOpen = {
      opened?.resume()
      opened = nil
    }
    stream.onRead = { [self] in read($0) }
    stream.onBacklog = { [self, unowned stream] in
      peak = max(peak, $0 - Int(stream.bytesQueued - stream.bytesSent))
      if $0 > 1 << 20 { fallBehind() }
    }
    stream.onEnd = { [self] end in
      ends.put(end)
      if case .failed(let reason) = end { opened?.resume(throwing: TLSFailure(reason)) }
      opened = nil
    }
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer) {
    let isRight = expected.withUnsafeBytes { expected in
      guard let base = expected.baseAddress, let read = bytes.baseAddress, received + bytes.count <= expected.count
      else {
        return false
      }
      return memcmp(base + received, read, bytes.count) == 0
    }
    self.isRight = self.isRight && isRight
    received += bytes.count
    for reader in readers where reader.count <= received { reader.continuation.resume() }
    readers.removeAll { $0.count <= received }
  }

  func write(_ bytes: [UInt8]) { stream?.write(bytes) }

  /// Waits until all expected bytes have come.
  func receiveAll() async {
    if received >= expected.count { return }
    await withCheckedContinuation { readers.append((expected.count, $0)) }
  }

  private func fallBehind() {
    isBehind = true
    for waiter in backlogWaiters { waiter.resume() }
    backlogWaiters = []
  }

  /// Waits until more than a MiB waits to be sent.
  func backlog() async {
    if !isBehind { await withCheckedContinuation { backlogWaiters.append($0) } }
  }

  func end() async throws -> TransportEnd {
    waits += 1
    return try await withCheckedThrowingContinuation { ends.wait(waits, { _ in true }, $0) }
  }

  /// The number of plaintext bytes written, of those that TLS has accepted, and of all bytes that wait.
  var counts: (queued: UInt64, sent: UInt64, unsent: Int) {
    (stream?.bytesQueued ?? 0, stream?.bytesSent ?? 0, stream?.unsentBytes ?? 0)
  }

  /// The number of bytes that TCP was given.
  var ciphertext: UInt64 { stream?.stream.bytesQueued ?? 0 }

  func close() { stream?.close() }
  func closeAfterFlush() { stream?.closeAfterFlush() }
}
