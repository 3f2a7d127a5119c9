/// The TLS of a worker's connections: made at once, so that a wrong file is an error of its maker, and anew from the files of its
/// configuration before each later connection, for they may have been renewed.
struct TLSSource {
  private let config: TLSConfig
  /// Read once: they are many, and seldom changed.
  private let authorities: TLSAuthorities?
  private var latest: TLSContext
  private var isFresh = true

  /// `systemFile` is what the variable `SSL_CERT_FILE` says.
  init(_ config: TLSConfig, systemFile: String?, warn: (String) -> Void) throws(TLSFailure) {
    self.config = config
    authorities = config.caFile == nil ? try .system(file: systemFile, warn: warn) : nil
    latest = try .client(config, authorities: authorities)
  }

  /// What the next connection goes by.
  mutating func context(warn: (String) -> Void) -> TLSContext {
    defer { isFresh = false }
    if isFresh || config == TLSConfig() { return latest }
    do throws(TLSFailure) { latest = try .client(config, authorities: authorities) } catch {
      warn("for TLS what was read before goes on to be used: \(error.text)")
    }
    return latest
  }
}
