import III
import IIIMockEngine
import UV

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Writes to a store until it is killed: a program, so that a test can kill it.
///
///     store-writer FOLDER                         writes 1, 2, 3 …; prints each number when it is saved
///     store-writer FOLDER LIMIT                   as above with a limit of file sizes, which it raises after the first
///                                                 failure; ends after the next success
@main struct StoreWriterProgram {
  static func main() async throws {
    guard CommandLine.arguments.count > 1 else {
      say("usage: store-writer FOLDER [LIMIT]")
      exit(2)
    }
    if CommandLine.arguments.count > 2, let limit = UInt(CommandLine.arguments[2]) { limitFiles(limit) }
    let loop = try Loop(name: "store-writer")
    await Writer(loop).run(CommandLine.arguments[1], isLimited: CommandLine.arguments.count > 2)
  }

  static func limitFiles(_ size: UInt?) {
    var limit = rlimit()
    #if os(Linux)
      let files = __rlimit_resource_t(RLIMIT_FSIZE.rawValue)
    #else
      let files = RLIMIT_FSIZE
    #endif
    getrlimit(files, &limit)
    limit.rlim_cur = size.map { rlim_t($0) } ?? limit.rlim_max
    setrlimit(files, &limit)
  }
}

/// Prints a line at once, for the one who kills the program.
private func say(_ line: String) {
  let bytes = Array((line + "\n").utf8)
  _ = bytes.withUnsafeBytes { write(1, $0.baseAddress, $0.count) }
}

/// Rows `number → bytes that depend on it`, 64 of them, which later numbers replace.
private struct NumberRow: StoreRow {
  static let schema = StoreSchema("numbers", key: [.integer("slot")], values: [.integer("number"), .bytes("filling")])

  let number: Int64

  init(_ number: Int64) { self.number = number }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    _ = columns.integer()
    number = columns.integer()
    _ = columns.bytes()
  }

  static func encode(_ key: Int64, into columns: inout StoreEncoder) { columns.integer(key) }

  func encode(into columns: inout StoreEncoder) {
    columns.integer(number % 64)
    columns.integer(number)
    columns.bytes([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: Int(number % 1999)))
  }
}

private actor Writer {
  nonisolated let loop: Loop
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(_ loop: Loop) { self.loop = loop }

  func run(_ folder: String, isLimited: Bool) async {
    let timers = LoopTimers(on: loop, source: .system)
    let storage = Storage(on: timers) { say("warning: \($0)") }
    do {
      let store = try storage.store(at: .folder(folder, checkpointInterval: .milliseconds(20)))
      let (table, rows) = try store.load(NumberRow.self)
      var next = (rows.map(\.number).max() ?? 0) + 1
      say("from \(next)")
      var hasFailed = false
      while true {
        // Several writes a turn, so that transactions hold more than one.
        let failure = await withCheckedContinuation { (continuation: CheckedContinuation<StoreError?, Never>) in
          let last = next + next % 5
          for number in next...last {
            store.write {
              $0.put(NumberRow(number), in: table)
            } then: { error in
              if error == nil { say("\(number)") }
              if number == last { continuation.resume(returning: error) }
            }
          }
          next = last + 1
        }
        if let failure {
          say("failed: \(failure)")
          hasFailed = true
          StoreWriterProgram.limitFiles(nil)
        } else if hasFailed {
          break
        }
      }
      await storage.close()
      say("closed")
    } catch {
      say("refused: \(error)")
    }
    timers.close()
  }
}
