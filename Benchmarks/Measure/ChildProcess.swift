import UV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A server that runs beside the measurement, in a process of its own, until `stop`.
final class ChildProcess {
  let pid: pid_t
  /// Where its ready line said that it listens.
  private(set) var port: UInt16 = 0
  /// Where an engine serves HTTP; 0 if it does not.
  private(set) var httpPort: UInt16 = 0
  private let output: Int32

  /// Those that run: they must not outlive a measurement that failed.
  private static let running = Lock<Set<pid_t>>([])

  static func stopAll() { for pid in running.withLock({ $0 }) { kill(pid, SIGKILL) } }

  /// Starts a program and waits for its line `… listening on ws://HOST:PORT`.
  init(_ program: String, _ arguments: [String]) {
    var ends: [Int32] = [0, 0]
    check(pipe(&ends), "pipe")
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_addclose(&actions, ends[0])
    posix_spawn_file_actions_addclose(&actions, ends[1])
    // A thread of Swift's pool blocks signals, which a child would inherit: it could not be told to end.
    var attributes = posix_spawnattr_t()
    var unblocked = sigset_t()
    sigemptyset(&unblocked)
    posix_spawnattr_init(&attributes)
    posix_spawnattr_setsigmask(&attributes, &unblocked)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) }
    words.append(nil)
    var child = pid_t()
    let result = posix_spawn(&child, program, &actions, &attributes, words, environ)
    for word in words { free(word) }
    posix_spawn_file_actions_destroy(&actions)
    posix_spawnattr_destroy(&attributes)
    close(ends[1])
    if result != 0 { fail("cannot start \(program): \(String(cString: strerror(result)))") }
    pid = child
    output = ends[0]
    ChildProcess.running.withLock { _ = $0.insert(child) }
    port = readyPort(program)
  }

  private func readyPort(_ program: String) -> UInt16 {
    var line: [UInt8] = []
    var byte: UInt8 = 0
    while true {
      if read(output, &byte, 1) != 1 { fail("\(program) ended before it listened") }
      if byte != UInt8(ascii: "\n") {
        line.append(byte)
        continue
      }
      let text = String(decoding: line, as: UTF8.self)
      if text.contains("serves HTTP at http://"), let port = text.split(separator: ":").last.flatMap({ UInt16($0) }) {
        httpPort = port
      }
      if text.contains("listening on ws://"), let port = text.split(separator: ":").last.flatMap({ UInt16($0) }) {
        return port
      }
      line = []
    }
  }

  func stop() {
    kill(pid, SIGTERM)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    close(output)
    ChildProcess.running.withLock { [pid] in _ = $0.remove(pid) }
  }
}
