internal import COpenSSL

/// By which a state of a file is known again: where it lies, how long it is, when it was written.
struct FileStamp: Equatable {
  private let device: UInt64
  private let file: UInt64
  private let size: Int64
  private let seconds: Int64
  private let nanoseconds: Int64

  /// The stamp of the file as it is now, or of its absence; `nil` where it was written so lately that another state may have the
  /// same one.
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
