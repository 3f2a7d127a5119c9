/// TLS settings for `wss://`; ignored for `ws://`.
///
/// Without a file here, the worker trusts the authorities of the system and those in the file that the variable `SSL_CERT_FILE` names. The
/// engine's certificate must be for the host of the address: its alternative names are compared, including wildcards such as
/// `*.example.com`.
///
/// ```swift
/// var options = InitOptions()
/// options.tls.caFile = "/etc/iii/authority.pem"
/// let iii = try await registerWorker("wss://engine.internal:49134", options: options)
/// ```
///
/// All files are PEM. They are read when the worker is created, and again before a new connection if they have changed, so that renewed
/// files are used. If a new file cannot be used, a warning says so and the previous contents stay in use.
public struct TLSConfig: Sendable, Hashable {
  /// The trusted certificates, instead of those of the system: authorities, or the engine's own certificate.
  public var caFile: String?
  /// The certificate that the worker presents to an engine that asks for one, followed by the intermediate certificates.
  public var certificateFile: String?
  /// The key of that certificate, without a passphrase; by default it is read from ``certificateFile``.
  public var privateKeyFile: String?

  /// Creates a configuration.
  public init(caFile: String? = nil, certificateFile: String? = nil, privateKeyFile: String? = nil) {
    self.caFile = caFile
    self.certificateFile = certificateFile
    self.privateKeyFile = privateKeyFile
  }
}
