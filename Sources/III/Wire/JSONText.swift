/// Conversion of text to JSON strings and back.
package enum JSONText {
  /// `string` as a JSON string, quotes included.
  ///
  /// The quote, the backslash and control characters are escaped (`\b \f \n \r \t`, else `\u00xx`); all else is unchanged.
  package static func quoted(_ string: String) -> [UInt8] {
    var buffer = JSONBuffer(capacity: string.utf8.count + 16)
    buffer.append(quoting: string)
    return buffer.bytes()
  }

  /// The number of bytes that `write(_:into:)` writes, quotes included.
  package static func quotedCount(_ string: String) -> Int {
    var string = string
    return string.withUTF8 { text in
      let bytes = UnsafeRawBufferPointer(text)
      var count = bytes.count + 2
      var offset = firstEscaped(in: bytes, from: 0)
      while offset < bytes.count {
        count += escape(of: bytes[offset]).count - 1
        offset = firstEscaped(in: bytes, from: offset + 1)
      }
      return count
    }
  }

  /// Writes `string` as a JSON string, quotes included.
  package static func write(_ string: String, into writer: inout ByteWriter) {
    var string = string
    string.withUTF8 { text in
      let bytes = UnsafeRawBufferPointer(text)
      writer.append(UInt8(ascii: "\""))
      var offset = 0
      while true {
        let end = firstEscaped(in: bytes, from: offset)
        writer.append(ByteView(UnsafeRawBufferPointer(rebasing: bytes[offset..<end])))
        if end == bytes.count { break }
        let escape = escape(of: bytes[end])
        for index in 0..<escape.count { writer.append(escape[index]) }
        offset = end + 1
      }
      writer.append(UInt8(ascii: "\""))
    }
  }

  /// The text of a validated JSON string, quotes included; half of a surrogate pair becomes U+FFFD.
  package static func unquote(_ raw: ByteView) -> String {
    guard raw.count >= 2 else { return "" }
    return text(of: UnsafeRawBufferPointer(rebasing: raw.unsafeBytes[1..<raw.count - 1]))
  }

  /// Whether a valid JSON string, quotes included, has the text `text`, with or without escapes.
  package static func matches(_ raw: ByteView, _ text: StaticString) -> Bool {
    guard raw.count >= text.utf8CodeUnitCount + 2 else { return false }
    let inner = raw.dropFirst(1).prefix(raw.count - 2)
    if inner == text { return true }
    guard inner.count > text.utf8CodeUnitCount, inner.unsafeBytes.contains(UInt8(ascii: "\\")) else { return false }
    return unquote(raw).utf8.elementsEqual(ByteView(text).unsafeBytes)
  }

  /// Whether these bytes are a string value.
  @inlinable package static func isString(_ raw: ByteView) -> Bool { !raw.isEmpty && raw[0] == UInt8(ascii: "\"") }
}

