internal import UV

/// Looks for a file that was cut within its last page. SQLite would read zeros for the missing bytes, and would not notice
/// where they belong to a value.
///
/// The numbers are those of SQLite's file format (https://www.sqlite.org/fileformat.html).
enum StoreEnd {
  private static let walHeader = 32
  private static let frameHeader = 24

  /// Whether the file ends within a page that the WAL does not replace.
  static func isCut(_ path: String, size: UInt64) throws(StoreError) -> Bool {
    do throws(UVError) {
      let header = try FileBytes.read(path, limit: 18)
      guard header.count == 18 else { return false }  // not SQLite's: found by others
      let stored = UInt64(header[16]) << 8 | UInt64(header[17])
      let pageSize = stored == 1 ? 65_536 : stored
      guard pageSize >= 512, size % pageSize != 0 else { return false }
      guard try FileSystem.status(path + "-wal") != nil else { return true }
      return !replaces(try FileBytes.read(path + "-wal", limit: .max), page: size / pageSize + 1, Int(pageSize))
    } catch {
      throw StoreError(.unreadable, path, error.reason)
    }
  }

  /// Whether a committed transaction of the WAL has the page.
  private static func replaces(_ wal: [UInt8], page: UInt64, _ pageSize: Int) -> Bool {
    var isPending = false
    var start = walHeader
    while start + frameHeader + pageSize <= wal.count {
      // Frames of an earlier use of the file have other salts; none after them counts.
      guard wal[(start + 8)..<(start + 16)].elementsEqual(wal[16..<24]) else { return false }
      if number(wal, at: start) == page { isPending = true }
      let isCommit = number(wal, at: start + 4) != 0
      if isPending && isCommit { return true }
      start += frameHeader + pageSize
    }
    return false
  }

  private static func number(_ bytes: [UInt8], at index: Int) -> UInt64 {
    bytes[index..<(index + 4)].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
