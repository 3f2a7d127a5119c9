/// The TLS of a worker's connections: made at once, so that a wrong file is an error of its maker, and anew before a later connection
/// where a file of its configuration has been renewed. A large one takes long to read, and the loop has others to serve.
struct TLSSource {
  private let config: TLSConfig
  /// Read once: they are many, and seldom changed.
  private let authorities: TLSAuthorities?
  private var latest: TLSContext
  /// Of the files from which `latest` was made, or which were of no use.
  private var stamps: [FileStamp?]
  private var isFresh = true

  /// `systemFile` is what the variable `SSL_CERT_FILE` says.
  init(_ config: TLSConfig, systemFile: String?, warn: (String) -> Void) throws(TLSFailure) {
    self.config = config
    authorities = config.caFile == nil ? try .system(file: systemFile, warn: warn) : nil
    stamps = Self.stamps(config)
    latest = try .client(config, authorities: authorities)
  }

  /// What the next connection goes by.
  mutating func context(warn: (String) -> Void) -> TLSContext {
    defer { isFresh = false }
    if isFresh || config == TLSConfig() { return latest }
    // Before they are read: what is renewed meanwhile is read again.
    let now = Self.stamps(config)
    if !now.contains(nil), now == stamps { return latest }
    stamps = now
    do throws(TLSFailure) { latest = try .client(config, authorities: authorities) } catch {
      warn("for TLS what was read before goes on to be used: \(error.text)")
    }
    return latest
  }

  private static func stamps(_ config: TLSConfig) -> [FileStamp?] {
    [config.caFile, config.certificateFile, config.privateKeyFile].compactMap { $0 }.map { FileStamp($0) }
  }
}
