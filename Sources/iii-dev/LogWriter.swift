#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

internal import UV

/// Writes log lines on a thread of its own: the engine never waits for the reader of the output.
///
/// Above a limit lines are dropped; their number is written when the reader continues.
final class LogWriter: Sendable {
  private enum Entry {
    case text(String)
    case line(LogLine, LocalTime, LogFormatter)
  }

  private struct State {
    var waiting: [Entry] = []
    var isScheduled = false
    var isClosing = false
    var dropped = 0
    var formatter: LogFormatter
  }

  private let state: Lock<State>
  private let loop: Loop
  private let descriptor: Int32
  private let maxWaiting: Int

  /// The number of bytes that a writable pipe always accepts (`PIPE_BUF`).
  private static let chunk = 4096

  init(_ formatter: LogFormatter, descriptor: Int32 = STDOUT_FILENO, maxWaiting: Int = 4096) throws(UVError) {
    loop = try Loop(name: "iii-dev log")
    state = Lock(State(formatter: formatter))
    self.descriptor = descriptor
    self.maxWaiting = maxWaiting
  }

  /// Queues a text of whole lines. Called by any thread; returns at once.
  func write(_ text: String) { queue { _ in .text(text) } }

  /// Writes later lines in another format.
  func use(_ formatter: LogFormatter) { state.withLock { $0.formatter = formatter } }

  /// Queues a line with the current time. Called by any thread; returns at once.
  func write(_ line: LogLine) { queue { .line(line, .now, $0) } }

  private func queue(_ entry: (LogFormatter) -> Entry) {
    let schedule = state.withLock { state in
      guard state.waiting.count < maxWaiting else {
        state.dropped += 1
        return false
      }
      state.waiting.append(entry(state.formatter))
      defer { state.isScheduled = true }
      return !state.isScheduled
    }
    if schedule { loop.post { self.drain() } }
  }

  /// Writes what is queued, but does not wait for a reader that has stopped.
  func finish() async {
    state.withLock { $0.isClosing = true }
    await loop.stop()
  }

  private func drain() {
    while true {
      let (entries, dropped) = state.withLock { state in
        let taken = (state.waiting, state.dropped)
        state.waiting = []
        state.dropped = 0
        if taken.0.isEmpty { state.isScheduled = false }
        return taken
      }
      guard !entries.isEmpty else { return }
      for entry in entries {
        guard put(text(of: entry)) else { break }
      }
      if dropped > 0 { _ = put("… \(dropped) log lines were dropped, because the output was not read\n") }
    }
  }

  private func text(of entry: Entry) -> String {
    switch entry {
    case .text(let text): text
    case .line(let line, let time, let formatter): formatter.text(line, at: time)
    }
  }

  /// Writes a text in parts that do not block. Returns `false` if the reader is closed, or does not read while the process ends.
  private func put(_ text: String) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      while !FileDescriptor.isWritable(descriptor, withinMilliseconds: 200) {
        if state.withLock({ $0.isClosing }) { return false }
      }
      guard FileDescriptor.write(rest.prefix(Self.chunk), to: descriptor) else { return false }
      rest = rest.dropFirst(Self.chunk)
    }
    return true
  }
}
