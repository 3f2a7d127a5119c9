/// A position in the file; line and column count from 1, columns in code points.
package struct SourcePosition: Sendable, Hashable, CustomStringConvertible {
  package var line: Int
  package var column: Int

  package init(line: Int = 1, column: Int = 1) {
    self.line = line
    self.column = column
  }

  package var description: String { "line \(line) column \(column)" }

  /// Steps over one code point that starts with `byte`. `next` is the byte behind it: a CR before an LF does not count.
  mutating func advance(over byte: UInt8, next: UInt8?) {
    if byte == UInt8(ascii: "\n") || (byte == UInt8(ascii: "\r") && next != UInt8(ascii: "\n")) {
      line += 1
      column = 1
    } else if byte != UInt8(ascii: "\r") {
      column += 1
    }
  }

  /// Steps over `bytes[range]`, which holds whole code points.
  mutating func advance(over range: Range<Int>, of bytes: [UInt8]) {
    for index in range where bytes[index] & 0xC0 != 0x80 {
      advance(over: bytes[index], next: index + 1 < bytes.count ? bytes[index + 1] : nil)
    }
  }
}
