/// The TLS of a worker's connections: made at once, so that a wrong file is an error of its maker, and anew from the files before each
/// later connection, for they may have been renewed.
struct TLSSource {
  private let config: TLSConfig
  private let systemFile: String?
  private var latest: TLSContext
  private var isFresh = true

  /// `systemFile` is what the variable `SSL_CERT_FILE` says.
  init(_ config: TLSConfig, systemFile: String?, warn: (String) -> Void) throws(TLSFailure) {
    self.config = config
    self.systemFile = systemFile
    latest = try .client(config, systemFile: systemFile, warn: warn)
  }

  /// What the next connection goes by.
  mutating func context(warn: (String) -> Void) -> TLSContext {
    defer { isFresh = false }
    // Without files of its own there are only the system's authorities: many, and seldom changed.
    if isFresh || config == TLSConfig() { return latest }
    do throws(TLSFailure) { latest = try .client(config, systemFile: systemFile) } catch {
      warn("for TLS what was read before goes on to be used: \(error.text)")
    }
    return latest
  }
}
