import Foundation
import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

@Suite(.timeLimit(.minutes(5))) struct StoreFailureTests {
  // MARK: Files that are refused

  /// Opens the store, which must be refused, and must leave all files in the folder as they were.
  private func refusal(of folder: TemporaryFolder, at path: String? = nil) async throws -> StoreError? {
    func files() throws -> [String: [UInt8]] {
      try Dictionary(
        uniqueKeysWithValues: FileManager.default.contentsOfDirectory(atPath: folder.path).map {
          ($0, try FileBytes.read(folder.path + "/" + $0, limit: 1 << 20))
        })
    }
    let before = try files()
    let error = await #expect(throws: StoreError.self) {
      try await withStore(.folder(path ?? folder.path)) { _ in }
    }
    #expect(try files() == before)
    return error
  }

  /// A folder with a closed store of `count` notes.
  private func filled(_ count: Int = 100) async throws -> TemporaryFolder {
    let folder = try TemporaryFolder()
    try await withStore(.folder(folder.path)) { store in
      let notes = (0..<count).map { NoteRow("\($0)", String(repeating: "x", count: 1000)) }
      #expect(await store.write([notes.map { .put($0) }])[0].error == nil)
    }
    return folder
  }

  @Test("a second engine is refused as long as the first has the store, and the first goes on")
  func held() async throws {
    let folder = try TemporaryFolder()
    try await withStore(.folder(folder.path)) { first in
      for round in 0..<3 {
        let error = await #expect(throws: StoreError.self) { try await withStore(.folder(folder.path)) { _ in } }
        #expect(error?.kind == .held)
        #expect(error?.description.contains("'\(folder.store)' is in use by another engine; stop that engine") == true)
        #expect(await first.put("\(round)", "x") == nil)
      }
    }
    #expect(try await storedNotes(in: folder.path).count == 3)
  }

  @Test("a damaged file is refused: cut, with a page overwritten, or emptied beside its WAL")
  func damaged() async throws {
    let cut = try await filled()
    try #require(FileHandle(forWritingAtPath: cut.store)).truncate(atOffset: 40_000)
    #expect(try await refusal(of: cut)?.kind == .damaged)

    let overwritten = try await filled()
    let file = try #require(FileHandle(forWritingAtPath: overwritten.store))
    try file.seek(toOffset: 3 * 4096)
    file.write(Data(repeating: 0xA5, count: 4096))
    try file.close()
    let error = try await refusal(of: overwritten)
    #expect(error?.kind == .damaged)
    #expect(error?.description.hasPrefix("the store '\(overwritten.store)' is damaged (quick_check: ") == true)
    #expect(error?.description.contains("it was not changed: restore a copy") == true)

    let emptied = try await filled()
    try Data().write(to: URL(fileURLWithPath: emptied.store))
    try Data(repeating: 1, count: 5000).write(to: URL(fileURLWithPath: emptied.wal))
    #expect(try await refusal(of: emptied)?.kind == .damaged)
  }

  @Test("a file of another program is refused", arguments: ["text", "SQLite", "folder"])
  func foreign(_ kind: String) async throws {
    let folder = try TemporaryFolder()
    switch kind {
    case "text": try "hello".write(toFile: folder.store, atomically: false, encoding: .utf8)
    case "SQLite":
      try SQLiteConnection(folder.store, .full).execute(
        "PRAGMA journal_mode = WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)")
    default:
      let outer = try TemporaryFolder()
      try FileManager.default.createDirectory(atPath: outer.store, withIntermediateDirectories: false)
      let error = await #expect(throws: StoreError.self) { try await withStore(.folder(outer.path)) { _ in } }
      #expect(error?.kind == .foreign)
      return
    }
    let error = try await refusal(of: folder)
    #expect(error?.kind == .foreign)
    #expect(error?.description.contains("is not a store of this engine") == true)
  }

  @Test("a file of a newer version is refused, and so is one whose table has another form")
  func newer() async throws {
    let format = try await filled()
    try SQLiteConnection(format.store, .full).execute("PRAGMA user_version = 2")
    let error = try await refusal(of: format)
    #expect(error?.kind == .newer)
    #expect(error?.description.contains("its format is 2, this version knows up to 1") == true)

    let table = try await filled()
    try SQLiteConnection(table.store, .full).execute("ALTER TABLE notes ADD COLUMN more BLOB")
    #expect(try await refusal(of: table)?.kind == .newer)
  }

  @Test("a row that its built-in cannot understand is refused by its number")
  func unreadableRow() async throws {
    let folder = try TemporaryFolder()
    try await withStore(.folder(folder.path)) { store in
      #expect(await store.put("a", "1") == nil)
      #expect(await store.put("b", "unreadable") == nil)
    }
    let error = try await refusal(of: folder)
    #expect(error?.kind == .damaged)
    #expect(error?.reason == "row 2 of its table 'notes': its text is not readable")
  }

  @Test("a path that cannot be a folder is refused")
  func invalidFolder() async throws {
    let folder = try TemporaryFolder()
    try "x".write(toFile: folder.path + "/file", atomically: false, encoding: .utf8)
    for path in ["", "a\0b", folder.path + "/file", folder.path + "/file/below"] {
      #expect(try await refusal(of: folder, at: path)?.kind == .invalidFolder)
    }
  }

  // MARK: Writes that fail

  @Test("on a full disk the writes fail that need room, and no others; later ones are saved when there is room again")
  func fullDisk() async throws {
    let folder = try TemporaryFolder()
    var limits = StoreLimits()
    limits.pages = 40
    let large = String(repeating: "x", count: 300_000)
    try await withStore(.folder(folder.path), limits: limits) { store in
      #expect(await store.put("a", String(repeating: "a", count: 100_000)) == nil)
      // In one turn, and so in one transaction.
      let reported = await store.write([
        [.put(NoteRow("b", "1"))], [.put(NoteRow("c", "1")), .put(NoteRow("d", large))], [], [.put(NoteRow("e", "1"))],
      ])
      #expect(reported.map(\.number) == [0, 1, 2, 3])
      #expect(reported.map(\.error?.kind) == [nil, .unwritable, nil, nil])
      #expect(
        reported[1].error?.description
          == "'\(folder.store)' cannot be written: the disk is full; this write was not saved, later writes are tried again"
      )
      // There is room again.
      #expect(await store.put("f", String(repeating: "f", count: 100_000))?.kind == .unwritable)
      #expect(await store.write([[.remove("a")]])[0].error == nil)
      #expect(await store.put("f", String(repeating: "f", count: 100_000)) == nil)
    }
    let names = try await storedNotes(in: folder.path).map { String(decoding: $0.name, as: UTF8.self) }
    #expect(names == ["b", "e", "f"])
  }

  @Test("a table that could not be created is created by the next write that succeeds")
  func tableOfAFailedWrite() async throws {
    let folder = try TemporaryFolder()
    var limits = StoreLimits()
    limits.pages = 4
    try await withStore(.folder(folder.path), limits: limits) { store in
      #expect(await store.put("a", String(repeating: "x", count: 100_000))?.kind == .unwritable)
      #expect(await store.put("b", "1") == nil)
    }
    #expect(try await storedNotes(in: folder.path) == [NoteRow("b", "1")])
  }

  @Test("a folder that cannot be made fails the writes, not the start; they are saved when it can be made")
  func unwritableFolder() async throws {
    let folder = try TemporaryFolder()
    // A link to nowhere: nothing can be made behind it until its target is there, for any user.
    let link = folder.path + "/link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path + "/target")
    try await withStore(.folder(link + "/store")) { store in
      let warning = try #require(store.warnings.withLock { $0 }.first)
      #expect(
        warning.hasPrefix("nothing can be saved in '\(link)/store/iii-store.sqlite': make the folder '\(link)': "))
      let error = await store.put("a", "1")
      #expect(error?.kind == .unwritable)
      #expect(error?.description.contains("later writes are tried again") == true)
      try FileManager.default.createDirectory(atPath: folder.path + "/target", withIntermediateDirectories: false)
      #expect(await store.put("b", "1") == nil)
    }
    #expect(try await storedNotes(in: link + "/store") == [NoteRow("b", "1")])
  }

  @Test("a store that is only readable is read, and every write fails", arguments: [true, false])
  func readOnly(_ hasWAL: Bool) async throws {
    let source = try TemporaryFolder()
    let folder = try TemporaryFolder()
    try await withStore(.folder(source.path)) { store in
      #expect(await store.put("a", "1") == nil)
      if hasWAL { try copyStore(source, folder) }
    }
    if !hasWAL { try copyStore(source, folder) }
    try await ReadOnly.check(folder) { [NoteRow("a", "1")] == $0 }
  }

  @Test("writes to a file that was removed meanwhile fail, for a restart would not find them")
  func removed() async throws {
    let folder = try TemporaryFolder()
    try await withStore(.folder(folder.path)) { store in
      #expect(await store.put("a", "1") == nil)
      try FileManager.default.removeItem(atPath: folder.store)
      let error = await store.put("b", "1")
      #expect(error?.kind == .changed)
      #expect(error?.description.contains("was moved, replaced or removed while the engine was running") == true)
    }
  }
}

/// Copies a store's file and its WAL as they are.
func copyStore(_ source: TemporaryFolder, _ target: TemporaryFolder) throws {
  try FileManager.default.copyItem(atPath: source.store, toPath: target.store)
  if source.size(source.wal) >= 0 { try FileManager.default.copyItem(atPath: source.wal, toPath: target.wal) }
}

/// Reads a store without being able to write it.
private enum ReadOnly {
  static func check(_ folder: TemporaryFolder, _ isExpected: @Sendable ([NoteRow]) -> Bool) async throws {
    let attributes = FileManager.default
    try attributes.setAttributes([.posixPermissions: 0o444], ofItemAtPath: folder.store)
    try attributes.setAttributes([.posixPermissions: 0o555], ofItemAtPath: folder.path)
    defer { try? attributes.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder.path) }
    // The superuser may write to it all the same.
    guard !FileSystem.isWritable(folder.store) else { return }
    try await withStore(.folder(folder.path)) { store in
      #expect(isExpected(store.rows))
      #expect(store.warnings.withLock { $0 }.count == 1)
      let error = await store.put("b", "1")
      #expect(error?.kind == .readOnly)
      #expect(error?.description.contains("make the file and its folder writable and restart the engine") == true)
    }
  }
}
