import Foundation
import TestSupport
import Testing

@testable import IIIMockEngine

/// Files that end too early, as after a crash of the machine.
@Suite(.timeLimit(.minutes(10))) struct StoreCutTests {
  /// Makes a store whose file holds the first half of `count` transactions, and its WAL the others. Each puts a row, and
  /// a counter that tells how far it is.
  private func written(_ count: Int, into copy: TemporaryFolder, _ random: inout SeededGenerator) async throws
    -> [NoteRow]
  {
    let rows = (1...count).map { NoteRow(name: Array("\($0)".utf8), text: random.bytes(random.below(3000))) }
    let folder = try TemporaryFolder()
    for half in [rows[..<(count / 2)], rows[(count / 2)...]] {
      try await withStore(.folder(folder.path)) { store in
        for row in half {
          let counter = NoteRow(name: Array("count".utf8), text: row.name)
          #expect(await store.write([[.put(row), .put(counter)]])[0].error == nil)
        }
        if half.endIndex == count { try copyStore(folder, copy) }
      }
    }
    return rows
  }

  private func cut(_ path: String, at size: Int) throws {
    let file = try #require(FileHandle(forWritingAtPath: path))
    try file.truncate(atOffset: UInt64(size))
    try file.close()
  }

  /// Checks that the rows are those that some number of transactions, one after the other, have left.
  private func check(_ stored: [NoteRow], _ rows: [NoteRow], least: Int) {
    let counter = stored.first { $0.name == Array("count".utf8) }?.text ?? Array("0".utf8)
    let count = Int(String(decoding: counter, as: UTF8.self)) ?? -1
    #expect(count >= least)
    #expect(stored.filter { $0.name != Array("count".utf8) } == Array(rows.prefix(count)))
  }

  @Test("a WAL that is cut or changed anywhere gives the first transactions, never others")
  func damagedWAL() async throws {
    var random = SeededGenerator(seed: 7)
    let source = try TemporaryFolder()
    let rows = try await written(60, into: source, &random)
    let size = source.size(source.wal)
    #expect(size > 30_000)
    for _ in 0..<Proofs.count(suite: 60, full: 5000) {
      let folder = try TemporaryFolder()
      try copyStore(source, folder)
      let place = random.below(size)
      if random.oneIn(3) {
        let file = try #require(FileHandle(forUpdatingAtPath: folder.wal))
        try file.seek(toOffset: UInt64(place))
        let old = try #require(try file.read(upToCount: 1)?.first)
        try file.seek(toOffset: UInt64(place))
        file.write(Data([old ^ UInt8.random(in: 1...255, using: &random)]))
        try file.close()
      } else {
        try cut(folder.wal, at: place)
      }
      check(try await storedNotes(in: folder.path), rows, least: 30)
      // What was read is what stays: the engine has gone on from there.
      try await withStore(.folder(folder.path)) { store in
        let before = store.rows
        #expect(await store.put("more", "1") == nil)
        let after = try await afterReopening(folder)
        #expect(before == Array(after.dropLast()))
      }
    }
  }

  /// The rows in a copy of an open store.
  private func afterReopening(_ folder: TemporaryFolder) async throws -> [NoteRow] {
    let copy = try TemporaryFolder()
    try copyStore(folder, copy)
    return try await storedNotes(in: copy.path)
  }

  @Test("a file that is cut anywhere is refused, or gives the first transactions")
  func cutFile() async throws {
    var random = SeededGenerator(seed: 11)
    let source = try TemporaryFolder()
    let rows = try await written(60, into: source, &random)
    var refused = 0
    for _ in 0..<Proofs.count(suite: 30, full: 2000) {
      let folder = try TemporaryFolder()
      try copyStore(source, folder)
      try cut(folder.store, at: random.below(folder.size(folder.store)))
      if random.oneIn(2) { try cut(folder.wal, at: random.below(folder.size(folder.wal))) }
      do {
        check(try await storedNotes(in: folder.path), rows, least: 0)
      } catch let error as StoreError {
        #expect([.damaged, .foreign].contains(error.kind))
        refused += 1
      }
    }
    #expect(refused > 0)
  }
}
