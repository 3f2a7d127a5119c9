internal import COpenSSL

/// Why TLS failed: what happened and what to do. It never contains a key or other contents of a file.
package struct TLSFailure: Error, Equatable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }

  package var description: String { text }
}

extension TLSFailure {
  /// The state of a session when it failed.
  struct Circumstances {
    var role: TLSRole
    /// The host that the peer's certificate must be valid for.
    var host: String?
    /// The first bytes from the peer.
    var greeting: [UInt8]
    var names: String
    /// OpenSSL's verification result for the peer's certificate.
    var verdict: Int
    var wasCertificateWanted: Bool
    var isHandshake: Bool
  }

  /// Makes a failure from OpenSSL's error queue of this thread and the circumstances.
  init(_ now: Circumstances) {
    if now.isHandshake, let text = Self.notTLS(now.role, now.greeting) {
      self.init(text)
      return
    }
    let alert = Int(copenssl_first_alert())
    if alert != 0 {
      self.init(Self.alert(alert, now))
      return
    }
    var isTLS: Int32 = 0
    let reason = copenssl_first_reason(&isTLS)
    switch reason {
    case SSL_R_CERTIFICATE_VERIFY_FAILED where isTLS != 0: self.init(Self.certificate(now))
    case SSL_R_UNSUPPORTED_PROTOCOL where isTLS != 0, SSL_R_VERSION_TOO_LOW where isTLS != 0:
      self.init("the \(now.role.peer) does not support TLS 1.2 or newer")
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE where isTLS != 0:
      self.init("the \(now.role.peer) presented no certificate, which is required")
    default:
      let words = copenssl_first_reason_text().map { String(cString: $0) } ?? "unknown error"
      let when = now.isHandshake ? "the TLS handshake failed" : "what the \(now.role.peer) sent is not valid TLS"
      self.init("\(when): \(words)")
    }
  }

  /// The text for a peer whose first bytes are not a TLS record; `nil` if they may be one.
  static func notTLS(_ role: TLSRole, _ greeting: [UInt8]) -> String? {
    guard let first = greeting.first, !(0x14...0x17).contains(first) else { return nil }
    let peer = role.peer
    return greeting.starts(with: "HTTP/".utf8)
      ? "the \(peer) answered in plain HTTP: this port does not speak TLS, where ws:// is right and not wss://"
      : "the \(peer) does not speak TLS on this port"
  }

  // MARK: The peer's certificate

  private static func certificate(_ now: Circumstances) -> String {
    let verdict = Int32(truncatingIfNeeded: now.verdict)
    let certificate = "the \(now.role.peer)'s certificate"
    switch verdict {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "\(certificate), or one above it, has expired: it must be renewed"
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "\(certificate), or one above it, is not valid yet: one of the two clocks may be wrong"
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      let names = now.names.isEmpty ? "it names no host" : "it is for \(now.names)"
      return "\(certificate) is not for '\(now.host ?? "")': \(names)"
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
      X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      let remedy =
        now.role == .client ? ": if it is the right one, name its authority's file in InitOptions.tls.caFile" : ""
      return "\(certificate) was issued by an authority that is not trusted here (\(words(verdict)))\(remedy)"
    default: return "\(certificate) is not accepted: \(words(verdict))"
    }
  }

  private static func words(_ verdict: Int32) -> String {
    X509_verify_cert_error_string(Int(verdict)).map { String(cString: $0) } ?? "error \(verdict)"
  }

  // MARK: Alerts of the peer

  static let certificateWanted =
    "asks for a client certificate, and none was given: InitOptions.tls.certificateFile names one"

  private static func alert(_ alert: Int, _ now: Circumstances) -> String {
    let peer = "the \(now.role.peer)"
    let words = copenssl_alert_text(Int32(alert)).map { String(cString: $0) } ?? "alert \(alert)"
    switch Int32(alert) {
    case SSL_AD_HANDSHAKE_FAILURE where now.wasCertificateWanted, TLS13_AD_CERTIFICATE_REQUIRED,
      SSL_AD_BAD_CERTIFICATE where now.wasCertificateWanted:
      return "\(peer) \(certificateWanted)"
    case SSL_AD_BAD_CERTIFICATE, SSL_AD_UNSUPPORTED_CERTIFICATE, SSL_AD_CERTIFICATE_REVOKED, SSL_AD_CERTIFICATE_EXPIRED,
      SSL_AD_CERTIFICATE_UNKNOWN, SSL_AD_UNKNOWN_CA, SSL_AD_ACCESS_DENIED:
      let own = now.role == .client ? "client certificate" : "certificate"
      return "\(peer) does not accept the \(own): \(words)"
    case SSL_AD_PROTOCOL_VERSION: return "\(peer) does not support TLS 1.2 or newer"
    case SSL_AD_UNRECOGNIZED_NAME: return "\(peer) does not serve the host '\(now.host ?? "")'"
    default: return "\(peer) ended TLS: \(words)"
    }
  }
}
