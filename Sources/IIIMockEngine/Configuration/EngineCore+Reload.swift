internal import III
internal import UV

extension EngineCore {
  /// Applies what a new version of the configuration file has changed, as far as that can be done while the engine runs.
  func reload(_ file: ConfigurationFile, _ change: ConfigurationChange) throws -> ConfigurationReload {
    guard let engine else { throw MockEngineError.stopped }
    var outcome = ConfigurationReload()
    var new = configuration
    new.take(file)
    let names = change.removed + change.changed + change.added
    if names.contains(where: { ConfigurationEntry.isListener($0) }) {
      if let failure = changeListeners(to: new.listeners, engine) {
        outcome.failures.append(failure)
        new.listeners = configuration.listeners
      } else {
        outcome.applied += names.filter { ConfigurationEntry.isListener($0) }
      }
    }
    engine.admitPages(as: new)
    for name in names {
      guard let kind = BuiltInCatalog.kind(named: name), kind.presence != .always else { continue }
      let old = configuration.selection.find(named: name)
      do throws(MockEngineError) {
        try changeBuiltIn(name, from: old, to: new.selection.find(named: name), engine, &outcome)
      } catch {
        outcome.failures.append(.init(entry: name, reason: error.description))
        new.selection.set(old, named: name)
        if let old, old.isOn { new.builtIns.insert(MockEngine.BuiltIn(name: name)) }
      }
    }
    engine.setTracing(new.isTracingEnabled)
    configuration = new
    return outcome
  }

  /// Adds, removes or changes a built-in worker.
  private func changeBuiltIn(
    _ name: String, from old: (any BuiltInSettings)?, to new: (any BuiltInSettings)?, _ engine: Engine,
    _ outcome: inout ConfigurationReload
  ) throws(MockEngineError) {
    let worker = engine.builtIn(named: name)
    switch (worker, new) {
    case (nil, nil): break
    case (nil, let new?):
      try engine.add(new.makeWorker())
      outcome.started.append(name)
    case (let worker?, nil):
      engine.remove(worker)
      outcome.stopped.append(name)
    case (let worker?, let new?):
      if let old, new.replaces(old) {
        try replace(worker, old, with: new, engine)
        outcome.applied.append(name)
      } else if try worker.reload(new) {
        outcome.applied.append(name)
      } else {
        outcome.deferred.append(name)
      }
    }
  }

  /// Puts a worker in the place of another one of its kind, and takes over what that has kept in memory.
  private func replace(
    _ worker: any BuiltInWorker, _ old: any BuiltInSettings, with new: any BuiltInSettings, _ engine: Engine
  ) throws(MockEngineError) {
    engine.remove(worker)
    let next = new.makeWorker()
    do throws(MockEngineError) { try engine.add(next) } catch {
      let former = old.makeWorker()
      try engine.add(former)
      former.takeOver(worker)
      throw error
    }
    next.takeOver(worker)
  }

  // MARK: Listeners

  /// A listener for workers, as it was asked for and where it is.
  struct BoundListener {
    let settings: MockEngine.Configuration.Listener
    /// Its number in access control.
    let number: Int
    let address: SocketAddress

    var url: String { "ws://\(address.urlHost):\(address.port)" }
  }

