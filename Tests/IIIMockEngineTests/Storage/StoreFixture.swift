import Foundation
import III
import TestSupport
import UV

@testable import IIIMockEngine

/// Rows whose key is bytes.
struct NoteRow: StoreRow, Hashable {
  static let schema = StoreSchema("notes", key: [.bytes("name")], values: [.bytes("text")])

  var name: [UInt8]
  var text: [UInt8]

  init(_ name: String, _ text: String) { (self.name, self.text) = (Array(name.utf8), Array(text.utf8)) }

  init(name: [UInt8], text: [UInt8]) { (self.name, self.text) = (name, text) }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    name = columns.bytes()
    text = columns.bytes()
    if text == Array("unreadable".utf8) { throw StoreRowFailure("its text is not readable") }
  }

  static func encode(_ key: [UInt8], into columns: inout StoreEncoder) { columns.bytes(key) }

  func encode(into columns: inout StoreEncoder) {
    columns.bytes(name)
    columns.bytes(text)
  }
}

/// Rows whose key is a number, with columns that may be empty.
struct JobRow: StoreRow, Hashable {
  static let schema = StoreSchema(
    "jobs", key: [.integer("id")], values: [.integer("due", isOptional: true), .bytes("group", isOptional: true)])

  var id: Int64
  var due: Int64?
  var group: [UInt8]?

  init(id: Int64, due: Int64?, group: [UInt8]?) { (self.id, self.due, self.group) = (id, due, group) }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    id = columns.integer()
    due = columns.optionalInteger()
    group = columns.optionalBytes()
  }

  static func encode(_ key: Int64, into columns: inout StoreEncoder) { columns.integer(key) }

  func encode(into columns: inout StoreEncoder) {
    columns.integer(id)
    columns.optionalInteger(due)
    columns.optionalBytes(group)
  }
}

/// A store on a loop, with the table of notes.
actor StoreHost {
  nonisolated let loop: Loop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  private let timers: LoopTimers
  private let storage: Storage
  private let store: Store
  private let table: StoreTable<NoteRow>
  let rows: [NoteRow]
  let warnings: Lock<[String]>

  init(
    _ loop: Loop, _ location: Storage.Location, limits: StoreLimits = StoreLimits(), time: TimeSource = .system
  ) async throws {
    self.loop = loop
    let warnings = Lock<[String]>([])
    self.warnings = warnings
    let opened = try await Opening(loop).open(location, limits, time) { line in warnings.withLock { $0.append(line) } }
    (timers, storage, store, table, rows) = (opened.timers, opened.storage, opened.store, opened.table, opened.rows)
  }

  /// Opens a store on its loop.
  private actor Opening {
    nonisolated let loop: Loop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ loop: Loop) { self.loop = loop }

    func open(
      _ location: Storage.Location, _ limits: StoreLimits, _ time: TimeSource,
      warn: @escaping @Sendable (String) -> Void
    ) async throws -> sending Opened {
      let timers = LoopTimers(on: loop, source: time)
      let storage = Storage(on: timers, limits: limits, warn: warn)
      do {
        let store = try storage.store(at: location)
        let (table, rows) = try store.load(NoteRow.self)
        return Opened(timers: timers, storage: storage, store: store, table: table, rows: rows)
      } catch {
        // Its file is closed on the storage's own thread: only then are the files in the folder final.
        await storage.close()
        timers.close()
        throw error
      }
    }
  }

  private struct Opened {
    let timers: LoopTimers
    let storage: Storage
    let store: Store
    let table: StoreTable<NoteRow>
    let rows: [NoteRow]
  }

  var isIdle: Bool { storage.isIdle }
  var isDurable: Bool { store.isDurable }

  /// Makes several writes in one turn; returns what became of each, in the order in which they were reported.
  func write(_ writes: [[Change]]) async -> [(number: Int, error: StoreError?)] {
    await withCheckedContinuation { continuation in
      var reported: [(Int, StoreError?)] = []
      for (number, changes) in writes.enumerated() {
        store.write { transaction in
          for change in changes {
            switch change {
            case .put(let row): transaction.put(row, in: table)
            case .remove(let name): transaction.remove(Array(name.utf8), from: table)
            }
          }
        } then: { error in
          reported.append((number, error))
          if reported.count == writes.count { continuation.resume(returning: reported) }
        }
      }
    }
  }

  enum Change: Sendable {
    case put(NoteRow)
    case remove(String)
  }

  /// One write of one row.
  func put(_ name: String, _ text: String) async -> StoreError? { await write([[.put(NoteRow(name, text))]])[0].error }

  /// Runs `body` on the loop, with the store.
  func with<Result: Sendable>(_ body: @Sendable (Store, StoreTable<NoteRow>) throws -> Result) rethrows -> Result {
    try body(store, table)
  }

  /// Waits for earlier writes while there are none, then for one.
  func orderOfWaits() async -> [String] {
    await withCheckedContinuation { continuation in
      var order: [String] = []
      store.afterEarlierWrites {
        order.append("at once")
        self.store.write {
          $0.put(NoteRow("a", "1"), in: self.table)
        } then: { error in
          order.append(error == nil ? "saved" : "failed")
        }
        self.store.afterEarlierWrites {
          order.append("after")
          continuation.resume(returning: order)
        }
        order.append("returned")
      }
    }
  }

  func jobs() throws -> [JobRow] { try store.load(JobRow.self).rows }

  /// Puts jobs into their table, which must not have been declared before.
  func putJobs(_ rows: [JobRow]) async throws -> StoreError? {
    let jobs = try store.load(JobRow.self).table
    return await withCheckedContinuation { continuation in
      store.write { transaction in
        for row in rows { transaction.put(row, in: jobs) }
      } then: {
        continuation.resume(returning: $0)
      }
    }
  }

  func close() async {
    await storage.close()
    timers.close()
  }
}

/// Opens a store, lends it and closes it.
func withStore<Result: Sendable>(
  _ location: Storage.Location, limits: StoreLimits = StoreLimits(), time: TimeSource = .system,
  _ body: (StoreHost) async throws -> Result
) async throws -> Result {
  try await withTestLoop { loop in
    let host = try await StoreHost(loop, location, limits: limits, time: time)
    let result: Result
    do { result = try await body(host) } catch {
      await host.close()
      throw error
    }
    await host.close()
    return result
  }
}

/// The rows of the store in a folder.
func storedNotes(in folder: String) async throws -> [NoteRow] {
  try await withStore(.folder(folder)) { $0.rows }
}

/// A folder that lasts as long as this object.
final class TemporaryFolder: Sendable {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("iii-\(UUID().uuidString)").path

  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a store's file in this folder.
  var store: String { path + "/iii-store.sqlite" }
  var wal: String { store + "-wal" }

  func size(_ path: String) -> Int {
    (try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int) ?? -1
  }
}
