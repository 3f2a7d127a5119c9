#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

internal import UV

/// SIGINT and SIGTERM: the first signal starts an orderly shutdown, the second ends the process at once.
final class Signals: Sendable {
  private let loop: Loop
  private let received: AsyncStream<Int32>

  private init(loop: Loop, received: AsyncStream<Int32>) {
    self.loop = loop
    self.received = received
  }

  /// When this has returned, the signals no longer end the process by default.
  static func watch() async throws -> Signals {
    let loop = try Loop(name: "iii-dev signals")
    let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
    let count = Lock(0)
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      loop.post {
        do {
          for signal in [SIGINT, SIGTERM] {
            _ = try SignalWatcher(signal, on: loop) {
              let isFirst = count.withLock { count in
                count += 1
                return count == 1
              }
              guard isFirst else { _exit(128 + signal) }
              continuation.yield(signal)
            }
          }
          done.resume()
        } catch {
          done.resume(throwing: error)
        }
      }
    }
    return Signals(loop: loop, received: stream)
  }

  /// Waits for the first signal, which may have come already.
  func first() async {
    for await _ in received { return }
  }
}
