internal import III

/// The headers with which browsers are told what pages of other origins may do.
struct CORSPolicy: Sendable, Equatable {
  /// Which origins; empty or with `*`: all.
  var allowedOrigins: [String] = []
  /// Which methods; empty: all.
  var allowedMethods: [String] = []
  /// Whether the configuration has a `cors` section; without one everything is allowed.
  var isConfigured = false

  var allowsAll: Bool { allowedOrigins.isEmpty || allowedOrigins.contains("*") }

  func allows(origin: String) -> Bool { isConfigured && (allowsAll || allowedOrigins.contains(origin)) }

  private static let vary = "origin, access-control-request-method, access-control-request-headers"

  /// The headers of an answer to a request that is no preflight.
  func headers(origin: String?) -> [(String, String)] {
    var headers = [("vary", CORSPolicy.vary)] + originHeader(origin)
    if !isConfigured { headers.append(("access-control-expose-headers", "*")) }
    return headers
  }

  /// The same headers as lines of a head.
  func lines(origin: String?) -> [UInt8] { headers(origin: origin).flatMap { Array("\($0): \($1)\r\n".utf8) } }

  /// The headers of the answer to `OPTIONS`.
  func preflightHeaders(origin: String?) -> [(String, String)] {
    [("vary", CORSPolicy.vary)] + originHeader(origin) + [
      ("access-control-allow-methods", allowedMethods.isEmpty ? "*" : allowedMethods.joined(separator: ",")),
      ("access-control-allow-headers", "*"),
    ]
  }

  private func originHeader(_ origin: String?) -> [(String, String)] {
    if allowsAll { return [("access-control-allow-origin", "*")] }
    guard let origin, allowedOrigins.contains(origin) else { return [] }
    return [("access-control-allow-origin", origin)]
  }
}
