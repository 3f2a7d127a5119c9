import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A bare libuv loop on the thread that calls `run`: what the floor and the raw peers stand on.
///
/// It shares nothing with the package's own `Loop`, so that a change there cannot move the baseline.
final class RawLoop {
  let uv: UnsafeMutablePointer<uv_loop_t>
  /// Where every read of the loop lands.
  let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 64)
  private var dirty: [RawStream] = []
  private let watchdog: UnsafeMutablePointer<uv_timer_t>
  private var awaited = ""

  init() {
    uv = .allocate(capacity: 1)
    check(uv_loop_init(uv), "uv_loop_init")
    watchdog = .allocate(capacity: 1)
    check(uv_timer_init(uv, watchdog), "uv_timer_init")
    watchdog.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    cuv_block_sigpipe()
  }

  /// Runs until `stop`, for a server for ever.
  func run() { uv_run(uv, UV_RUN_DEFAULT) }

  /// Runs until `stop`; ends the process when that takes longer than `seconds`.
  func run(awaiting what: String, seconds: UInt64 = 60) {
    awaited = what
    uv_update_time(uv)
    uv_timer_start(watchdog, RawLoop.watchdogFired, seconds * 1000, 0)
    uv_run(uv, UV_RUN_DEFAULT)
    uv_timer_stop(watchdog)
  }

  /// Runs until `isDone` holds after some callback.
  func run(awaiting what: String, until isDone: () -> Bool) {
    awaited = what
    uv_update_time(uv)
    uv_timer_start(watchdog, RawLoop.watchdogFired, 60_000, 0)
    while !isDone() { uv_run(uv, UV_RUN_ONCE) }
    uv_timer_stop(watchdog)
  }

  func stop() { uv_stop(uv) }

  private static let watchdogFired: uv_timer_cb = { timer in
    guard let data = timer?.pointee.data else { return }
    let loop = Unmanaged<RawLoop>.fromOpaque(data).takeUnretainedValue()
    fail("waited in vain for \(loop.awaited)")
  }

  /// `stream` has bytes that leave when the read callback, or the job, of this turn is over.
  @inline(__always) func markDirty(_ stream: RawStream) { dirty.append(stream) }

  /// Whether bytes leave when the turn is over, and not after each read.
  private(set) var flushesOnceATurn = false

  /// From now on, what all reads of a turn have brought leaves together.
  func flushOnceATurn() {
    flushesOnceATurn = true
    let check = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
    uv_check_init(uv, check)
    check.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    uv_check_start(check) { check in
      guard let data = check?.pointee.data else { return }
      Unmanaged<RawLoop>.fromOpaque(data).takeUnretainedValue().flushDirty()
    }
  }

  @inline(__always) func flushDirty() {
    if dirty.isEmpty { return }
    for stream in dirty { stream.flush() }
    dirty.removeAll(keepingCapacity: true)
  }

  /// Listens on loopback and returns the port; `make` gives the stream for each connection.
  func listen(port: UInt16, _ make: @escaping (RawLoop) -> RawStream) -> UInt16 {
    let listener = UnsafeMutablePointer<uv_tcp_t>.allocate(capacity: 1)
    check(uv_tcp_init(uv, listener), "uv_tcp_init")
    withLoopback(port: port) { check(uv_tcp_bind(listener, $0, 0), "bind 127.0.0.1:\(port)") }
    listener.pointee.data = Unmanaged.passRetained(Acceptor(loop: self, make: make)).toOpaque()
    let accepted: uv_connection_cb = { server, status in
      guard status == 0, let server, let data = server.pointee.data else { return }
      let acceptor = Unmanaged<Acceptor>.fromOpaque(data).takeUnretainedValue()
      let stream = acceptor.make(acceptor.loop)
      check(uv_accept(server, stream.tcp.stream), "accept")
      stream.startReading()
    }
    check(uv_listen(listener.stream, 4096, accepted), "listen")
    var address = sockaddr_in()
    var length = Int32(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        check(uv_tcp_getsockname(listener, $0, &length), "getsockname")
      }
    }
    return UInt16(bigEndian: address.sin_port)
  }

  private final class Acceptor {
    let loop: RawLoop
    let make: (RawLoop) -> RawStream
    init(loop: RawLoop, make: @escaping (RawLoop) -> RawStream) {
      self.loop = loop
      self.make = make
    }
  }

  /// Connects `stream` to a port of loopback; it hears `connected()`.
  func connect(_ stream: RawStream, port: UInt16) {
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passUnretained(stream).toOpaque()
    let done: uv_connect_cb = { request, status in
      guard let request, let data = request.pointee.data else { return }
      let stream = Unmanaged<RawStream>.fromOpaque(data).takeUnretainedValue()
      request.deallocate()
      check(status, "connect")
      stream.startReading()
      stream.connected()
      stream.loop.flushDirty()
    }
    withLoopback(port: port) { check(uv_tcp_connect(request, stream.tcp, $0, done), "connect") }
  }

  private func withLoopback(port: UInt16, _ body: (UnsafePointer<sockaddr>) -> Void) {
    var address = sockaddr_in()
    check(uv_ip4_addr("127.0.0.1", Int32(port), &address), "address")
    withUnsafePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0) } }
  }
}

extension UnsafeMutablePointer where Pointee == uv_tcp_t {
  @inline(__always) var stream: UnsafeMutablePointer<uv_stream_t> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_stream_t.self)
  }
  @inline(__always) var handle: UnsafeMutablePointer<uv_handle_t> {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: uv_handle_t.self)
  }
}

/// Ends the process when libuv refuses what the measurement cannot do without.
func check(_ code: Int32, _ operation: String) {
  if code < 0 { fail("\(operation): \(String(cString: uv_strerror(code)))") }
}
