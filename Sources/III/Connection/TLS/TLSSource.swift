internal import COpenSSL

/// Makes the TLS contexts of a worker's connections. The first is made at once, so that an invalid file is reported to the caller that
/// creates the worker. A new one is made before a later connection only if a file has changed: reading a large file would delay the loop.
struct TLSSource {
  private let config: TLSConfig
  /// Read once, because there are many and they seldom change.
  private let authorities: TLSAuthorities?
  private var latest: TLSContext
  /// The stamps of the files from which `latest` was made, or could not be made.
  private var stamps: [FileStamp?]
  private var isFresh = true

  /// `systemFile` is the value of the variable `SSL_CERT_FILE`.
  init(_ config: TLSConfig, systemFile: String?, warn: (String) -> Void) throws(TLSFailure) {
    self.config = config
    authorities = config.caFile == nil ? try .system(file: systemFile, warn: warn) : nil
    stamps = Self.stamps(config)
    latest = try .client(config, authorities: authorities)
  }

  /// The context of the next connection.
  mutating func context(warn: (String) -> Void) -> TLSContext {
    defer { isFresh = false }
    if isFresh || config == TLSConfig() { return latest }
    // The stamps are taken before the files are read: a file that changes in between is read again.
    let now = Self.stamps(config)
    if !now.contains(nil), now == stamps { return latest }
    stamps = now
    do throws(TLSFailure) { latest = try .client(config, authorities: authorities) } catch {
      warn("the changed TLS files cannot be used, the previous ones stay in use: \(error.text)")
    }
    return latest
  }

  private static func stamps(_ config: TLSConfig) -> [FileStamp?] {
    [config.caFile, config.certificateFile, config.privateKeyFile].compactMap { $0 }.map { FileStamp($0) }
  }
}

/// Identifies a version of a file: device, inode, size, modification time.
struct FileStamp: Equatable {
  private let device: UInt64
  private let file: UInt64
  private let size: Int64
  private let seconds: Int64
  private let nanoseconds: Int64

  /// The stamp of the file as it is now, or of its absence; `nil` if it was written so recently that a later version may have the same one.
  init?(_ path: String) {
    let stamp = copenssl_file_stamp(path)
    guard stamp.file == 0 || stamp.age > 2 else { return nil }
    device = stamp.device
    file = stamp.file
    size = stamp.size
    seconds = stamp.seconds
    nanoseconds = stamp.nanoseconds
  }
}
