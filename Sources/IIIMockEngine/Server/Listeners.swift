internal import III
internal import UV

/// The addresses at which an engine accepts connections. Confined to the engine's loop.
final class Listeners {
  private unowned let engine: Engine
  private let loop: Loop
  private var listeners: [TCPListener] = []
  /// The addresses at which built-in workers listen.
  private var addresses: [(builtIn: ByteKey, address: SocketAddress)] = []
  /// Those of an engine that has restarted, until this one listens at their addresses.
  private var inherited: [TCPListener] = []
  /// When a connection that could not be accepted was last reported, by the engine's time.
  private var warnedAt: UInt64?

  private static let warningInterval = Duration.seconds(60)

  init(_ engine: Engine, on loop: Loop) {
    self.engine = engine
    self.loop = loop
  }

  /// Listens at an address.
  ///
  /// - Parameters:
  ///   - role: What the connections begin as; `nil` for the request of a worker's WebSocket.
  ///   - number: The listener's number among those for workers.
  /// - Returns: The address, with the port that the system chose if 0 was asked for.
  func listen(
    host: String, port: UInt16, _ role: (any ListenerRole)?, number: Int = 0, builtIn: ByteKey? = nil
  ) throws(MockEngineError) -> SocketAddress {
    guard let address = Resolver.known(host, port: port)?.first else {
      throw .cannotListen(host: host, port: Int(port), reason: "the host must be an IP address or localhost")
    }
    let accept: (TCPStream) -> Void = { [unowned engine] stream in
      engine.peers.accept(stream, role, listener: number, builtIn: builtIn)
    }
    do throws(UVError) {
      let listener: TCPListener
      if let index = inherited.firstIndex(where: { $0.address == address }) {
        listener = inherited.remove(at: index)
        listener.resume(accept)
      } else {
        listener = try TCPListener.listen(on: loop, at: address, accept)
      }
      listener.onError = { [unowned self] error in couldNotAccept(error) }
      listeners.append(listener)
      if let builtIn { addresses.append((builtIn, listener.address)) }
      return listener.address
    } catch {
      if error.isAddressInUse { throw .addressInUse(host: host, port: Int(port)) }
      throw .cannotListen(host: host, port: Int(port), reason: error.reason)
    }
  }

  /// Accepts no more connections at an address.
  func close(_ address: SocketAddress) {
    for listener in listeners where listener.address == address { listener.close() }
    listeners.removeAll { $0.address == address }
    addresses.removeAll { $0.address == address }
  }

  /// Accepts no more connections for a built-in worker.
  func close(of builtIn: ByteKey) {
    for (owner, address) in addresses where owner == builtIn { close(address) }
  }

  /// Warns that connections cannot be accepted, once a minute at most.
  private func couldNotAccept(_ error: UVError) {
    let now = engine.now
    if let warnedAt, now &- warnedAt < Listeners.warningInterval.nanoseconds { return }
    warnedAt = now
    guard error.isOutOfDescriptors else {
      return engine.note(.warning("a connection could not be accepted: \(error.reason)"))
    }
    let limit = SystemInfo.descriptorLimit.map { "all \($0) files that this process may have open are in use" }
    engine.note(
      .warning(
        "a connection was closed because \(limit ?? "no files can be opened any more") (\(error.name)); "
          + "raise the limit of open files (ulimit -n)"))
  }

  /// Gives the sockets to the engine after a restart, so that nobody else takes their ports in between.
  func handOver() -> [TCPListener] {
    defer { listeners = [] }
    for listener in listeners { listener.suspend() }
    return listeners
  }

  func inherit(_ sockets: [TCPListener]) { inherited = sockets }

  /// Closes what was inherited and is not used.
  func closeInherited() {
    for listener in inherited { listener.close() }
    inherited = []
  }

  func shutDown() {
    closeInherited()
    for listener in listeners { listener.close() }
    listeners = []
  }
}
