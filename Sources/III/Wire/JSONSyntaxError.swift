/// Why a text is not JSON, and where.
package struct JSONSyntaxError: Error, Equatable, CustomStringConvertible {
  package enum Reason: String, Sendable {
    case empty = "no value"
    case unexpectedEnd = "the text ends inside a value"
    case unexpectedByte = "unexpected character"
    case trailingText = "text after the value"
    case badEscape = "invalid escape in a string"
    case loneSurrogate = "half of a surrogate pair in a string"
    case controlCharacter = "unescaped control character in a string"
    case invalidUTF8 = "invalid UTF-8"
    case badNumber = "malformed number"
    case numberOutOfRange = "number beyond the range of a double"
    case tooLong = "longer than 4 GiB"
    case tooDeep = "nested deeper than 512 levels"
  }

  package let reason: Reason
  /// The offset of the byte where the problem was found.
  package let offset: Int

  package init(_ reason: Reason, at offset: Int) {
    self.reason = reason
    self.offset = offset
  }

  package var description: String { "\(reason.rawValue) at byte \(offset)" }
}
