/// Warns of messages that a worker's SDK will refuse for their size: it closes its connection, and the call is lost.
enum LargeMessageHint {
  /// Every SDK accepts messages up to this size.
  static let threshold = 1 << 20

  /// What happens to a message of `count` bytes at this worker; `nil` if it is accepted as far as is known.
  static func text(_ count: Int, to worker: ReportedMetadata) -> String? {
    switch worker.runtime {
    case "python" where isBefore025(worker.version):
      "Python SDKs before 0.25 take messages up to 1 MiB and close the connection (1009) on a larger one: "
        + "the call is lost. Update iii-sdk, or send bulk data over a channel"
    case "rust" where count > 16 << 20:
      "the Rust SDK takes frames up to 16 MiB and drops the connection on a larger one: send bulk data over a channel"
    default: count > 64 << 20 ? "SDKs take messages up to 64 MiB: send bulk data over a channel" : nil
    }
  }

  /// The largest message that a worker's SDK takes, if that is 1 MiB only.
  static func sizeLimit(of worker: ReportedMetadata) -> Int? {
    worker.runtime == "python" && isBefore025(worker.version) ? threshold : nil
  }

  private static func isBefore025(_ version: String?) -> Bool {
    guard let version else { return true }
    let parts = version.split(separator: ".").map { Int($0.prefix { $0.isNumber }) ?? 0 }
    guard parts.count >= 2 else { return true }
    return parts[0] == 0 && parts[1] < 25
  }
}
