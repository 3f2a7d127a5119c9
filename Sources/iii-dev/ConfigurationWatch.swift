#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

internal import III
internal import UV

/// Tells when a configuration file may have changed: something in its folder did, or SIGHUP came.
///
/// The folder is watched and not the file, because editors put a new file in the place of the old one. What comes within
/// half a second is one change.
final class ConfigurationWatch: Sendable {
  enum Cause: Sendable, Equatable {
    case change, signal
  }

  let causes: AsyncStream<Cause>
  private let loop: Loop

  /// How long nothing may change until the file is read.
  private static let pause = Duration.milliseconds(500)

  private init(_ causes: AsyncStream<Cause>, _ loop: Loop) {
    self.causes = causes
    self.loop = loop
  }

  /// Watches from now on.
  ///
  /// - Throws: `UVError` if the folder cannot be watched.
  static func start(path: String) async throws -> ConfigurationWatch {
    let loop = try Loop(name: "iii-dev config")
    let (causes, feed) = AsyncStream.makeStream(of: Cause.self)
    try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
      loop.post {
        do {
          let timers = LoopTimers(on: loop, source: .system)
          var timer: TimerToken?
          _ = try FolderWatch(folder(of: path), on: loop) {
            if let timer { timers.cancel(timer) }
            timer = timers.schedule(after: pause) {
              timer = nil
              feed.yield(.change)
            }
          }
          _ = try SignalWatcher(SIGHUP, on: loop) { feed.yield(.signal) }
          done.resume()
        } catch {
          done.resume(throwing: error)
        }
      }
    }
    return ConfigurationWatch(causes, loop)
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
