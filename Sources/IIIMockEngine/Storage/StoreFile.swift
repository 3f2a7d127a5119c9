internal import UV

/// A store's file, open, locked and checked. It belongs to the store's thread.
final class StoreFile {
  /// The file's name in the folder that the configuration names.
  static let name = "iii-store.sqlite"
  /// Marks the file as a store of this engine: "iiiS".
  static let applicationID: Int64 = 0x6969_6953
  /// The version of the file's form. A file with a higher one is refused.
  static let format: Int64 = 1

  let path: String
  private let connection: SQLiteConnection
  private let begin: SQLiteStatement
  private let commit: SQLiteStatement
  /// By the table's number; emptied when a transaction fails, for it may have created tables.
  private var statements: [Int: (put: SQLiteStatement, remove: SQLiteStatement)] = [:]

  /// Opens the file, or creates it. It stays locked until this object is closed.
  ///
  /// - Parameter pageLimit: the most pages of 4 KiB that the file may have; a larger one counts as a full disk.
  init(_ path: String, pageLimit: Int?) throws(StoreError) {
    self.path = path
    let exists = try StoreFile.hasContent(path)
    let walSize = (try? FileSystem.status(path + "-wal"))?.size ?? 0
    do throws(SQLiteFailure) {
      connection = try SQLiteConnection(path, .full)
      // A file that is refused must stay as it is; only the empty WAL of this connection is removed.
      connection.keepWALOnClose(walSize > 0)
      try connection.execute("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT")
      if try connection.integer("PRAGMA application_id") == 0 {
        try connection.execute(
          "BEGIN; PRAGMA application_id = \(StoreFile.applicationID); PRAGMA user_version = \(StoreFile.format); COMMIT"
        )
      }
    } catch {
      // Its header was right: what SQLite does not recognize behind it is damage.
      let problem = StoreError(error, path)
      throw exists && problem.kind == .foreign ? StoreError(.damaged, path, problem.reason) : problem
    }
    try StoreFile.check(connection, path)
    do throws(SQLiteFailure) {
      guard try connection.text("PRAGMA journal_mode = WAL") == "wal" else {
        throw SQLiteFailure(code: 0, message: "the file system cannot hold a WAL")
      }
      try connection.execute(
        "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA trusted_schema = OFF")
      if let pageLimit { try connection.execute("PRAGMA max_page_count = \(pageLimit)") }
      begin = try SQLiteStatement("BEGIN IMMEDIATE", on: connection)
      commit = try SQLiteStatement("COMMIT", on: connection)
    } catch {
      throw StoreError(error, path)
    }
    connection.keepWALOnClose(false)
  }

  // MARK: Checks

  /// Whether there is a store at the path, with something in it. Reads the file's header only, and changes nothing.
  static func hasContent(_ path: String) throws(StoreError) -> Bool {
    let (file, wal): (FileSystem.Status?, FileSystem.Status?)
    do throws(UVError) {
      file = try FileSystem.status(path)
      wal = try FileSystem.status(path + "-wal")
    } catch {
      throw StoreError(.unreadable, path, error.reason)
    }
    if file?.isDirectory == true { throw StoreError(.foreign, path, "it is a folder") }
    guard let file, file.size > 0 else {
      // SQLite would delete the WAL.
      if let wal, wal.size > 0 { throw StoreError(.damaged, path, "it has a WAL and no content of its own") }
      return false
    }
    if try StoreEnd.isCut(path, size: file.size) {
      throw StoreError(.damaged, path, "it ends in the middle of a page")
    }
    let (application, version): (Int64, Int64)
    do throws(SQLiteFailure) {
      (application, version) = try marks(path)
    } catch {
      throw StoreError(error, path).whileReading
    }
    guard application == applicationID, version > 0 else {
      throw StoreError(.foreign, path, "it is an SQLite file of another program")
    }
    guard version <= format else {
      throw StoreError(.newer, path, "its format is \(version), this version knows up to \(format)")
    }
    return true
  }

