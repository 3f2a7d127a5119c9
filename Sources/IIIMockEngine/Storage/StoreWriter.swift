internal import UV

/// What a store may take up.
package struct StoreLimits: Sendable {
  /// The most pages of 4 KiB that the file may have; a write that needs more fails as on a full disk. `nil`: no limit.
  package var pages: Int?
  /// Above this many bytes that wait to be saved, writes are refused.
  package var backlogBytes = 256 << 20

  package init() {}
}

/// Writes of one turn of the loop, in their order.
struct StoreBatch: Sendable {
  /// The changes, as `StoreEncoder` wrote them.
  var bytes: [UInt8] = []
  /// Where each write ends in `bytes`. A write may be empty: it then only waits for those before it.
  var ends: [Int] = []
}

/// What the store's thread has done with batches, which it takes in order.
struct StoreReport: Sendable {
  struct Failure: Sendable {
    /// The write's number among those of the report.
    let write: Int
    let error: StoreError
  }

  var writes = 0
  var failures: [Failure] = []
  /// Present after a checkpoint.
  var checkpoint: Result<Void, StoreError>?
}

/// The thread of a store: nobody else touches the file.
final class StoreWriter: Sendable {
  private enum Command: Sendable {
    case save(StoreBatch)
    case checkpoint
    case call(@Sendable (StoreSession) -> Void)
    case close(@Sendable () -> Void)
  }

  private let commands = Monitor<[Command]>([])
  /// Why the file cannot be written at present; it may become writable.
  let problem: StoreError?

  /// What is saved in one transaction when many turns wait.
  private static let groupBytes = 8 << 20

  /// Starts the thread and waits until it has opened the file. `report` is called on that thread.
  init(folder: String, limits: StoreLimits, _ report: @escaping @Sendable (StoreReport) -> Void) throws(StoreError) {
    let opened = Rendezvous<Result<StoreError?, StoreError>>()
    let code = startDetachedThread(named: "iii-store") { [commands] in
      FileSystem.failWritesBeyondSizeLimit()
      do throws(StoreError) {
        let session = try StoreSession(folder: folder, pageLimit: limits.pages)
        opened.put(.success(session.problem))
        StoreWriter.run(session, commands, report)
      } catch {
        opened.put(.failure(error))
      }
    }
    guard code == 0 else {
      throw StoreError(.invalidFolder, folder, "\(UVError(code: -code, operation: "start its thread"))")
    }
    problem = try opened.wait().get()
  }

  func save(_ batch: StoreBatch) { submit(.save(batch)) }
  func checkpoint() { submit(.checkpoint) }

  /// Saves what was given before, copies the WAL into the file and ends the thread; then calls `closed` on it.
  func close(_ closed: @escaping @Sendable () -> Void) { submit(.close(closed)) }

  /// Reads a table, and waits for it.
  func load<Row: StoreRow>(_ type: Row.Type) throws(StoreError) -> [Row] {
    let loaded = Rendezvous<Result<[Row], StoreError>>()
    submit(
      .call { session in
        do throws(StoreError) { loaded.put(.success(try session.load(type))) } catch { loaded.put(.failure(error)) }
      })
    return try loaded.wait().get()
  }

  private func submit(_ command: Command) {
    commands.withLock { $0.append(command) }
    commands.wakeOne()
  }

  // MARK: The thread

  private static func run(
    _ session: StoreSession, _ commands: Monitor<[Command]>, _ report: @Sendable (StoreReport) -> Void
  ) {
    var closed: (@Sendable () -> Void)?
    while closed == nil {
      let taken = commands.wait { waiting -> [Command]? in
        guard !waiting.isEmpty else { return nil }
        defer { waiting = [] }
        return waiting
      }
      var group: [StoreBatch] = []
      var bytes = 0
      func saveGroup() {
        guard !group.isEmpty else { return }
        report(StoreReport(writes: group.reduce(0) { $0 + $1.ends.count }, failures: session.save(group)))
        (group, bytes) = ([], 0)
        if session.needsCheckpoint { checkpoint(session, report) }
      }
      for command in taken {
        if case .save(let batch) = command {
          group.append(batch)
          bytes += batch.bytes.count
          if bytes >= groupBytes { saveGroup() }
          continue
        }
        saveGroup()
        switch command {
        case .save: break
        case .checkpoint: checkpoint(session, report)
        case .call(let body): body(session)
        case .close(let done): closed = done
        }
      }
      saveGroup()
    }
    session.close()
    closed?()
  }

  private static func checkpoint(_ session: StoreSession, _ report: (StoreReport) -> Void) {
    report(StoreReport(checkpoint: session.checkpoint().map { .failure($0) } ?? .success(())))
  }
}