extension JSONText {
  /// The decoded text between the quotes of a valid JSON string.
  static func text(of inner: UnsafeRawBufferPointer) -> String {
    guard let first = inner.firstIndex(of: UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
    // An escape is never shorter than the text that it encodes.
    return String(unsafeUninitializedCapacity: inner.count) { output in
      var written = 0
      var offset = 0
      var next = first
      while true {
        for byte in inner[offset..<next] {
          output[written] = byte
          written += 1
        }
        offset = next
        guard offset + 1 < inner.count else { return written }
        written += unescape(inner, at: &offset, into: UnsafeMutableBufferPointer(rebasing: output[written...]))
        next = inner[offset...].firstIndex(of: UInt8(ascii: "\\")) ?? inner.count
      }
    }
  }

  /// Decodes the escape whose backslash is at `offset`, and moves `offset` to after it; returns the number of bytes written.
  private static func unescape(
    _ inner: UnsafeRawBufferPointer, at offset: inout Int, into output: UnsafeMutableBufferPointer<UInt8>
  ) -> Int {
    let kind = inner[offset + 1]
    offset += 2
    switch kind {
    case UInt8(ascii: "b"): output[0] = 0x08
    case UInt8(ascii: "f"): output[0] = 0x0C
    case UInt8(ascii: "n"): output[0] = 0x0A
    case UInt8(ascii: "r"): output[0] = 0x0D
    case UInt8(ascii: "t"): output[0] = 0x09
    case UInt8(ascii: "u"): return putScalar(scalar(inner, at: &offset), into: output)
    default: output[0] = kind
    }
    return 1
  }

  /// The scalar of the digits at `offset`, together with the second half of a surrogate pair after them.
  private static func scalar(_ inner: UnsafeRawBufferPointer, at offset: inout Int) -> UInt32 {
    let first = codeUnit(inner, at: offset)
    offset += 4
    guard first & 0xF800 == 0xD800 else { return first }
    guard first < 0xDC00, offset + 6 <= inner.count, inner[offset] == UInt8(ascii: "\\"),
      inner[offset + 1] == UInt8(ascii: "u")
    else { return 0xFFFD }
    let second = codeUnit(inner, at: offset + 2)
    guard second & 0xFC00 == 0xDC00 else { return 0xFFFD }
    offset += 6
    return 0x10000 + (first & 0x3FF) << 10 + second & 0x3FF
  }

  /// The value of four hexadecimal digits, which the scan has checked.
  private static func codeUnit(_ inner: UnsafeRawBufferPointer, at offset: Int) -> UInt32 {
    guard offset + 4 <= inner.count else { return 0xFFFD }
    var value: UInt32 = 0
    for byte in inner[offset..<offset + 4] {
      value = value << 4 | digit(byte)
    }
    return value
  }

  /// The value of a hexadecimal digit.
  @inline(__always) static func digit(_ byte: UInt8) -> UInt32 {
    UInt32(byte & 0x0F) + (byte > UInt8(ascii: "9") ? 9 : 0)
  }

  private static func putScalar(_ value: UInt32, into output: UnsafeMutableBufferPointer<UInt8>) -> Int {
    let scalar = Unicode.Scalar(value) ?? "\u{FFFD}"
    var count = 0
    for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
      output[count] = byte
      count += 1
    }
    return count
  }

  /// The offset of the first byte from `start` on that JSON escapes, else the end.
  @inline(__always) static func firstEscaped(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    var offset = start
    while offset &+ 8 <= bytes.count {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      // The lowest marked byte is correct; marks above it may be false.
      let marked = StringBytes.escaped(word)
      if marked != 0 { return offset &+ marked.trailingZeroBitCount &>> 3 }
      offset &+= 8
    }
    while offset < bytes.count {
      let byte = bytes[offset]
      if byte < 0x20 || byte == 0x22 || byte == 0x5C { return offset }
      offset &+= 1
    }
    return offset
  }

  /// The escape of a quote, a backslash or a control character.
  static func escape(of byte: UInt8) -> ByteView {
    switch byte {
    case 0x22: return ByteView("\\\"")
    case 0x5C: return ByteView("\\\\")
    case 0x08: return ByteView("\\b")
    case 0x0C: return ByteView("\\f")
    case 0x0A: return ByteView("\\n")
    case 0x0D: return ByteView("\\r")
    case 0x09: return ByteView("\\t")
    default:
      let all: StaticString = """
        \\u0000\\u0001\\u0002\\u0003\\u0004\\u0005\\u0006\\u0007\\u0008\\u0009\\u000a\\u000b\\u000c\\u000d\\u000e\\u000f\
        \\u0010\\u0011\\u0012\\u0013\\u0014\\u0015\\u0016\\u0017\\u0018\\u0019\\u001a\\u001b\\u001c\\u001d\\u001e\\u001f
        """
      return ByteView(all).dropFirst(Int(byte & 0x1F) * 6).prefix(6)
    }
  }
}
