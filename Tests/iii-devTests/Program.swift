import Foundation
import UV

/// A process that runs the built `iii-dev`, or another program of the package. It is killed if its test ends first.
///
/// Started with `posix_spawn`: Foundation's `Process` leaks, which LeakSanitizer would report.
final class Program {
  private let process: pid_t
  private var status: Int32?
  private var output: AsyncStream<String>.AsyncIterator
  private var errors: AsyncStream<String>.AsyncIterator
  private var statuses: AsyncStream<Int32>.AsyncIterator

  /// - Parameter descriptors: The number of files that the program may have open.
  init(
    _ arguments: [String], variables: [String: String] = [:], of name: String = "iii-dev", descriptors: Int? = nil
  ) throws {
    let environment = ProcessInfo.processInfo.environment.merging(variables) { $1 }
    let (out, err, process) = try PipeEnds.spawning.withLock { _ in
      let (out, err) = (try PipeEnds(whileSpawningIsLocked: ()), try PipeEnds(whileSpawningIsLocked: ()))
      var (path, words) = (Self.url(of: name).path, arguments)
      if let descriptors {
        words = ["-c", "ulimit -n \(descriptors) && exec \"$0\" \"$@\"", path] + arguments
        path = "/bin/sh"
      }
      return (out, err, try Self.spawn(path, words, environment, output: out.write, errors: err.write))
    }
    self.process = process
    output = out.lines().makeAsyncIterator()
    errors = err.lines().makeAsyncIterator()
    let (statuses, continuation) = AsyncStream.makeStream(of: Int32.self)
    Thread.detachNewThread {
      var status: Int32 = 0
      while waitpid(process, &status, 0) < 0, errno == EINTR {}
      continuation.yield(status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F))
      continuation.finish()
    }
    self.statuses = statuses.makeAsyncIterator()
  }

  convenience init(_ arguments: String..., variables: [String: String] = [:]) throws {
    try self.init(arguments, variables: variables)
  }

  deinit {
    if status == nil { kill(process, SIGKILL) }
  }

  /// Waits for an output line with this prefix, and returns the rest of it; `nil` if the output ends before.
  func line(after prefix: String) async -> String? {
    while let line = await output.next() {
      if line.hasPrefix(prefix) { return String(line.dropFirst(prefix.count)) }
    }
    return nil
  }

  /// Waits for an output line that contains `text`; `nil` if the output ends before.
  func line(containing text: String) async -> String? {
    while let line = await output.next() { if line.contains(text) { return line } }
    return nil
  }

  /// The URL of the next ready line.
  func url() async -> String? { await line(after: "iii-dev listening on ") }

  func send(_ signal: Int32) { kill(process, signal) }

  /// Waits for its end: the status (a signal's number is negative), and the unread rest of both outputs.
  func end() async -> (status: Int32?, output: String, errors: String) {
    var (outText, errText) = ("", "")
    while let line = await output.next() { outText += line + "\n" }
    while let line = await errors.next() { errText += line + "\n" }
    status = await statuses.next()
    return (status, outText, errText)
  }

  /// Starts the program, with no signal blocked or ignored, and closes the child's ends of the pipes.
  private static func spawn(
    _ path: String, _ arguments: [String], _ environment: [String: String], output: Int32, errors: Int32
  ) throws -> pid_t {
    #if os(Linux)
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #else
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
    posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO)
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    let words = ([path] + arguments).map { strdup($0) } + [nil]
    let variables = environment.map { strdup("\($0)=\($1)") } + [nil]
    defer {
      for text in words + variables { free(text) }
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
      close(output)
      close(errors)
    }
    var process: pid_t = 0
    let code = posix_spawn(&process, path, &actions, &attributes, words, variables)
    guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .ENOENT) }
    return process
  }

  /// The program is beside the bundle of the tests.
  static func url(of name: String) -> URL {
    for argument in CommandLine.arguments {
      var folder = URL(fileURLWithPath: argument)
      while folder.path.contains(".xctest") {
        folder.deleteLastPathComponent()
        if !folder.path.contains(".xctest") { return folder.appendingPathComponent(name) }
      }
    }
    return URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent(".build/debug/\(name)")
  }
}
