import Foundation
import UV

/// A pipe whose ends are not inherited by child processes: an inherited end would keep the pipe open.
struct PipeEnds {
  /// Held while a pipe is created and while a child is started: in between, a child would inherit ends that are not marked yet.
  static let spawning = Lock(())

  let read: Int32
  let write: Int32

  init() throws { self = try Self.spawning.withLock { _ in try PipeEnds(whileSpawningIsLocked: ()) } }

  init(whileSpawningIsLocked: ()) throws {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw POSIXError(.EMFILE) }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (read, write) = (ends[0], ends[1])
  }

  /// The lines that arrive, read on a separate thread, because tests do not block the threads that run tasks.
  func lines() -> AsyncStream<String> {
    let (stream, continuation) = AsyncStream.makeStream(of: String.self)
    let descriptor = read
    Thread.detachNewThread {
      var buffer = [UInt8](repeating: 0, count: 4096)
      var rest: [UInt8] = []
      while case let count = Foundation.read(descriptor, &buffer, buffer.count), count > 0 {
        rest += buffer[..<count]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          continuation.yield(String(decoding: rest[..<end], as: UTF8.self))
          rest.removeFirst(end + 1)
        }
      }
      if !rest.isEmpty { continuation.yield(String(decoding: rest, as: UTF8.self)) }
      close(descriptor)
      continuation.finish()
    }
    return stream
  }
}
