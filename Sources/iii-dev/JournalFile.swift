internal import IIIMockEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Writes an engine's journal to a file as JSON Lines, while the engine runs.
final class JournalFile: Sendable {
  private let descriptor: Int32
  private let path: String

  /// Opens the file, whose earlier content is removed.
  ///
  /// - Throws: `Failure` if it cannot be opened.
  init(path: String) throws(Failure) {
    self.path = path
    descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Failure(text: "cannot write the journal to \(path): \(String(cString: strerror(errno)))")
    }
  }

  deinit { close(descriptor) }

  /// Writes entries as they come; returns when the engine was shut down and all of them are written.
  ///
  /// - Returns: Whether everything could be written.
  func write(_ journal: Journal) async -> Bool {
    var last: UInt64 = 0
    var isOpen = true
    while isOpen {
      let entries: [JournalEntry]
      do { entries = try await journal.next(after: last) } catch {
        // The engine has ended; what came since the last look is still to be written.
        entries = await journal.entries(after: last)
        isOpen = false
      }
      guard let first = entries.first, let newest = entries.last else { continue }
      var text = ""
      if first.number > last + 1 { text += "{\"event\":\"dropped\",\"count\":\(first.number - last - 1)}\n" }
      for entry in entries { text += entry.jsonLine }
      guard FileDescriptor.write(text, to: descriptor) else { return false }
      last = newest.number
    }
    return true
  }
}
