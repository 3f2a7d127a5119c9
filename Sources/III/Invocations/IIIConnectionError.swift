/// The engine could not be reached, and the client has given up.
///
/// Mirrors the `ConnectionError` of the Python SDK's `register_worker`.
public struct IIIConnectionError: Error, Sendable, CustomStringConvertible {
  /// The address that was dialled.
  public let address: String
  /// What the last attempt ended with, such as `ECONNREFUSED`; nil if that is not known.
  public let reason: String?

  /// Whether anything was dialled: an address that is none never is.
  private let wasDialled: Bool

  /// Makes an error for an address.
  public init(address: String, reason: String? = nil) {
    self.address = address
    self.reason = reason
    wasDialled = true
  }

  /// An error of an address that is not dialled at all.
  package init(address: String, problem: String) {
    self.address = address
    reason = problem
    wasDialled = false
  }

  /// What happened, without the credentials and the query that the address may carry.
  public var description: String {
    let outcome =
      wasDialled
      ? "Connection to \(Self.redacted(address)) failed after max retries"
      : "Cannot connect to \(Self.redacted(address))"
    return reason.map { "\(outcome): \($0)" } ?? outcome
  }

  /// An address without user, password and query.
  package static func redacted(_ address: String) -> String {
    var text = Substring(address)
    if let query = text.firstIndex(of: "?") { text = text[..<query] }
    guard let scheme = text.firstRange(of: "://") else { return String(text) }
    let rest = text[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return String(text) }
    return String(text[..<scheme.upperBound]) + String(rest[rest.index(after: at)...])
  }
}
