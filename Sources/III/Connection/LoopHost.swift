package import UV

/// A loop with its timers, on which workers live: the process's own, or an engine's.
package final class LoopHost: @unchecked Sendable {
  // Sendable: `timers` and `connections` are touched on the loop only, which their accessors check.
  package let loop: Loop
  package let source: TimeSource

  private var loopTimers: LoopTimers?
  private var connections: [ObjectIdentifier: Connection] = [:]

  /// A loop of its own, whose thread lives as long as the process.
  package convenience init(name: String) throws(UVError) {
    self.init(on: try Loop(name: name), source: .system)
  }

  package init(on loop: Loop, source: TimeSource) {
    self.loop = loop
    self.source = source
  }

  /// A loop whose owner has timers there already; called on the loop.
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

  /// Ends all workers at once, before the loop does; on the loop. Their calls fail with the code `SHUTDOWN`.
  package func abandonWorkers() {
    precondition(loop.isOnLoop, "workers belong to the loop's thread")
    for connection in connections.values { connection.abandon() }
  }

  func add(_ connection: Connection) { connections[ObjectIdentifier(connection)] = connection }

  func remove(_ connection: Connection) { connections[ObjectIdentifier(connection)] = nil }
}
