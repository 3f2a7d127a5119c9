/// Whom a worker trusts and who it is, on an address that begins with `wss://`; elsewhere it is not looked at.
///
/// Without one the worker trusts the authorities of the system, and those in the file that the variable `SSL_CERT_FILE` names. The engine's
/// certificate must be for the host of the address: its alternative names are compared, wildcards as `*.example.com` among them.
///
/// ```swift
/// var options = InitOptions()
/// options.tls.caFile = "/etc/iii/authority.pem"
/// let iii = try await registerWorker("wss://engine.internal:49134", options: options)
/// ```
///
/// All files are PEM. They are read when the worker is made, and again before a new connection if they have changed, so that renewed ones
/// are taken up; a new one that is of no use is reported, and the last good one kept.
public struct TLSConfig: Sendable, Hashable {
  /// The certificates that are trusted, in place of those of the system: authorities, or the engine's own.
  public var caFile: String?
  /// The certificate that the worker shows to an engine that asks for one, followed by those between it and its authority.
  public var certificateFile: String?
  /// The key of that certificate, without a passphrase; by default it stands in ``certificateFile`` too.
  public var privateKeyFile: String?

  /// Creates a configuration.
  public init(caFile: String? = nil, certificateFile: String? = nil, privateKeyFile: String? = nil) {
    self.caFile = caFile
    self.certificateFile = certificateFile
    self.privateKeyFile = privateKeyFile
  }
}