  /// The application id and the version of the file. It is read without a lock: an engine that writes to it just then
  /// can make it look damaged, so that a failure counts only when it stays.
  private static func marks(_ path: String) throws(SQLiteFailure) -> (Int64, Int64) {
    var attempts = 20
    while true {
      do throws(SQLiteFailure) {
        let snapshot = try SQLiteConnection(path, .snapshot)
        return (try snapshot.integer("PRAGMA application_id"), try snapshot.integer("PRAGMA user_version"))
      } catch {
        attempts -= 1
        if attempts == 0 { throw error }
      }
    }
  }

  /// Lets SQLite look for damage in the whole file.
  static func check(_ connection: SQLiteConnection, _ path: String) throws(StoreError) {
    do {
      let found = try connection.text("PRAGMA quick_check(1)") ?? "nothing"
      guard found == "ok" else {
        // The first line names the database, `main`.
        let line = found.split(separator: "\n").last.map(String.init) ?? found
        throw StoreError(.damaged, path, "quick_check: \(line)")
      }
    } catch {
      throw StoreError(error, path).whileReading
    }
  }

  var hasMoved: Bool { connection.hasMoved }

  // MARK: Reading

  func rows<Row: StoreRow>(_ type: Row.Type) throws(StoreError) -> [Row] {
    try StoreFile.rows(type, on: connection, path)
  }

  /// All rows of a table; none if the file has no such table yet.
  static func rows<Row: StoreRow>(
    _ type: Row.Type, on connection: SQLiteConnection, _ path: String
  ) throws(StoreError) -> [Row] {
    var rows: [Row] = []
    do {
      guard let creation = try connection.text(Row.schema.creationFound) else { return [] }
      guard creation == Row.schema.creation else {
        throw StoreError(.newer, path, "its table '\(Row.schema.table)' has another form")
      }
      let scan = try SQLiteStatement(Row.schema.scan, on: connection)
      while try scan.step() {
        var columns = StoreDecoder(scan)
        rows.append(try Row(from: &columns))
      }
    } catch let error as StoreRowFailure {
      throw StoreError(.damaged, path, "row \(rows.count + 1) of its table '\(Row.schema.table)': \(error.reason)")
    } catch {
      throw StoreError(error, path).whileReading
    }
    return rows
  }

  // MARK: Writing

  /// Runs `changes` as one transaction: all of it is in the file afterwards, or nothing.
  func transaction(_ changes: () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) {
    try begin.run()
    do throws(SQLiteFailure) {
      try changes()
      try commit.run()
    } catch {
      statements = [:]
      if connection.isInTransaction { try? connection.execute("ROLLBACK") }
      throw error
    }
  }

  /// Makes the encoded changes, inside a transaction.
  func apply(_ bytes: UnsafeRawBufferPointer, _ schemas: [StoreSchema]) throws(SQLiteFailure) {
    var changes = StoreChanges(bytes)
    while let (change, number) = changes.next() {
      let schema = schemas[number]
      let (put, remove) = try statements(number, schema)
      let (statement, columns) = change == .put ? (put, schema.columns.count) : (remove, schema.key.count)
      for index in 0..<columns { try changes.bindColumn(of: statement, at: index) }
      try statement.run()
    }
  }

  private func statements(
    _ number: Int, _ schema: StoreSchema
  ) throws(SQLiteFailure) -> (put: SQLiteStatement, remove: SQLiteStatement) {
    if let known = statements[number] { return known }
    if try connection.text(schema.creationFound) == nil { try connection.execute(schema.creation) }
    let prepared = (
      put: try SQLiteStatement(schema.put, on: connection), remove: try SQLiteStatement(schema.remove, on: connection)
    )
    statements[number] = prepared
    return prepared
  }

  /// Copies the WAL into the file and empties it.
  func checkpoint() throws(SQLiteFailure) { try connection.execute("PRAGMA wal_checkpoint(TRUNCATE)") }
}
