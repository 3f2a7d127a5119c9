package import III

extension Base64 {
  private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  /// The bytes of a binary message, as conversations write it.
  ///
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