  /// Opens and closes listeners, and gives those that stay their new rules; their connections stay too. A port is what
  /// identifies a listener; those with any free port are taken in their order.
  ///
  /// - Returns: Why it could not be done: then nothing has changed.
  private func changeListeners(
    to wanted: [MockEngine.Configuration.Listener], _ engine: Engine
  ) -> ConfigurationReload.Failure? {
    var left = bound
    var kept: [BoundListener?] = wanted.map { new in
      left.firstIndex { $0.settings.host == new.host && $0.settings.port == new.port }.map { left.remove(at: $0) }
    }
    // Of the same port at another host: its connections stay as well.
    var moved: [BoundListener] = []
    for (index, new) in wanted.enumerated() where kept[index] == nil && new.port != 0 {
      guard let place = left.firstIndex(where: { $0.settings.port == new.port }) else { continue }
      kept[index] = left[place]
      moved.append(left.remove(at: place))
    }
    // Only what stands in the way is given up first: a port that was given up can be somebody else's a moment later.
    let ports = Set(wanted.map(\.port))
    let inTheWay = left.filter { ports.contains(Int($0.address.port)) }
    let others = left.filter { !ports.contains(Int($0.address.port)) }
    for listener in moved + inTheWay { engine.listeners.close(listener.address) }
    var result: [BoundListener] = []
    for (index, new) in wanted.enumerated() {
      do throws(MockEngineError) {
        result.append(try open(new, insteadOf: kept[index], moved, engine))
      } catch {
        giveUp(result, moved + inTheWay, engine)
        return .init(entry: ConfigurationEntry.listenerName(index), reason: error.description)
      }
    }
    for listener in others { engine.listeners.close(listener.address) }
    for listener in result { engine.access.change(listener.number, to: listener.settings) }
    for listener in left { close(listener, engine) }
    engine.listenersChanged()
    let before = Set(bound.map(\.url))
    bound = result
    addresses.withLock { $0 = result.map(\.url) }
    for listener in result where !before.contains(listener.url) { engine.note(.listening(url: listener.url)) }
    return nil
  }

  /// Where a wanted listener is: where it was, or at a new address.
  private func open(
    _ wanted: MockEngine.Configuration.Listener, insteadOf old: BoundListener?, _ moved: [BoundListener],
    _ engine: Engine
  ) throws(MockEngineError) -> BoundListener {
    if let old, !moved.contains(where: { $0.number == old.number }) {
      return BoundListener(settings: wanted, number: old.number, address: old.address)
    }
    let number = old?.number ?? engine.access.open(wanted)
    do throws(MockEngineError) {
      let address = try listen(wanted, number: number, engine)
      return BoundListener(settings: wanted, number: number, address: address)
    } catch {
      if old == nil { engine.access.close(number) }
      throw error
    }
  }

  func listen(
    _ listener: MockEngine.Configuration.Listener, number: Int, at port: UInt16? = nil, _ engine: Engine
  ) throws(MockEngineError) -> SocketAddress {
    guard let port = port ?? UInt16(exactly: listener.port) else {
      throw .cannotListen(
        host: listener.host, port: listener.port, reason: "the port must be between 0 and 65535")
    }
    return try engine.listeners.listen(host: listener.host, port: port, nil, number: number)
  }

  /// Closes what was opened, and listens again where it was listened before.
  private func giveUp(_ opened: [BoundListener], _ closed: [BoundListener], _ engine: Engine) {
    for listener in opened where !bound.contains(where: { $0.address == listener.address }) {
      engine.listeners.close(listener.address)
      if !bound.contains(where: { $0.number == listener.number }) { engine.access.close(listener.number) }
    }
    for listener in closed {
      do throws(MockEngineError) {
        _ = try listen(listener.settings, number: listener.number, at: listener.address.port, engine)
      } catch {
        engine.note(.warning("\(listener.url) is lost: \(error.description)"))
      }
    }
  }

  private func close(_ listener: BoundListener, _ engine: Engine) {
    engine.access.close(listener.number)
    let count = engine.peers.endAll(because: "its listener was removed from the configuration") {
      $0.builtIn == nil && $0.listener == listener.number
    }
    engine.note(
      .warning(
        "\(listener.url) accepts no more connections: it was removed from the configuration"
          + (count == 0 ? "" : "; \(count) of its connections \(count == 1 ? "has" : "have") ended")))
  }
}

extension ConfigurationEntry {
  static func isListener(_ name: String) -> Bool {
    name == WorkerNames.workerManager || name.hasPrefix(WorkerNames.workerManager + "#")
  }

  /// The name of the listener with an index, in the order of the file.
  static func listenerName(_ index: Int) -> String {
    index == 0 ? WorkerNames.workerManager : "\(WorkerNames.workerManager)#\(index)"
  }
}

extension MockEngine {
  /// Applies what a new version of the configuration file has changed. Connected workers, their functions and triggers,
  /// and all stored data stay.
  package func reload(_ file: ConfigurationFile, _ change: ConfigurationChange) async throws -> ConfigurationReload {
    try await core.reload(file, change)
  }
}
