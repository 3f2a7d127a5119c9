#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#endif

/// Where a verb writes its output.
struct Console: Sendable {
  let writeOut: @Sendable (String) -> Void
  let writeError: @Sendable (String) -> Void
  /// Whether results on stdout may be coloured.
  var isColoured = false

  /// The process's own stdout and stderr.
  static let standard = Console(
    writeOut: { FileDescriptor.write($0, to: STDOUT_FILENO) },
    writeError: { FileDescriptor.write($0, to: STDERR_FILENO) },
    isColoured: Terminal.wantsColour(STDOUT_FILENO))

  /// Writes a line on stdout.
  func out(_ line: String) { writeOut(line + "\n") }

  /// Writes one or more lines on stderr. The text may contain input from others.
  func error(_ text: String) { writeError(PrintableText.escaped(text, keepingLines: true) + "\n") }
}
