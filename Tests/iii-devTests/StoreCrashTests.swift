import Foundation
import TestSupport
import Testing

@testable import IIIMockEngine

/// A store in a separate process that is killed.
@Suite(.timeLimit(.minutes(10))) struct StoreCrashTests {
  @Test("a store that is killed at random moments loses nothing that it has reported, and contains nothing else")
  func kills() async throws {
    var random = SeededGenerator(seed: 3)
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var reported = 0
    var slots: [Int: Int] = [:]
    for _ in 0..<Proofs.count(suite: 5, full: 200) {
      let writer = try Program([folder], of: "store-writer")
      // Each writer prints the highest number that it has found.
      let found = try #require(await writer.line(after: "from ").flatMap { Int($0) }) - 1
      #expect(found >= reported)
      for number in reported..<found where number < found { slots[(number + 1) % 64] = number + 1 }
      reported = found
      for _ in 0..<random.below(400) {
        guard let line = await writer.line(after: ""), let number = Int(line) else { break }
        #expect(number == reported + 1)
        reported = number
      }
      writer.send(SIGKILL)
      let rest = await writer.end()
      #expect(rest.status == -SIGKILL)
      for number in rest.output.split(separator: "\n").compactMap({ Int($0) }) {
        #expect(number == reported + 1)
        reported = number
      }
    }
    #expect(reported > 0)
    try checkRows(in: folder, reported: reported)
  }

  /// The rows must be a sequence of numbers without gaps that ends at `reported` or a little later.
  private func checkRows(in folder: String, reported: Int) throws {
    let connection = try SQLiteConnection(folder + "/iii-store.sqlite", .full)
    #expect(try connection.text("PRAGMA integrity_check") == "ok")
    let last = try connection.integer("SELECT max(number) FROM numbers")
    #expect(last >= reported)
    let wrong = try connection.integer(
      "SELECT count(*) FROM numbers WHERE number % 64 <> slot OR number <= \(last) - 64 OR length(filling) <> number % 1999"
    )
    #expect(wrong == 0)
    #expect(try connection.integer("SELECT count(*) FROM numbers") == min(last, 64))
  }

  @Test("a store that another process has open is refused, and can be opened once that process was killed")
  func heldByAnotherProcess() async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let first = try Program([folder], of: "store-writer")
    #expect(await first.line(after: "from ") == "1")
    let second = await (try Program([folder], of: "store-writer")).end()
    #expect(second.output.hasPrefix("refused: the store '\(folder)/iii-store.sqlite' is in use by another engine"))
    #expect(await first.line(after: "1") != nil)
    first.send(SIGKILL)
    _ = await first.end()
    let third = try Program([folder], of: "store-writer")
    #expect(await third.line(after: "from ") != nil)
    third.send(SIGKILL)
    _ = await third.end()
  }

  @Test("above a limit of file sizes writes fail as on a full disk, and later writes are saved")
  func fileSizeLimit() async throws {
    let folder = NSTemporaryDirectory() + "iii-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let end = await (try Program([folder, "300000"], of: "store-writer")).end()
    #expect(end.status == 0)
    let lines = end.output.split(separator: "\n")
    let failed = try #require(lines.first { $0.hasPrefix("failed: ") })
    #expect(failed.hasPrefix("failed: '\(folder)/iii-store.sqlite' cannot be written: "))
    #expect(lines.last == "closed")
    let numbers = lines.compactMap { Int($0) }
    #expect(numbers.count > 10)
    let stored = try SQLiteConnection(folder + "/iii-store.sqlite", .full)
    #expect(try stored.integer("SELECT max(number) FROM numbers") == Int64(numbers.last ?? -1))
  }
}
