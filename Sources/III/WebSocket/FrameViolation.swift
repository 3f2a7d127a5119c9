/// How a peer broke the protocol, and the close code that says so.
package struct FrameViolation: Error, Equatable, Sendable, CustomStringConvertible {
  /// 1002 (protocol), 1007 (no UTF-8) or 1009 (too large).
  package var closeCode: UInt16
  /// What was wrong.
  package var text: String
  /// What the Close frame says of it, into which it fits.
  package var closeReason: String

  package init(closeCode: UInt16, text: String, closeReason: String? = nil) {
    self.closeCode = closeCode
    self.text = text
    self.closeReason = closeReason ?? text
  }

  package var description: String { "\(text) (\(closeCode))" }

  static func protocolError(_ text: String) -> FrameViolation { FrameViolation(closeCode: 1002, text: text) }

  /// In the words of the real engine, which answers only this breach.
  static func closeCode(_ code: UInt16) -> FrameViolation {
    FrameViolation(
      closeCode: 1002, text: "close code \(code) must not be sent", closeReason: "Protocol violation")
  }

  static let textIsNotUTF8 = FrameViolation(closeCode: 1007, text: "text is not UTF-8")
  static let reasonIsNotUTF8 = FrameViolation(closeCode: 1007, text: "close reason is not UTF-8")

  static func frameTooLarge(_ bytes: UInt64, limit: Int) -> FrameViolation {
    FrameViolation(closeCode: 1009, text: "frame of \(bytes) bytes, the limit is \(limit)")
  }

  static func messageTooLarge(_ bytes: Int, limit: Int) -> FrameViolation {
    FrameViolation(closeCode: 1009, text: "message of at least \(bytes) bytes, the limit is \(limit)")
  }
}
