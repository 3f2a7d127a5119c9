package import UV

/// A loop with its timers, on which workers run: the process's shared one, or that of an engine.
package final class LoopHost: @unchecked Sendable {
  // Sendable: `loopTimers`, `members` and `memberCount` are used on the loop only: what is called from outside checks that, and members add
  // and remove themselves there. The rest is immutable.
  package let loop: Loop
  package let source: TimeSource

  /// What an engine adds whose clock and order its tests control; `nil` for workers that have no such engine.
  package let control: HostControl?

  private var loopTimers: LoopTimers?
  private var members: [ObjectIdentifier: (number: UInt64, member: any HostMember)] = [:]
  /// How many members have come.
  private var memberCount: UInt64 = 0

  /// Creates a loop whose thread runs until the process ends.
  package convenience init(name: String) throws(UVError) {
    self.init(on: try Loop(name: name, admitsGuests: true), source: .system)
  }

  package init(on loop: Loop, source: TimeSource, control: HostControl? = nil) {
    self.loop = loop
    self.source = source
    self.control = control
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
    for member in membersInOrder { member.abandon() }
  }

  /// What is under way in the workers of this host; called on the loop.
  package var activity: [WorkerActivity] {
    precondition(loop.isOnLoop, "workers belong to the loop's thread")
    return workers.flatMap(\.activity)
  }

  /// Logs a warning for each worker with calls that wait for an outcome, and returns whether there are any; called on the loop.
  ///
  /// - Parameter text: Makes the line from the ids of the functions that are called.
  package func warnOfWaitingCalls(_ text: (Set<String>) -> String?) -> Bool {
    precondition(loop.isOnLoop, "workers belong to the loop's thread")
    var hasCalls = false
    for connection in workers {
      let calls = Set(connection.waitingCalls)
      guard !calls.isEmpty else { continue }
      hasCalls = true
      if let line = text(calls) { connection.configuration.log(.warn, line) }
    }
    return hasCalls
  }

  private var workers: [Connection] { membersInOrder.compactMap { $0 as? Connection } }

  func add(_ member: any HostMember) {
    memberCount += 1
    members[ObjectIdentifier(member)] = (memberCount, member)
  }

  func remove(_ member: any HostMember) { members[ObjectIdentifier(member)] = nil }

  /// In the order in which they came.
  private var membersInOrder: [any HostMember] { members.values.sorted { $0.number < $1.number }.map(\.member) }
}

/// A connection that must end before its loop does: a worker's, or one of a channel.
protocol HostMember: AnyObject {
  /// Ends the connection at once, because the loop ends.
  func abandon()
}

/// How an engine runs the workers on its loop.
package struct HostControl: Sendable {
  /// Runs the handlers one after another; `nil` for the global executor and threads.
  package let executor: HandlerExecutor?
  /// Ids and jitter of a worker, by the number of workers before it; `nil` for unpredictable ones.
  package let randomness: (@Sendable () -> SeededRandom)?
  /// Called when a worker begins a call that waits for an outcome; on the loop.
  package let callBegan: (@Sendable () -> Void)?

  package init(
    executor: HandlerExecutor?, randomness: (@Sendable () -> SeededRandom)?, callBegan: (@Sendable () -> Void)?
  ) {
    self.executor = executor
    self.randomness = randomness
    self.callBegan = callBegan
  }
}

/// Something that a worker on an engine's loop does, so that the engine is not settled.
package enum WorkerActivity: Sendable {
  /// It looks up its engine or waits for TCP.
  case connecting(address: String)
  /// A handler runs.
  case handling(HandlerActivity)
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
