/// The escapes of URLs: `%` and two digits for a byte.
package enum PercentEncoding {
  /// The text with its escapes resolved; other `%` are kept, and invalid UTF-8 is replaced.
  package static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
    String(decoding: bytes(text, plusIsSpace: plusIsSpace), as: UTF8.self)
  }

  package static func bytes(_ text: some StringProtocol, plusIsSpace: Bool = false) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(text.utf8.count)
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), let high = digit(rest.first), let low = digit(rest.dropFirst().first) {
        result.append(high << 4 | low)
        rest = rest.dropFirst(2)
      } else {
        result.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return result
  }

  private static func digit(_ byte: UInt8?) -> UInt8? {
    switch byte {
    case .some(0x30...0x39): byte.map { $0 - 0x30 }
    case .some(0x41...0x46): byte.map { $0 - 0x41 + 10 }
    case .some(0x61...0x66): byte.map { $0 - 0x61 + 10 }
    default: nil
    }
  }
}
