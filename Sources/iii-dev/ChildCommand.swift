#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

internal import UV

/// A command that runs as a child of this process. SIGINT and SIGTERM are passed on to it; one that does not end after that is
/// killed. Confined to its loop.
final class ChildCommand {
  /// How long a command may take to end after a signal.
  static let grace = Duration.seconds(5)

  private let loop: Loop
  private var child: ChildProcess?
  private var killing: LoopTimer?
  private var isEnding = false

  /// Starts the command.
  ///
  /// - Parameter ended: Called on the loop when the command has ended.
  /// - Throws: `Failure`, with the status that a shell has: 127 if there is no such command, 126 if it cannot be executed.
  init(
    _ words: [String], variables: [(name: String, value: String)], on loop: Loop,
    _ ended: @escaping (ChildProcess.End) -> Void
  ) throws(Failure) {
    self.loop = loop
    do {
      for signal in [SIGINT, SIGTERM] {
        _ = try SignalWatcher(signal, on: loop) { [weak self] in self?.end(by: signal) }
      }
      child = try ChildProcess(words, variables: variables, on: loop) { [self] end in
        killing?.close()
        child = nil
        ended(end)
      }
    } catch {
      throw Self.failure(error, words)
    }
  }

  /// The first signal asks the command to end, the second ends it at once, and so does the end of `grace`.
  func end(by signal: Int32) {
    guard !isEnding else {
      child?.send(Int(SIGKILL))
      return
    }
    isEnding = true
    child?.send(Int(signal))
    let timer = LoopTimer(on: loop)
    killing = timer
    timer.start(afterNanoseconds: UInt64(Self.grace.components.seconds) * 1_000_000_000) { [weak self] in
      self?.child?.send(Int(SIGKILL))
    }
  }

  /// Runs a command on a loop of its own and waits for its end.
  static func run(_ words: [String], variables: [(name: String, value: String)]) async throws -> ChildProcess.End {
    let loop = try Loop(name: "iii-dev exec")
    let running = Lock<LoopBound<ChildCommand>?>(nil)
    let result: Result<ChildProcess.End, Failure> = await withCheckedContinuation { continuation in
      loop.post {
        do throws(Failure) {
          let command = try ChildCommand(words, variables: variables, on: loop) { end in
            continuation.resume(returning: .success(end))
          }
          running.withLock { $0 = LoopBound(command, on: loop) }
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
    _ = await loop.stop()
    running.withLock { $0 = nil }
    return try result.get()
  }

  private static func failure(_ error: UVError, _ words: [String]) -> Failure {
    let name = words.first ?? ""
    let isMissing = error.name == "ENOENT"
    return Failure(
      text: "the command '\(name)' could not be started: " + (isMissing ? "it was not found" : error.reason),
      status: ExitStatus(rawValue: isMissing ? 127 : 126))
  }
}

extension ExitStatus {
  /// As a shell has it: the command's own status, or 128 and the number of the signal that ended it.
  init(of end: ChildProcess.End) {
    switch end {
    case .exited(let status): self.init(rawValue: Int32(truncatingIfNeeded: status))
    case .killed(let signal): self.init(rawValue: 128 + Int32(truncatingIfNeeded: signal))
    }
  }
}
