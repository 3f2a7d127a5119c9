import Foundation
import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

@Suite(.timeLimit(.minutes(5))) struct StoreTests {
  // MARK: Rows

  @Test("rows keep their place when they are replaced, and come last when they are removed and put again")
  func orderOfRows() async throws {
    let folder = try TemporaryFolder()
    try await withStore(.folder(folder.path)) { store in
      for name in ["b", "a", "c"] { #expect(await store.put(name, "1") == nil) }
      #expect(await store.put("b", "2") == nil)
      #expect(await store.write([[.remove("a")], [.put(NoteRow("a", "3"))]]).allSatisfy { $0.error == nil })
    }
    #expect(try await storedNotes(in: folder.path) == [NoteRow("b", "2"), NoteRow("c", "1"), NoteRow("a", "3")])
  }

  @Test("keys are bytes: canonical equivalents, null bytes and a key of a mebibyte are keys of their own")
  func keysAreBytes() async throws {
    let folder = try TemporaryFolder()
    let rows = [
      NoteRow("caf\u{e9}", "1"), NoteRow("cafe\u{301}", "2"), NoteRow("", ""), NoteRow("\0", "\0"),
      NoteRow(name: [UInt8](repeating: 0x61, count: 1 << 20), text: [0, 255]),
    ]
    try await withStore(.folder(folder.path)) { store in
      #expect(await store.write([rows.map { .put($0) }])[0].error == nil)
    }
    #expect(try await storedNotes(in: folder.path) == rows)
  }

  @Test("rows with a number as their key come in its order, and optional columns may be empty")
  func numberedRows() async throws {
    let folder = try TemporaryFolder()
    let rows = [
      JobRow(id: 7, due: nil, group: []), JobRow(id: -1, due: .min, group: nil), JobRow(id: 3, due: .max, group: [1]),
    ]
    try await withStore(.folder(folder.path)) { store in
      let error = try await store.putJobs(rows)
      #expect(error == nil)
    }
    let stored = try await withStore(.folder(folder.path)) { try await $0.jobs() }
    #expect(stored == [rows[1], rows[2], rows[0]])
  }

  @Test("built-ins that name one folder share its store, whatever path leads there")
  func sharedFolder() async throws {
    let folder = try TemporaryFolder()
    let link = folder.path + "-link"
    try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: folder.path)
    defer { try? FileManager.default.removeItem(atPath: link) }
    try await withTestLoop { loop in
      try await Sharing(loop).check([
        folder.path, folder.path + "/", folder.path + "/../" + link.split(separator: "/").last!,
      ])
    }
  }

  private actor Sharing {
    nonisolated let loop: Loop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    init(_ loop: Loop) { self.loop = loop }

    func check(_ paths: [String]) async throws {
      let timers = LoopTimers(on: loop, source: .system)
      let storage = Storage(on: timers) { _ in }
      let stores = try paths.map { try storage.store(at: .folder($0)) }
      #expect(stores.allSatisfy { $0 === stores[0] })
      await storage.close()
      timers.close()
    }
  }

  // MARK: Completion

  @Test("completions come on the loop, in the order of the writes, and those without changes wait for the others")
  func orderOfCompletions() async throws {
    let folder = try TemporaryFolder()
    try await withStore(.folder(folder.path)) { store in
      let writes = (0..<1000).map { n in n % 3 == 0 ? [] : [StoreHost.Change.put(NoteRow("\(n)", "x"))] }
      let reported = await store.write(writes)
      #expect(reported.map(\.number) == Array(0..<1000))
      #expect(reported.allSatisfy { $0.error == nil })
      #expect(await store.isIdle)
    }
    #expect(try await storedNotes(in: folder.path).count == 666)
  }

  @Test("in memory a write is done before it returns, and one that a completion makes comes after")
  func inMemory() async throws {
    try await withStore(.memory) { store in
      #expect(await !store.isDurable)
      #expect(store.rows.isEmpty)
      let order = await store.with { store, table in
        var order: [Int] = []
        store.write {
          $0.put(NoteRow("a", "1"), in: table)
        } then: { error in
          #expect(error == nil)
          order.append(1)
          store.write {
            $0.remove([], from: table)
          } then: { _ in
            order.append(3)
          }
          store.afterEarlierWrites { order.append(4) }
          order.append(2)
        }
        return order
      }
      #expect(order == [1, 2, 3, 4])
    }
  }

  @Test("what waits for earlier writes is called at once where there are none, and may write itself")
  func afterEarlierWrites() async throws {
    let folder = try TemporaryFolder()
    try await withStore(.folder(folder.path)) { store in
      let order = await store.orderOfWaits()
      #expect(order == ["at once", "returned", "saved", "after"])
    }
  }

  @Test("a write is refused while too much waits to be saved, in its place among the others")
  func backlog() async throws {
    let folder = try TemporaryFolder()
    var limits = StoreLimits()
    limits.backlogBytes = 1000
    let large = String(repeating: "x", count: 900)
    try await withStore(.folder(folder.path), limits: limits) { store in
      let reported = await store.write(["a", "b", "c"].map { [.put(NoteRow($0, $0 == "c" ? "small" : large))] })
      #expect(reported.map(\.number) == [0, 1, 2])
      #expect(reported.map(\.error?.kind) == [nil, .overloaded, nil])
      // One that is larger than the limit passes where nothing waits.
      #expect(await store.put("d", large + large) == nil)
    }
    #expect(try await storedNotes(in: folder.path).map(\.name) == [[0x61], [0x63], [0x64]])
  }

  @Test("a store that was closed has saved what waited, answered all of it, and refuses what comes")
  func closing() async throws {
    let folder = try TemporaryFolder()
    try await withTestLoop { loop in
      let store = try await StoreHost(loop, .folder(folder.path))
      async let reported = store.write((0..<100).map { [.put(NoteRow("\($0)", "x"))] })
      #expect(await reported.allSatisfy { $0.error == nil })
      await store.close()
      #expect(await store.put("late", "x")?.kind == .closed)
      await store.close()
    }
    #expect(folder.size(folder.wal) == -1)
    #expect(try await storedNotes(in: folder.path).count == 100)
  }

  @Test(
    "an ended store leaves no descriptor open", .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/fd")))
  func descriptors() async throws {
    let folder = try TemporaryFolder()
    func open() throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap {
        try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")
      }.filter { $0.hasPrefix(folder.path) }
    }
    for _ in 0..<10 {
      try await withStore(.folder(folder.path)) { store in
        #expect(await store.put("a", "1") == nil)
        let files = try open()
        #expect(files.count >= 2)
      }
      #expect(try open() == [])
    }
  }

  // MARK: Checkpoints

  @Test("the WAL is copied into the file when the interval has passed, by the engine's time")
  func checkpoints() async throws {
    let folder = try TemporaryFolder()
    let time = TimeSource.manual()
    try await withStore(.folder(folder.path, checkpointInterval: .seconds(5)), time: time) { store in
      #expect(await store.put("a", String(repeating: "x", count: 100_000)) == nil)
      #expect(folder.size(folder.wal) > 100_000)
      await time.advance(by: .seconds(4))
      #expect(await store.put("b", "1") == nil)
      #expect(folder.size(folder.wal) > 100_000)
      await time.advance(by: .seconds(2))
      // Saved after the checkpoint, which the same thread has made.
      #expect(await store.put("c", "1") == nil)
      #expect((1..<100_000).contains(folder.size(folder.wal)))
      #expect(folder.size(folder.store) > 100_000)
    }
    #expect(try await storedNotes(in: folder.path).count == 3)
  }
}
