/// Escape sequences for terminals in a text: colours and the like.
enum TerminalEscapes {
  /// The text without them: CSI sequences (`ESC [ … m`), OSC sequences (`ESC ] … BEL`), and other two-character ones.
  static func removed(from text: String) -> String {
    guard text.utf8.contains(0x1B) else { return text }
    var kept: [UInt8] = []
    kept.reserveCapacity(text.utf8.count)
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      guard byte == 0x1B else {
        kept.append(byte)
        continue
      }
      switch rest.first {
      case UInt8(ascii: "["):
        // Parameters and intermediate bytes, then one final byte.
        rest = rest.dropFirst().drop { (0x20...0x3F).contains($0) }
        if let final = rest.first, (0x40...0x7E).contains(final) { rest = rest.dropFirst() }
      case UInt8(ascii: "]"):
        // Ends with BEL or ESC \.
        rest = rest.dropFirst().drop { $0 != 0x07 && $0 != 0x1B }
        let isEscape = rest.first == 0x1B
        rest = rest.dropFirst()
        if isEscape, rest.first == UInt8(ascii: "\\") { rest = rest.dropFirst() }
      case .some(0x20...0x2F): rest = rest.drop { (0x20...0x2F).contains($0) }.dropFirst()
      case .some(0x30...0x7E): rest = rest.dropFirst()
      default: break
      }
    }
    return String(decoding: kept, as: UTF8.self)
  }
}
