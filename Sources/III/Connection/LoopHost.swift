package import UV

/// A loop with its timers, on which workers run: the process's shared one, or that of an engine.
package final class LoopHost: @unchecked Sendable {
  // Sendable: `timers` and `members` are used on the loop only, which their accessors check.
  package let loop: Loop
  package let source: TimeSource

  private var loopTimers: LoopTimers?
  private var members: [ObjectIdentifier: any HostMember] = [:]

  /// Creates a loop whose thread runs until the process ends.
  package convenience init(name: String) throws(UVError) {
    self.init(on: try Loop(name: name), source: .system)
  }

  package init(on loop: Loop, source: TimeSource) {
    self.loop = loop
    self.source = source
  }

  /// Uses a loop whose owner has created its timers; called on the loop.
  package init(timers: LoopTimers) {
    loop = timers.loop
    source = timers.source
    loopTimers = timers
  }

  package var timers: LoopTimers {
    precondition(loop.isOnLoop, "timers belong to the loop's thread")
    if let loopTimers { return loopTimers }
    let timers = LoopTimers(on: loop, source: source)
    loopTimers = timers
    return timers
  }

  /// Ends all workers and channels at once, before the loop ends; called on the loop. Calls fail with the code `SHUTDOWN`.
  package func abandonWorkers() {
    precondition(loop.isOnLoop, "workers belong to the loop's thread")
    for member in members.values { member.abandon() }
  }

  func add(_ member: any HostMember) { members[ObjectIdentifier(member)] = member }

  func remove(_ member: any HostMember) { members[ObjectIdentifier(member)] = nil }
}

/// A connection that must end before its loop does: a worker's, or one of a channel.
protocol HostMember: AnyObject {
  /// Ends the connection at once, because the loop ends.
  func abandon()
}

/// The loop of all workers of this process that have no other one. It starts with the first of them and never ends: if it ended with its
/// last worker, that would race with the start of the next one.
enum SharedLoop {
  private static let started: Result<LoopHost, UVError> = {
    do throws(UVError) { return .success(try LoopHost(name: "iii")) } catch { return .failure(error) }
  }()

  static func host() throws(UVError) -> LoopHost { try started.get() }
}

/// The workers of this process that have begun to connect and are not shut down.
enum ActiveWorkers {
  private static let workers = Lock<[(status: ObjectIdentifier, worker: III)]>([])

  static var all: [III] { workers.withLock { $0.map(\.worker) } }

  /// Adds a worker, unless it is already there.
  static func add(_ worker: III, _ status: ConnectionStatus) {
    let id = ObjectIdentifier(status)
    workers.withLock { workers in
      if !workers.contains(where: { $0.status == id }) { workers.append((id, worker)) }
    }
    if status.isShutDown { remove(status) }
  }

  static func remove(_ status: ConnectionStatus) {
    let id = ObjectIdentifier(status)
    // This may release the last reference, so it happens outside the lock.
    _ = workers.withLock { workers in workers.firstIndex { $0.status == id }.map { workers.remove(at: $0) } }
  }
}
