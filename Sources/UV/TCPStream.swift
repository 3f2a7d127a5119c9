internal import CUV

/// A connected TCP socket, confined to its loop.
///
/// Reads: at most one per turn of the loop, of up to 256 KiB or `readLimit`. An owner with too much work for one turn keeps the rest with
/// `postpone`, so that no stream delays the others.
///
/// Writes are collected during a turn of the loop and sent together at its end. Bytes that the kernel does not take at once wait:
/// `onBacklog` reports how many, `onDrain` that all of them have been sent.
package final class TCPStream: LoopResource {
  /// The bytes of one read. They are valid, and the owner may change them, during the call.
  package var onRead: ((UnsafeMutableRawBufferPointer) -> Void)?
  /// The stream ended and is closed; called once, never after `close` or `reset`.
  package var onEnd: ((StreamEnd) -> Void)?
  /// The number of bytes that wait for the kernel: called when some are left after a flush or a finished write.
  package var onBacklog: ((Int) -> Void)?
  /// No bytes wait any more, after some waited.
  package var onDrain: (() -> Void)?
  /// The written bytes are about to go to the kernel: the last moment to write more.
  package var onFlush: (() -> Void)?
  /// The kernel refuses the bytes after the first `sent` bytes of all that was written. The stream keeps the bytes up to the position in
  /// the result and drops the rest. If it then has none, it writes `probe`, because only a pending write reports that there is room.
  package var onRefused: ((_ sent: UInt64) -> (keep: UInt64, probe: [UInt8]))?

  package let loop: Loop
  /// How many more bytes may pass to the kernel, however many are written; `nil` is without a limit. For faults.
  package var sendAllowance: Int?
  /// Whether bytes wait, or waited, for an allowance: the owner hears when they have been sent.
  private var isHeldBack = false
  /// The allowance is spent, or the kernel takes no more, and bytes wait: the owner renews the allowance and calls `flush`.
  package var onAllowanceSpent: (() -> Void)?
  /// The most bytes of one read; `nil` for as much as the loop's buffer holds.
  package var readLimit: Int?
  package private(set) var bytesReceived: UInt64 = 0
  /// Whether the handle is closed or about to be.
  package var isClosed: Bool { hasClosed }
  // Private, because otherwise every access from another module would be checked for exclusivity.
  private var hasClosed = false

  let handle: UnsafeMutablePointer<uv_tcp_t>

  /// Bytes that were written in this turn: in a buffer of the loop's pool, or in a larger one.
  private var out: UnsafeMutableRawPointer?
  private var outCount = 0
  private(set) var outCapacity = 0
  /// How many bytes the last flush had: the next one probably has as many, and growing copies.
  private var lastFlush = 0
  private var bytesWritten: UInt64 = 0
  private var requests = 0
  private var isDirty = false
  /// Whether `onFlush` is running: bytes that it writes are sent by the flush that called it.
  private var isFlushing = false
  /// Whether bytes that arrive are read.
  package private(set) var isReading = false
  private var isEnding = false
  /// Whether the connection is still being made.
  var isConnecting = false
  /// The other end of the connection, once it is known to be a stream of the same loop.
  private(set) weak var partner: TCPStream?
  /// Whether `partner` was known once.
  private var hadPartner = false
  /// Both addresses, once they were asked for.
  private var ends: Ends?
  /// Whether the last read filled its buffer: libuv then asks for another buffer in the same turn and receives none.
  private var isBufferFilled = false

  /// Bytes that `postpone` kept: `keptCount` from `keptOffset` on.
  private var kept: UnsafeMutableRawPointer?
  private var keptCapacity = 0
  private var keptOffset = 0
  private var keptCount = 0
  /// Whether the stream is in the loop's queue of postponed ones.
  private var isPostponed = false

  /// While a write is pending, output is collected until there is this much of it.
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

  /// Takes over a connected socket.
  func adopt(_ descriptor: Int32) -> Int32 {
    let code = uv_tcp_open(handle, descriptor)
    if code == 0 { didConnect() }
    return code
  }

  /// The socket's number; `nil` once the stream is closed.
  var descriptor: Int32? {
    var number: uv_os_fd_t = -1
    let code = uv_fileno(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), &number)
    return hasClosed || code != 0 ? nil : number
  }

  // MARK: Reading

  package func startReading() {
    guard !isReading && !hasClosed && !isEnding else { return }
    isReading = true
    isBufferFilled = false
    if keptCount > 0 { resumeLater() }
    let code = uv_read_start(
      stream,
      { handle, _, buffer in
        guard let buffer, let stream = TCPStream.from(handle?.pointee.data) else { return }
        let memory = stream.readSpace
        buffer.pointee = uv_buf_init(
          memory?.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(memory?.count ?? 0))
      },
      { handle, count, buffer in
        // libuv passes no buffer if it has learnt of the end from the poll alone.
        TCPStream.from(handle?.pointee.data)?.didRead(count, buffer?.pointee.base.map { UnsafeMutableRawPointer($0) })
      })
    if code < 0 { end(.failed(UVError(code: code, operation: "read"))) }
  }

  /// Stops reading, and handling postponed bytes, until `startReading`.
  package func stopReading() {
    guard isReading && !isEnding else { return }
    isReading = false
    uv_read_stop(stream)
  }

  /// Memory for the next read; `nil` if the turn's read has been done or its bytes are still being handled.
  private var readSpace: UnsafeMutableRawBufferPointer? {
    guard !isBufferFilled && keptCount == 0 else { return nil }
    guard let readLimit else { return loop.readBuffer }
    return UnsafeMutableRawBufferPointer(rebasing: loop.readBuffer.prefix(readLimit))
  }

  private func didRead(_ count: Int, _ base: UnsafeMutableRawPointer?) {
    if count == Int(UV_ENOBUFS.rawValue) {
      // This is expected: `readSpace` returned none. The socket stays readable and is read in the next turn.
      isBufferFilled = false
    } else if count > 0, let base {
      isBufferFilled = count >= readLimit ?? loop.readBuffer.count
      bytesReceived += UInt64(count)
      loop.beforeStep?()
      loop.noteActivity()
      if !isEnding { onRead?(UnsafeMutableRawBufferPointer(start: base, count: count)) }
    } else if count < 0 {
      let code = Int32(truncatingIfNeeded: count)
      end(code == UV_EOF.rawValue ? .eof : .failed(UVError(code: code, operation: "read")))
    }
  }

  /// Keeps `rest`, the last part of the bytes that `onRead` is being called with. In the loop's next turn `onRead` is called with it again,
  /// after other streams were read. Nothing more is read until then.
  package func postpone(_ rest: UnsafeMutableRawBufferPointer) {
    guard !hasClosed && !isEnding && rest.count > 0, let start = rest.baseAddress else { return }
    if let kept, start >= kept, start < kept + keptCapacity {
      keptOffset = start - kept
    } else {
      releaseKept()
      let memory: UnsafeMutableRawPointer
      (memory, keptCapacity) = loop.buffers.take(rest.count)
      memory.copyMemory(from: start, byteCount: rest.count)
      kept = memory
      keptOffset = 0
    }
    keptCount = rest.count
    if isReading { resumeLater() }
  }

  private func resumeLater() {
    guard !isPostponed else { return }
    isPostponed = true
    loop.resumeLater(self)
  }

  /// Handles the postponed bytes.
  func resume() {
    isPostponed = false
    guard isReading && !isEnding && !hasClosed, let kept, keptCount > 0 else { return }
    let bytes = UnsafeMutableRawBufferPointer(start: kept + keptOffset, count: keptCount)
    keptCount = 0
    loop.beforeStep?()
    loop.noteActivity()
    onRead?(bytes)
    // A closed stream keeps the memory until its handle is closed, because the caller may still read it.
    if keptCount == 0 && !hasClosed { releaseKept() }
  }

  private func releaseKept() {
    if let kept { loop.buffers.give(kept, capacity: keptCapacity) }
    kept = nil
    keptCapacity = 0
    keptCount = 0
  }

  private func end(_ reason: StreamEnd) {
    guard !hasClosed else { return }
    loop.noteActivity()
    let onEnd = isEnding ? nil : self.onEnd
    close()
    onEnd?(reason)
  }

  // MARK: Writing

  /// Appends `count` bytes, which `fill` writes; they are sent at the end of the loop's turn. On a closed stream nothing is written and
  /// `fill` is not called.
  package func withWriteSpace(_ count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
    guard !hasClosed && !isEnding && count > 0 else { return }
    let target = reserve(count)
    fill(UnsafeMutableRawBufferPointer(start: target, count: count))
    outCount += count
    bytesWritten += UInt64(count)
    flushLater()
  }

  /// Flushes the stream, and so calls `onFlush`, at the end of the loop's turn. Has no effect within `onFlush`.
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
    // Doubled, because growing by a fixed step would copy the square of what a turn writes.
    let expected = out == nil ? min(lastFlush, TCPStream.chunk) : outCapacity * 2
    let (memory, capacity) = loop.buffers.take(max(outCount + count, expected))
    if let out {
      memory.copyMemory(from: out, byteCount: outCount)
      loop.buffers.give(out, capacity: outCapacity)
    }
    out = memory
    outCapacity = capacity
    return memory + outCount
  }

  /// The number of bytes that libuv had queued when the handle was closed.
  private var queuedAtClose = 0

  /// The number of bytes that were written and not yet flushed.
  package var unflushedBytes: Int { outCount }

  /// The number of bytes that the kernel has not taken; for a closed stream, of those that it never took.
  package var unsentBytes: Int { outCount + (hasClosed ? queuedAtClose : uv_stream_get_write_queue_size(stream)) }

  /// The number of bytes that the kernel has taken: a position in the order of all written bytes.
  package var bytesSent: UInt64 { bytesWritten - UInt64(unsentBytes) }

  /// The number of bytes that were written, whether or not the kernel has taken them.
  package var bytesQueued: UInt64 { bytesWritten }

  func flushAtTurnEnd() {
    isDirty = false
    flush()
  }

  /// Passes the written bytes to the kernel now.
  package func flush() {
    if let onFlush {
      let isNested = isFlushing
      isFlushing = true
      onFlush()
      isFlushing = isNested
    }
    guard !hasClosed, let out, outCount > 0 else { return }
    loop.noteActivity()
    if let sendAllowance { return flush(out, atMost: sendAllowance) }
    lastFlush = outCount
    var sent = 0
    if requests == 0 {
      let code = tryWrite(out, outCount)
      if code >= 0 {
        sent = Int(code)
      } else if code != UV_EAGAIN.rawValue {
        end(.failed(UVError(code: code, operation: "write")))
        return
      }
    } else if outCount < TCPStream.chunk {
      onBacklog?(unsentBytes)  // the end of the pending write flushes again
      return
    }
    if sent < outCount, let onRefused {
      takeBack(onRefused(bytesWritten - UInt64(outCount - sent)), sent: sent)
      guard !hasClosed else { return }
    }
    if sent == outCount {
      releaseOut()
      if isHeldBack { allSent() }
      return
    }
    queue(from: sent)
    if !hasClosed { onBacklog?(unsentBytes) }
  }

  /// Offers bytes to the kernel; returns how many it took, or an error code of libuv.
  private func tryWrite(_ memory: UnsafeMutableRawPointer, _ count: Int) -> Int32 {
    if loop.hasGuest, let descriptor { return cuv_send(descriptor, memory, count) }
    var buffer = uv_buf_t(base: memory.assumingMemoryBound(to: CChar.self), len: count)
    return uv_try_write(stream, &buffer, 1)
  }

  /// Passes to the kernel what the allowance permits; the rest waits here.
  private func flush(_ out: UnsafeMutableRawPointer, atMost limit: Int) {
    let count = min(limit, outCount)
    var sent = 0
    if count > 0 && requests == 0 {
      let code = tryWrite(out, count)
      guard code >= 0 || code == UV_EAGAIN.rawValue else {
        return end(.failed(UVError(code: code, operation: "write")))
      }
      sent = max(0, Int(code))
    }
    sendAllowance = limit - sent
    outCount -= sent
    guard outCount > 0 else {
      releaseOut()
      if isHeldBack { allSent() }
      return
    }
    isHeldBack = true
    out.copyMemory(from: out + sent, byteCount: outCount)
    onBacklog?(unsentBytes)
    onAllowanceSpent?()
  }

  /// Nothing waits any more.
  private func allSent() {
    isHeldBack = false
    if isEnding { shutdownWrites() } else { onDrain?() }
  }

  private func takeBack(_ refusal: (keep: UInt64, probe: [UInt8]), sent: Int) {
    guard !hasClosed else { return }
    let excess = bytesWritten - min(refusal.keep, bytesWritten)
    let dropped = min(outCount - sent, Int(excess))
    outCount -= dropped
    bytesWritten -= UInt64(dropped)
    if outCount == sent { refusal.probe.withUnsafeBytes { write($0) } }
  }

  private func releaseOut() {
    guard let out else { return }
    loop.buffers.give(out, capacity: outCapacity)
    self.out = nil
    outCount = 0
    outCapacity = 0
  }

  /// A pending write: libuv's request and the memory that it sends from.
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
    // It writes at once if it can; a peer that has just closed would end a guest's process.
    let signals = loop.hasGuest ? cuv_hold_sigpipe() : nil
    defer { if let signals { cuv_release_sigpipe(signals) } }
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
    loop.noteActivity()
    guard !hasClosed else { return }
    if status < 0 {
      end(.failed(UVError(code: status, operation: "write")))
      return
    }
    guard requests == 0 else {
      onBacklog?(unsentBytes)
      return
    }
    isHeldBack = false  // told below
    flush()
    guard !hasClosed && unsentBytes == 0 else { return }
    allSent()
  }

  // MARK: Closing

  /// Drops the connection; unsent bytes are lost. No callback is called afterwards.
  package func close() {
    guard !hasClosed else { return }
    queuedAtClose = uv_stream_get_write_queue_size(stream)
    hasClosed = true
    forgetOwner()
    uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), TCPStream.didClose)
  }

  /// Drops the connection with a TCP reset.
  package func reset() {
    guard !hasClosed else { return }
    queuedAtClose = uv_stream_get_write_queue_size(stream)
    hasClosed = true
    forgetOwner()
    if uv_tcp_close_reset(handle, TCPStream.didClose) != 0 {
      uv_close(UnsafeMutableRawPointer(handle).assumingMemoryBound(to: uv_handle_t.self), TCPStream.didClose)
    }
  }

  /// Sends the unsent bytes, ends the sending side, discards what still arrives, and closes when the peer has ended too.
  ///
  /// No callback is called any more. A peer that does not end keeps the stream open: the owner sets a time limit and calls `close` then.
  package func closeAfterFlush() {
    guard !hasClosed && !isEnding else { return }
    startReading()
    guard !hasClosed else { return }
    flush()
    guard !hasClosed else { return }
    isEnding = true
    keptCount = 0  // discarded too; otherwise nothing more would be read
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

  /// Drops the callbacks, so that the stream and its owner do not keep each other alive.
  private func forgetOwner() {
    onRead = nil
    onEnd = nil
    onBacklog = nil
    onDrain = nil
    onFlush = nil
    onRefused = nil
    onAllowanceSpent = nil
  }

  func closeWithLoop() { close() }

  private static let didClose: uv_close_cb = { handle in
    guard let handle, let data = handle.pointee.data else { return }
    let stream = Unmanaged<TCPStream>.fromOpaque(data).takeRetainedValue()
    stream.loop.unregister(stream)
    stream.queuedAtClose += stream.outCount
    stream.releaseOut()
    stream.releaseKept()
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

// MARK: What is under way

/// What is under way on one connection.
package enum StreamTraffic: Sendable, Hashable {
  /// The connection is being made, or its listener has not accepted it yet.
  case connecting
  /// Bytes, or the connection's end, that this stream has still to handle.
  case arriving(bytes: UInt64)
  /// Bytes for a peer that is not of this loop and does not read them.
  case unsent(bytes: Int, peer: SocketAddress)
}

extension TCPStream {
  /// The two addresses of a connection.
  private struct Ends: Hashable {
    let local: SocketAddress
    let peer: SocketAddress

    var swapped: Ends { Ends(local: peer, peer: local) }
  }

  private var knownEnds: Ends? {
    if ends == nil, let local = localAddress, let peer = peerAddress { ends = Ends(local: local, peer: peer) }
    return ends
  }

  /// Finds the streams among these that are two ends of one connection.
  static func match(_ streams: [TCPStream]) {
    var waiting: [Ends: TCPStream] = [:]
    for stream in streams {
      guard !stream.hadPartner, let ends = stream.knownEnds else { continue }
      if let other = waiting.removeValue(forKey: ends.swapped) {
        (stream.partner, other.partner) = (other, stream)
        (stream.hadPartner, other.hadPartner) = (true, true)
      } else {
        waiting[ends] = stream
      }
    }
  }

  /// Whether the other end is, or was, a stream of the same loop. Known once the loop's traffic was looked at.
  package var isOfThisLoop: Bool { hadPartner }

  /// Blocks until bytes that the kernel has taken can be read at the other end, if that is a stream of the same loop. The kernel delivers them
  /// at once, but not on a busy system; then the streams of a loop would be read in an order that differs from run to run.
  func waitForArrival() {
    guard !hasClosed, let partner, bytesSent > partner.bytesReceived, let descriptor = partner.descriptor else {
      return
    }
    cuv_wait_readable(descriptor, 100)
  }

  /// Bytes that wait until the owner renews the allowance: nothing of them is under way.
  private var heldBytes: Int { sendAllowance == 0 ? outCount : 0 }

  func traffic(listeningPorts: Set<UInt16>) -> StreamTraffic? {
    if isConnecting { return .connecting }
    if isReading && keptCount > 0 { return .arriving(bytes: UInt64(keptCount)) }
    if hadPartner {
      guard isReading else { return nil }  // nothing of the connection moves before its owner reads on
      // A closed partner: its last bytes, and its end, are still to be read.
      guard let partner, !partner.isClosed else { return .arriving(bytes: 0) }
      let missing = partner.bytesQueued &- UInt64(partner.heldBytes) &- bytesReceived
      return missing == 0 ? nil : .arriving(bytes: missing)
    }
    guard let ends = knownEnds else { return nil }
    if listeningPorts.contains(ends.peer.port), ends.peer.isLoopback { return .connecting }
    let unsent = unsentBytes - heldBytes
    return unsent > 0 ? .unsent(bytes: unsent, peer: ends.peer) : nil
  }
}
