/// How conversations write binary messages (RFC 4648 §4, padded).
package enum Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity((bytes.count + 2) / 3 * 4)
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
      for place in 0..<4 {
        let digit = digits[Int(bits >> (18 - 6 * UInt32(place)) & 63)]
        text.append(place <= group.count ? digit : UInt8(ascii: "="))
      }
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// - Throws: `JSON.Unreadable` at the first character that is out of place.
  package static func decode(_ text: String) throws -> [UInt8] {
    let characters = Array(text.utf8)
    guard characters.count % 4 == 0 else { throw JSON.Unreadable(offset: characters.count) }
    var bytes: [UInt8] = []
    var bits: UInt32 = 0
    var padding = 0
    for (offset, character) in characters.enumerated() {
      if character == UInt8(ascii: "="), offset >= characters.count - 2 {
        padding += 1
        bits <<= 6
      } else if let digit = digits.firstIndex(of: character), padding == 0 {
        bits = bits << 6 | UInt32(digit)
      } else {
        throw JSON.Unreadable(offset: offset)
      }
      guard offset % 4 == 3 else { continue }
      bytes += [UInt8(bits >> 16 & 255), UInt8(bits >> 8 & 255), UInt8(bits & 255)]
      bits = 0
    }
    return Array(bytes.dropLast(padding))
  }
}
