import CUV

/// One TCP connection of a `RawLoop`: bytes in as they come, bytes out once a turn.
class RawStream {
  let loop: RawLoop
  let tcp: UnsafeMutablePointer<uv_tcp_t>
  private var output = RawBuffer()
  /// The beginning of what has not come whole yet.
  private var input = RawBuffer()
  private var isDirty = false
  /// Bytes that libuv holds because the kernel would not take them.
  private var queued = 0
  private var isClosed = false

  init(loop: RawLoop) {
    self.loop = loop
    tcp = .allocate(capacity: 1)
    check(uv_tcp_init(loop.uv, tcp), "uv_tcp_init")
    tcp.pointee.data = Unmanaged.passRetained(self).toOpaque()
  }

  deinit {
    output.free()
    input.free()
    tcp.deallocate()
  }

  // What the layer above does.
  func connected() {}
  func ended() {}
  /// Takes what is whole of the `count` bytes and returns how many those were.
  func received(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int { count }

  final func startReading() {
    check(uv_tcp_nodelay(tcp, 1), "TCP_NODELAY")
    let allocate: uv_alloc_cb = { handle, _, buffer in
      guard let data = handle?.pointee.data else { return }
      let scratch = Unmanaged<RawStream>.fromOpaque(data).takeUnretainedValue().loop.scratch
      buffer?.pointee = uv_buf_t(base: scratch.baseAddress?.assumingMemoryBound(to: CChar.self), len: scratch.count)
    }
    let read: uv_read_cb = { handle, count, buffer in
      guard let data = handle?.pointee.data else { return }
      let stream = Unmanaged<RawStream>.fromOpaque(data).takeUnretainedValue()
      if count > 0, let base = buffer?.pointee.base {
        stream.take(UnsafeMutableRawPointer(base), count)
        if !stream.loop.flushesOnceATurn { stream.loop.flushDirty() }
      } else if count < 0 {
        stream.ended()
        stream.close()
      }
    }
    check(uv_read_start(tcp.stream, allocate, read), "read")
  }

  final func close() {
    if isClosed { return }
    isClosed = true
    let freed: uv_close_cb = { handle in
      guard let data = handle?.pointee.data else { return }
      Unmanaged<RawStream>.fromOpaque(data).release()
    }
    uv_close(tcp.handle, freed)
  }

  @inline(__always) private final func take(_ bytes: UnsafeMutableRawPointer, _ count: Int) {
    if input.count == 0 {
      let taken = received(bytes, count)
      if taken < count { memcpy(input.reserve(count - taken), bytes + taken, count - taken) }
    } else {
      memcpy(input.reserve(count), bytes, count)
      input.removeFirst(received(input.base, input.count))
    }
  }

  /// Memory for `count` bytes at the end of what leaves this turn.
  @inline(__always) final func reserve(_ count: Int) -> UnsafeMutableRawPointer {
    if !isDirty {
      isDirty = true
      loop.markDirty(self)
    }
    return output.reserve(count)
  }

  final func flush() {
    isDirty = false
    if isClosed || output.count == 0 { return }
    var sent = 0
    if queued == 0 {
      var buffer = uv_buf_t(base: output.base.assumingMemoryBound(to: CChar.self), len: output.count)
      let result = uv_try_write(tcp.stream, &buffer, 1)
      if result > 0 { sent = Int(result) }
      // Anything but EAGAIN is the read callback's to report.
      if result < 0, result != UV_EAGAIN.rawValue { sent = output.count }
    }
    if sent < output.count { queue(output.base + sent, output.count - sent) }
    output.count = 0
  }

  private final func queue(_ bytes: UnsafeMutableRawPointer, _ count: Int) {
    let header = (MemoryLayout<uv_write_t>.size + 15) & ~15
    let memory = UnsafeMutableRawPointer.allocate(byteCount: header + count, alignment: 16)
    memcpy(memory + header, bytes, count)
    queued += count
    let request = memory.assumingMemoryBound(to: uv_write_t.self)
    request.pointee.data = UnsafeMutableRawPointer(bitPattern: count)
    var buffer = uv_buf_t(base: (memory + header).assumingMemoryBound(to: CChar.self), len: count)
    let written: uv_write_cb = { request, _ in
      guard let request, let data = request.pointee.handle.pointee.data else { return }
      Unmanaged<RawStream>.fromOpaque(data).takeUnretainedValue().queued -= Int(bitPattern: request.pointee.data)
      UnsafeMutableRawPointer(request).deallocate()
    }
    if uv_write(request, tcp.stream, &buffer, 1, written) < 0 {
      queued -= count
      memory.deallocate()
    }
  }
}
