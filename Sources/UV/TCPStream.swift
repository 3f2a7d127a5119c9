internal import CUV

/// A connected TCP socket, confined to its loop.
///
/// Writes gather during a turn of the loop and leave together at its end. What the kernel does not take at once waits;
/// `onBacklog` tells how much, `onDrain` that it has gone.
package final class TCPStream: LoopResource {
  /// The bytes of one read: valid, and the owner's to change, during the call.
  package var onRead: ((UnsafeMutableRawBufferPointer) -> Void)?
  /// The stream ended by itself and is closed; called once, never after `close` or `reset`.
  package var onEnd: ((StreamEnd) -> Void)?
  /// What waits for the kernel after a flush, when anything does.
  package var onBacklog: ((Int) -> Void)?
  /// Nothing waits any more, after something did.
  package var onDrain: (() -> Void)?
  /// What was written is about to go to the kernel: the last moment to write more.
  package var onFlush: (() -> Void)?

  package let loop: Loop
  package private(set) var bytesReceived: UInt64 = 0
  /// Whether the handle is closed or about to be.
  package var isClosed: Bool { hasClosed }
  // Private: whether two accesses overlap is checked at every one of those that other modules could make.
  private var hasClosed = false

  let handle: UnsafeMutablePointer<uv_tcp_t>

  /// What was written in this turn, in memory of the loop's pool or, when larger, of its own.
  private var out: UnsafeMutableRawPointer?
  private var outCount = 0
  private var outCapacity = 0
  private var bytesWritten: UInt64 = 0
  private var requests = 0
  private var isDirty = false
  /// While `onFlush` runs: what it writes goes with the flush that called it.
  private var isFlushing = false
  private var isReading = false
  private var isEnding = false

  /// Above this much unflushed output a turn's end is not waited for, and a write of its own is queued.
  private static let chunk = 1 << 20

  init(on loop: Loop) {
    self.loop = loop
    handle = .allocate(capacity: 1)
    uv_tcp_init(loop.handle, handle)
    // Retained until the handle is closed: libuv calls back with it.
    handle.pointee.data = Unmanaged.passRetained(self).toOpaque()
    loop.register(self)
  }

  private var stream: UnsafeMutablePointer<uv_stream_t> {
    UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_stream_t.self)
  }

  private static func from(_ data: UnsafeMutableRawPointer?) -> TCPStream? {
    data.map { Unmanaged<TCPStream>.fromOpaque($0).takeUnretainedValue() }
  }

  func didConnect() { uv_tcp_nodelay(handle, 1) }

  // MARK: Reading

  package func startReading() {
    guard !isReading && !hasClosed && !isEnding else { return }
    isReading = true
    let code = uv_read_start(
      stream,
      { handle, _, buffer in
        guard let buffer, let stream = TCPStream.from(handle?.pointee.data) else { return }
        let memory = stream.loop.readBuffer
        buffer.pointee = uv_buf_init(memory.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(memory.count))
      },
      { handle, count, buffer in
        // There is no buffer with an end that libuv has learnt from the poll alone.
        TCPStream.from(handle?.pointee.data)?.didRead(count, buffer?.pointee.base.map { UnsafeMutableRawPointer($0) })
      })
    if code < 0 { end(.failed(UVError(code: code, operation: "read"))) }
  }

  package func stopReading() {
    guard isReading && !isEnding else { return }
    isReading = false
    uv_read_stop(stream)
  }

  private func didRead(_ count: Int, _ base: UnsafeMutableRawPointer?) {
    if count > 0, let base {
      bytesReceived += UInt64(count)
      if !isEnding { onRead?(UnsafeMutableRawBufferPointer(start: base, count: count)) }
    } else if count < 0 {
      let code = Int32(truncatingIfNeeded: count)
      end(code == UV_EOF.rawValue ? .eof : .failed(UVError(code: code, operation: "read")))
    }
  }

  private func end(_ reason: StreamEnd) {
    guard !hasClosed else { return }
    let onEnd = isEnding ? nil : self.onEnd
    close()
    onEnd?(reason)
  }

  // MARK: Writing

  /// Appends `count` bytes that `fill` writes; they leave at the end of the loop's turn. On a closed stream nothing
  /// is written and `fill` is not called.
  package func withWriteSpace(_ count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    guard !hasClosed && !isEnding && count > 0 else { return }
    let target = reserve(count)
    fill(UnsafeMutableRawBufferPointer(start: target, count: count))
    outCount += count
    bytesWritten += UInt64(count)
    flushLater()
  }

  /// Has the stream flushed, and `onFlush` called, at the end of the loop's turn; within `onFlush` it does nothing.
  package func flushLater() {
    guard !isDirty && !isFlushing && !hasClosed else { return }
    isDirty = true
    loop.markDirty(self)
  }

  /// Appends a copy of `bytes`.
  package func write(_ bytes: UnsafeRawBufferPointer) {
    withWriteSpace(bytes.count) { $0.copyMemory(from: bytes) }
  }

  private func reserve(_ count: Int) -> UnsafeMutableRawPointer {
    if let out, outCapacity - outCount >= count { return out + outCount }
    let needed = outCount + count
    let memory: UnsafeMutableRawPointer
    let capacity: Int
    if needed <= BufferPool.unit {
      memory = loop.buffers.take()
      capacity = BufferPool.unit
    } else {
      capacity = max(needed, min(outCapacity * 2, outCapacity + TCPStream.chunk))
      memory = .allocate(byteCount: capacity, alignment: 16)
    }
    if let out {
      memory.copyMemory(from: out, byteCount: outCount)
      loop.buffers.give(out, capacity: outCapacity)
    }
    out = memory
    outCapacity = capacity
    return memory + outCount
  }

  /// What libuv had queued when the handle was closed.
  private var queuedAtClose = 0

  /// Bytes that the kernel has not taken; of a closed stream those that it never took.
  package var unsentBytes: Int { outCount + (hasClosed ? queuedAtClose : uv_stream_get_write_queue_size(stream)) }

  /// Bytes that the kernel has taken: a position in the order of all that was written.
  package var bytesSent: UInt64 { bytesWritten - UInt64(unsentBytes) }

  /// Bytes that were written, taken by the kernel or not.
  package var bytesQueued: UInt64 { bytesWritten }

  /// The turn ends.
  func flushAtTurnEnd() {
    isDirty = false
    flush()
  }

  /// Gives the kernel what was written, now.
  package func flush() {
    if let onFlush {
      let isNested = isFlushing
      isFlushing = true
      onFlush()
      isFlushing = isNested
    }
    guard !hasClosed, let out, outCount > 0 else { return }
    var sent = 0
    if requests == 0 {
      var buffer = uv_buf_t(base: out.assumingMemoryBound(to: CChar.self), len: outCount)
      let code = uv_try_write(stream, &buffer, 1)
      if code >= 0 {
        sent = Int(code)
      } else if code != UV_EAGAIN.rawValue {
        end(.failed(UVError(code: code, operation: "write")))
        return
      }
    } else if outCount < TCPStream.chunk {
      onBacklog?(unsentBytes)  // rides on the write under way: its end flushes again
      return
    }
    if sent == outCount {
      releaseOut()
      return
    }
    queue(from: sent)
    if !hasClosed { onBacklog?(unsentBytes) }
  }

  private func releaseOut() {
    guard let out else { return }
    loop.buffers.give(out, capacity: outCapacity)
    self.out = nil
    outCount = 0
    outCapacity = 0
  }

  /// A write under way: libuv's request, and the memory that it sends from.
  private struct WriteRequest {
    var request = uv_write_t()
    var memory: UnsafeMutableRawPointer
    var capacity: Int
  }

  private func queue(from offset: Int) {
    guard let out else { return }
    let request = UnsafeMutablePointer<WriteRequest>.allocate(capacity: 1)
    request.initialize(to: WriteRequest(memory: out, capacity: outCapacity))
    var buffer = uv_buf_t(base: (out + offset).assumingMemoryBound(to: CChar.self), len: outCount - offset)
    self.out = nil
    outCount = 0
    outCapacity = 0
    requests += 1
    let raw = UnsafeMutableRawPointer(request).assumingMemoryBound(to: uv_write_t.self)
    let code = uv_write(raw, stream, &buffer, 1) { request, status in
      guard let request else { return }
      let stream = TCPStream.from(request.pointee.handle?.pointee.data)
      let write = UnsafeMutableRawPointer(request).assumingMemoryBound(to: WriteRequest.self)
      stream?.loop.buffers.give(write.pointee.memory, capacity: write.pointee.capacity)
      write.deallocate()
      stream?.didWrite(status)
    }
    if code < 0 {
      requests -= 1
      loop.buffers.give(request.pointee.memory, capacity: request.pointee.capacity)
      request.deallocate()
      end(.failed(UVError(code: code, operation: "write")))
    }
  }

  private func didWrite(_ status: Int32) {
    requests -= 1
    guard !hasClosed else { return }
    if status < 0 {
      end(.failed(UVError(code: status, operation: "write")))
      return
    }
    guard requests == 0 else { return }
    flush()
    guard !hasClosed && unsentBytes == 0 else { return }
    if isEnding { shutdownWrites() } else { onDrain?() }
  }

  // MARK: Closing

  /// Drops the connection; what is unsent is lost. Nothing is called back afterwards.
  package func close() {
    guard !hasClosed else { return }
    queuedAtClose = uv_stream_get_write_queue_size(stream)
    hasClosed = true
    forgetOwner()
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), TCPStream.didClose)
  }

  /// Drops the connection by a reset.
  package func reset() {
    guard !hasClosed else { return }
    queuedAtClose = uv_stream_get_write_queue_size(stream)
    hasClosed = true
    forgetOwner()
    if uv_tcp_close_reset(handle, TCPStream.didClose) != 0 {
      uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), TCPStream.didClose)
    }
  }

  /// Sends what is unsent, ends the sending side, discards what still comes, and closes when the peer has ended too.
  ///
  /// Nothing is called back any more. A peer that does not end holds the stream open: the owner sets itself a limit
  /// and calls `close`.
  package func closeAfterFlush() {
    guard !hasClosed && !isEnding else { return }
    startReading()
    guard !hasClosed else { return }
    flush()
    guard !hasClosed else { return }
    isEnding = true
    forgetOwner()
    if unsentBytes == 0 { shutdownWrites() }
  }

  private func shutdownWrites() {
    let request = UnsafeMutablePointer<uv_shutdown_t>.allocate(capacity: 1)
    let code = uv_shutdown(request, stream) { request, _ in request?.deallocate() }
    if code < 0 {
      request.deallocate()
      close()
    }
  }

  /// Breaks the ties to whoever used the stream, so that neither keeps the other.
  private func forgetOwner() {
    onRead = nil
    onEnd = nil
    onBacklog = nil
    onDrain = nil
    onFlush = nil
  }

  func closeWithLoop() { close() }

  private static let didClose: uv_close_cb = { handle in
    guard let handle, let data = handle.pointee.data else { return }
    let stream = Unmanaged<TCPStream>.fromOpaque(data).takeRetainedValue()
    stream.loop.unregister(stream)
    stream.queuedAtClose += stream.outCount
    stream.releaseOut()
    stream.handle.deallocate()
  }

  // MARK: Addresses

  package var peerAddress: SocketAddress? { address(uv_tcp_getpeername) }
  package var localAddress: SocketAddress? { address(uv_tcp_getsockname) }

  private func address(
    _ ask: (UnsafePointer<uv_tcp_t>, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32
  ) -> SocketAddress? {
    guard !hasClosed else { return nil }
    var storage = sockaddr_storage()
    var size = Int32(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutablePointer(to: &storage) {
      ask(handle, UnsafeMutableRawPointer($0).assumingMemoryBound(to: sockaddr.self), &size)
    }
    return code == 0 ? SocketAddress(storage) : nil
  }
}
