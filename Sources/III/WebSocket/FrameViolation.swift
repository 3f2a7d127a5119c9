/// How a peer violated the protocol, and the close code for it.
package struct FrameViolation: Error, Equatable, Sendable, CustomStringConvertible {
  /// 1002 (protocol error), 1007 (invalid UTF-8) or 1009 (too large).
  package var closeCode: UInt16
  /// What was wrong, for log lines.
  package var text: String
  /// The text for the Close frame, short enough to fit.
  package var closeReason: String

  package init(closeCode: UInt16, text: String, closeReason: String? = nil) {
    self.closeCode = closeCode
    self.text = text
    self.closeReason = closeReason ?? text
  }

  package var description: String { "\(text) (\(closeCode))" }

  static func protocolError(_ text: String) -> FrameViolation { FrameViolation(closeCode: 1002, text: text) }

  /// The Close reason of the real engine, which sends one only for this violation.
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
