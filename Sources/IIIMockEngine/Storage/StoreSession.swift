internal import UV

/// What a store's thread works on: the file, or why there is none that can be written.
///
/// A folder that cannot be written does not keep an engine from starting: its writes fail until it can.
final class StoreSession {
  let path: String
  private let folder: String
  private let pageLimit: Int?
  private var file: StoreFile?
  /// Why `file` is `nil`.
  private(set) var problem: StoreError?
  /// Whether rows were read from a file that could not be locked: another engine may change it.
  private var hasReadUnlocked = false
  private var schemas: [StoreSchema] = []
  private var bytesSinceCheckpoint = 0

  /// The WAL may grow to about this size before it is copied into the file, whatever the interval.
  private static let largestWAL = 64 << 20

  init(folder: String, pageLimit: Int?) throws(StoreError) {
    self.folder = folder
    self.pageLimit = pageLimit
    path = folder + "/" + StoreFile.name
    do throws(StoreError) {
      file = try open()
    } catch {
      guard error.kind == .unwritable else { throw error }
      problem = try readOnly() == nil ? error : StoreError(.readOnly, path, error.reason)
    }
  }

  private func open() throws(StoreError) -> StoreFile {
    do throws(UVError) {
      try FileSystem.makeFolder(folder)
    } catch {
      throw StoreError(.unwritable, path, "\(error.operation): \(error.reason)")
    }
    // SQLite would say that the disk has an error: a lock needs a file that can be written.
    if try StoreFile.hasContent(path), !FileSystem.isWritable(path) || !FileSystem.isWritable(folder) {
      throw StoreError(.unwritable, path, "the file or its folder is read-only")
    }
    return try StoreFile(path, pageLimit: pageLimit)
  }

  /// A connection that reads a store that cannot be written; `nil` if there is no store.
  private func readOnly() throws(StoreError) -> SQLiteConnection? {
    guard try StoreFile.hasContent(path) else { return nil }
    hasReadUnlocked = true
    do {
      let wal = try FileSystem.status(path + "-wal")
      do throws(SQLiteFailure) {
        _ = try SQLiteConnection(path, .shared).integer("PRAGMA schema_version")
      } catch {
        // Other failures say no more than that the file is read-only.
        if StoreError(error, path).kind == .held { throw error }
      }
      let connection = try SQLiteConnection(path, (wal?.size ?? 0) > 0 ? .unlocked : .snapshot)
      try connection.execute("PRAGMA locking_mode = EXCLUSIVE")
      try StoreFile.check(connection, path)
      return connection
    } catch {
      throw StoreError(error, path).whileReading
    }
  }

  // MARK: Reading

  /// All rows of a table, which has the number that follows those of other tables.
  func load<Row: StoreRow>(_ type: Row.Type) throws(StoreError) -> [Row] {
    if !schemas.contains(where: { $0.table == Row.schema.table }) { schemas.append(Row.schema) }
    if let file { return try file.rows(type) }
    guard let connection = try readOnly() else { return [] }
    return try StoreFile.rows(type, on: connection, path)
  }

  // MARK: Writing

  /// Saves what the batches hold in one transaction. If that fails, each write is tried by itself, so that only those
  /// fail for which there is no room. Returns the failures, with the number of the write.
  func save(_ batches: [StoreBatch]) -> [StoreReport.Failure] {
    let count = batches.reduce(0) { $0 + $1.ends.count }
    let file: StoreFile
    do throws(StoreError) {
      file = try writableFile()
    } catch {
      return (0..<count).map { StoreReport.Failure(write: $0, error: error) }
    }
    do throws(StoreError) {
      try transaction(on: file) { () throws(SQLiteFailure) in
        for batch in batches { try apply(batch, 0..<batch.bytes.count, to: file) }
      }
      return []
    } catch {
      if count == 1 { return [StoreReport.Failure(write: 0, error: error)] }
    }
    return saveOneByOne(batches, to: file)
  }

  private func saveOneByOne(_ batches: [StoreBatch], to file: StoreFile) -> [StoreReport.Failure] {
    var failures: [StoreReport.Failure] = []
    var number = 0
    for batch in batches {
      var start = 0
      for end in batch.ends {
        do throws(StoreError) {
          if end > start {
            try transaction(on: file) { () throws(SQLiteFailure) in try apply(batch, start..<end, to: file) }
          }
        } catch {
          failures.append(StoreReport.Failure(write: number, error: error))
        }
        number += 1
        start = end
      }
    }
    return failures
  }

  /// The open file; one that could not be opened before is tried again.
  private func writableFile() throws(StoreError) -> StoreFile {
    if let file {
      guard !file.hasMoved else { throw StoreError(.changed, path, "was moved, replaced or removed") }
      return file
    }
    if hasReadUnlocked || problem?.kind == .closed { throw problem ?? StoreError(.readOnly, path) }
    guard try !StoreFile.hasContent(path) else { throw StoreError(.changed, path, "was created by another program") }
    let opened = try open()
    file = opened
    problem = nil
    return opened
  }

  private func transaction(
    on file: StoreFile, _ changes: () throws(SQLiteFailure) -> Void
  ) throws(StoreError) {
    do throws(SQLiteFailure) { try file.transaction(changes) } catch { throw StoreError(error, path) }
  }

  private func apply(_ batch: StoreBatch, _ range: Range<Int>, to file: StoreFile) throws(SQLiteFailure) {
    bytesSinceCheckpoint += range.count
    let failure: SQLiteFailure? = batch.bytes.withUnsafeBytes { bytes in
      do throws(SQLiteFailure) {
        try file.apply(UnsafeRawBufferPointer(rebasing: bytes[range]), schemas)
        return nil
      } catch {
        return error
      }
    }
    if let failure { throw failure }
  }

  // MARK: Checkpoints

  var needsCheckpoint: Bool { bytesSinceCheckpoint > StoreSession.largestWAL }

  /// Copies the WAL into the file; what fails now is made up for by the next one.
  func checkpoint() -> StoreError? {
    guard let file, !file.hasMoved else { return nil }
    bytesSinceCheckpoint = 0
    do throws(SQLiteFailure) { try file.checkpoint() } catch { return StoreError(error, path) }
    return nil
  }

  /// Copies the WAL into the file as far as there is room, and closes it.
  func close() {
    _ = checkpoint()
    file = nil
    problem = StoreError(.closed, path)
  }
}
