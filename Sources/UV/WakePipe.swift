internal import CUV

/// Wakes a loop that waits in its poll: a pipe of which the loop polls one end.
///
/// libuv's `uv_async_t` would do, but its callback spins while the sender holds a flag, and a sender that the wake-up
/// preempts holds it until it runs again: on one CPU that took a sixth of a call's time.
struct WakePipe {
  let poll: UnsafeMutablePointer<uv_poll_t>
  private let readEnd: uv_file
  private let writeEnd: uv_file

  init(on loop: UnsafeMutablePointer<uv_loop_t>) throws(UVError) {
    var ends: [uv_file] = [-1, -1]
    try UVError.check(uv_pipe(&ends, Int32(UV_NONBLOCK_PIPE.rawValue), Int32(UV_NONBLOCK_PIPE.rawValue)), "make a pipe")
    (readEnd, writeEnd) = (ends[0], ends[1])
    poll = .allocate(capacity: 1)
    let code = uv_poll_init(loop, poll, readEnd)
    guard code < 0 else { return }
    deallocate()
    throw UVError(code: code, operation: "poll a pipe")
  }

  /// Any thread may call this as long as the pipe has not been deallocated. A pipe that is full wakes as well.
  func signal() {
    var byte: CChar = 1
    _ = WakePipe.transfer(&byte, 1) { uv_fs_write(nil, $0, writeEnd, $1, 1, -1, nil) }
  }

  /// Takes the signals out; the poll wakes again with the next one.
  func clear() {
    var bytes: (UInt64, UInt64) = (0, 0)
    withUnsafeMutableBytes(of: &bytes) { memory in
      _ = WakePipe.transfer(memory.assumingMemoryBound(to: CChar.self).baseAddress, memory.count) {
        uv_fs_read(nil, $0, readEnd, $1, 1, -1, nil)
      }
    }
  }

  private static func transfer(
    _ memory: UnsafeMutablePointer<CChar>?, _ count: Int,
    _ call: (UnsafeMutablePointer<uv_fs_t>, UnsafePointer<uv_buf_t>) -> Int32
  ) -> Int32 {
    var request = uv_fs_t()
    var buffer = uv_buf_init(memory, UInt32(count))
    let code = call(&request, &buffer)
    uv_fs_req_cleanup(&request)
    return code
  }

  /// Closes the pipe, after the poll's handle was closed and when no thread can signal any more.
  func deallocate() {
    poll.deallocate()
    for end in [readEnd, writeEnd] {
      var request = uv_fs_t()
      uv_fs_close(nil, &request, end, nil)
      uv_fs_req_cleanup(&request)
    }
  }
}
