/// The engine could not be reached or has refused the worker, and the worker has failed.
///
/// Mirrors the `ConnectionError` of the Python SDK's `register_worker`.
public struct IIIConnectionError: Error, Sendable, CustomStringConvertible {
  private enum Cause {
    case exhausted, invalid, refused, timedOut(Duration)
  }

  /// The address that the worker tried to connect to.
  public let address: String
  /// How the last attempt ended, such as `ECONNREFUSED`, or `AUTH_ERROR: invalid token` of an
  /// engine that has refused the worker; `nil` if that is not known.
  public let reason: String?
  private let cause: Cause

  /// Creates an error for an address that could not be reached.
  public init(address: String, reason: String? = nil) { self.init(address, reason, .exhausted) }

  /// An error for an address to which no connection was attempted.
  package init(address: String, problem: String) { self.init(address, problem, .invalid) }

  /// An engine that does not accept the worker: the auth function's reason.
  package init(address: String, refusal: String) { self.init(address, refusal, .refused) }

  /// An error for an address that could not be reached within a time limit.
  init(address: String, reason: String?, within limit: Duration) { self.init(address, reason, .timedOut(limit)) }

  private init(_ address: String, _ reason: String?, _ cause: Cause) {
    self.address = address
    self.reason = reason
    self.cause = cause
  }

  /// What happened, without the credentials and the query of the address.
  public var description: String {
    let target = Self.redacted(address)
    let outcome =
      switch cause {
      case .exhausted: "Connection to \(target) failed after max retries"
      case .invalid: "Cannot connect to \(target)"
      case .refused: "\(target) has refused this worker"
      case .timedOut(let limit): "No connection to \(target) within \(limit)"
      }
    let advice = isRefused ? ". Is the engine running at this address?" : ""
    return (reason.map { "\(outcome): \($0)" } ?? outcome) + advice
  }

  private var isRefused: Bool { reason?.contains("ECONNREFUSED") ?? false }

  /// The address without user, password and query.
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
