internal import CSQLite

/// A call of SQLite that failed.
struct SQLiteFailure: Error, Hashable {
  /// The primary result code: `SQLITE_FULL`, `SQLITE_BUSY` …
  let code: Int32
  /// SQLite's text, as `database or disk is full`.
  let message: String
}

/// One connection to a database file. It belongs to the thread that uses it.
final class SQLiteConnection {
  enum Access {
    /// Reads and writes, with locks; creates the file if there is none.
    case full
    /// Reads only, with locks.
    case shared
    /// Reads the file and its WAL, without locks.
    case unlocked
    /// Reads the file without its WAL, without locks; never changes anything, whatever the file is.
    case snapshot
  }

  let handle: OpaquePointer

  init(_ path: String, _ access: Access) throws(SQLiteFailure) {
    var opened: OpaquePointer?
    let mode = access == .full ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY
    let code = sqlite3_open_v2(
      SQLiteConnection.address(path, isImmutable: access == .snapshot), &opened,
      mode | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, access == .unlocked ? "unix-none" : nil)
    guard let opened else { throw SQLiteFailure(code: code, message: "out of memory") }
    guard code == SQLITE_OK else {
      let failure = SQLiteConnection.failure(code, on: opened)
      sqlite3_close_v2(opened)
      throw failure
    }
    handle = opened
  }

  deinit { sqlite3_close_v2(handle) }

  /// Runs statements that give no rows, or whose rows are not needed.
  func execute(_ sql: String) throws(SQLiteFailure) {
    try check(sqlite3_exec(handle, sql, nil, nil, nil))
  }

  /// The first column of the first row, as text.
  func text(_ sql: String) throws(SQLiteFailure) -> String? {
    let statement = try SQLiteStatement(sql, on: self)
    return try statement.step() ? statement.text(0) : nil
  }

  /// The first column of the first row, as a number; 0 if there is no row.
  func integer(_ sql: String) throws(SQLiteFailure) -> Int64 {
    let statement = try SQLiteStatement(sql, on: self)
    return try statement.step() ? statement.integer(0) : 0
  }

  /// Whether `BEGIN` was run and neither `COMMIT` nor `ROLLBACK` since.
  var isInTransaction: Bool { sqlite3_get_autocommit(handle) == 0 }

  /// Whether the file was moved, replaced or removed since it was opened.
  var hasMoved: Bool { csqlite_has_moved(handle) != 0 }

  /// Whether closing leaves file and WAL as they are, instead of copying the WAL into the file.
  func keepWALOnClose(_ isKept: Bool) { _ = csqlite_keep_wal_on_close(handle, isKept ? 1 : 0) }

  func check(_ code: Int32) throws(SQLiteFailure) {
    guard code == SQLITE_OK else { throw SQLiteConnection.failure(code, on: handle) }
  }

  static func failure(_ code: Int32, on handle: OpaquePointer) -> SQLiteFailure {
    SQLiteFailure(code: code & 0xFF, message: sqlite3_errmsg(handle).map { String(cString: $0) } ?? "error \(code)")
  }

  /// The path as a `file:` URI: with it the file may be opened as immutable.
  private static func address(_ path: String, isImmutable: Bool) -> String {
    let digits = Array("0123456789ABCDEF".utf8)
    var bytes = Array("file:".utf8)
    for byte in path.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: bytes.append(byte)
      case UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"): bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self) + (isImmutable ? "?immutable=1" : "")
  }
}

/// A compiled statement. It keeps its connection open.
final class SQLiteStatement {
  private let connection: SQLiteConnection
  private let handle: OpaquePointer

  init(_ sql: String, on connection: SQLiteConnection) throws(SQLiteFailure) {
    var prepared: OpaquePointer?
    try connection.check(sqlite3_prepare_v2(connection.handle, sql, -1, &prepared, nil))
    guard let prepared else { throw SQLiteFailure(code: SQLITE_MISUSE, message: "an empty statement") }
    self.connection = connection
    handle = prepared
  }

  deinit { sqlite3_finalize(handle) }

  /// Runs to the next row; `false` says that there is none.
  func step() throws(SQLiteFailure) -> Bool {
    switch sqlite3_step(handle) {
    case SQLITE_ROW: return true
    case SQLITE_DONE: return false
    case let code: throw SQLiteConnection.failure(code, on: connection.handle)
    }
  }

  /// Runs a statement that gives no rows, and makes it ready to run again.
  func run() throws(SQLiteFailure) {
    defer { sqlite3_reset(handle) }
    while try step() {}
  }

  // MARK: Parameters, from 0

  /// The bytes are not copied: they must stay until `run` returns.
  func bind(_ bytes: UnsafeRawBufferPointer, at index: Int) throws(SQLiteFailure) {
    try connection.check(csqlite_bind_bytes(handle, Int32(index + 1), bytes.baseAddress, bytes.count))
  }

  func bind(_ integer: Int64, at index: Int) throws(SQLiteFailure) {
    try connection.check(sqlite3_bind_int64(handle, Int32(index + 1), integer))
  }

  func bindNull(at index: Int) throws(SQLiteFailure) {
    try connection.check(sqlite3_bind_null(handle, Int32(index + 1)))
  }

  // MARK: Columns, from 0

  func isNull(_ column: Int) -> Bool { sqlite3_column_type(handle, Int32(column)) == SQLITE_NULL }

  func integer(_ column: Int) -> Int64 { sqlite3_column_int64(handle, Int32(column)) }

  func bytes(_ column: Int) -> [UInt8] {
    let start = sqlite3_column_blob(handle, Int32(column))
    return [UInt8](UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, Int32(column)))))
  }

  func text(_ column: Int) -> String { String(decoding: bytes(column), as: UTF8.self) }
}
