/// The content of a Close frame.
package struct CloseReason: Equatable, Sendable {
  /// The status code; nil if the frame has no payload.
  package var code: UInt16?
  package var reason: String

  package init(code: UInt16?, reason: String = "") {
    self.code = code
    self.reason = reason
  }

  /// Whether a peer may send that code (RFC 6455 §7.4 and the registry of codes).
  package static func isAllowed(_ code: UInt16) -> Bool {
    switch code {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}
