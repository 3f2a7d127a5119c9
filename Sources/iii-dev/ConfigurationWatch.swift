#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

internal import III
internal import UV

/// Tells when a configuration file has changed, or SIGHUP came.
///
/// The folder is watched and not the file, because editors put a new file in the place of the old one; changes of other
/// files in it are not told. What comes within half a second is one change.
final class ConfigurationWatch: Sendable {
  enum Cause: Sendable, Equatable {
    case change, signal
  }

  let causes: AsyncStream<Cause>
  private let loop: Loop

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
          let file = WatchedFile(path, LoopTimers(on: loop, source: .system)) { feed.yield(.change) }
          _ = try FolderWatch(folder(of: path), on: loop) { file.look() }
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

/// A file, by its versions. Confined to the loop.
private final class WatchedFile {
  /// Identifies a version: a new one has another modification time, or is another file.
  private struct Version: Equatable {
    let device: UInt64
    let inode: UInt64
    let size: Int64
    let seconds: Int
    let nanoseconds: Int

    /// `nil` if there is no such file now.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      #if canImport(Darwin)
        let time = status.st_mtimespec
      #else
        let time = status.st_mtim
      #endif
      device = UInt64(truncatingIfNeeded: status.st_dev)
      inode = UInt64(truncatingIfNeeded: status.st_ino)
      size = Int64(status.st_size)
      (seconds, nanoseconds) = (Int(time.tv_sec), Int(time.tv_nsec))
    }
  }

  private let path: String
  private let timers: LoopTimers
  private let changed: () -> Void
  /// The version that was told last, and the one that was seen last.
  private var told: Version?
  private var seen: Version?
  private var timer: TimerToken?

  /// How long the file may not change until it is told.
  private static let pause = Duration.milliseconds(500)

  init(_ path: String, _ timers: LoopTimers, _ changed: @escaping () -> Void) {
    self.path = path
    self.timers = timers
    self.changed = changed
    told = Version(path)
    seen = told
  }

  /// Something in the folder has changed, perhaps the file.
  func look() {
    let now = Version(path)
    guard now != seen else { return }
    seen = now
    if let timer { timers.cancel(timer) }
    timer = timers.schedule(after: WatchedFile.pause) { [self] in
      timer = nil
      guard seen != told else { return }
      told = seen
      changed()
    }
  }
}
