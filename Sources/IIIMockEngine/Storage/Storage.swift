package import III
internal import UV

/// The stores of one engine: a file for each folder that the configuration names. Confined to the engine's loop.
package final class Storage {
  /// Where a built-in keeps its rows.
  package enum Location: Sendable, Hashable {
    case memory
    /// In a folder, which is made if it is missing. `checkpointInterval` says how long rows may stay in the WAL alone:
    /// they survive a crash of the engine there, too.
    case folder(String, checkpointInterval: Duration = .seconds(5))
  }

  /// Tells one folder from another, whatever path leads to it.
  private enum Folder: Hashable {
    case found(device: UInt64, inode: UInt64)
    /// One that could not be made.
    case missing(path: String)
  }

  private let timers: LoopTimers
  private let warn: (String) -> Void
  private var stores: [Folder: Store] = [:]

  private let limits: StoreLimits

  package init(on timers: LoopTimers, limits: StoreLimits = StoreLimits(), warn: @escaping (String) -> Void) {
    self.timers = timers
    self.limits = limits
    self.warn = warn
  }

  /// The store at a location; built-ins that name the same folder share it, and the shortest interval holds. Blocks the
  /// calling thread while a file is opened: for the start of an engine only.
  package func store(at location: Location) throws(StoreError) -> Store {
    guard case .folder(let path, let interval) = location else { return Store() }
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw StoreError(.invalidFolder, path, path.isEmpty ? "the path is empty" : "the path has a null byte")
    }
    if let known = stores[try folder(path)] {
      known.checkpointInterval = min(known.checkpointInterval, interval)
      return known
    }
    let store = try Store(folder: path, checkpointInterval: interval, limits: limits, on: timers, warn: warn)
    // Looked for again: the folder may have been made just now.
    stores[try folder(path)] = store
    return store
  }

  private func folder(_ path: String) throws(StoreError) -> Folder {
    let status: FileSystem.Status?
    do throws(UVError) { status = try FileSystem.status(path) } catch {
      throw StoreError(.invalidFolder, path, error.reason)
    }
    guard let status else { return .missing(path: path) }
    guard status.isDirectory else { throw StoreError(.invalidFolder, path, "it is a file") }
    return .found(device: status.device, inode: status.inode)
  }

  /// Whether nothing waits to be saved.
  package var isIdle: Bool { stores.values.allSatisfy(\.isIdle) }

  /// Saves what waits, and closes all files.
  package func close(isolation: isolated (any Actor)? = #isolation) async {
    let open = stores.values
    stores = [:]
    for store in open { await store.close() }
  }
}
