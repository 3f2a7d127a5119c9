internal import III
internal import UV

/// The actor that owns an engine's state; its executor is the engine's loop.
///
/// Callbacks of the loop run on the actor's thread and reach the state directly; everybody else awaits the actor.
actor EngineCore {
  nonisolated let loop: Loop
  nonisolated let time: TimeSource
  private let configuration: MockEngine.Configuration
  private var server: Server?
  /// Where workers of this process live that are the engine's own.
  private(set) var host: LoopHost?
  private var waiters: [UInt64: Waiter] = [:]
  private var nextWaiter: UInt64 = 0
  private var hasEnded = false

  private struct Waiter {
    let what: Awaited
    let continuation: CheckedContinuation<Void, any Error>
  }

  /// What a test waits for.
  enum Awaited: Hashable {
    case function(ByteKey)
    case worker(named: ByteKey)
    case triggerType(ByteKey)
    /// The engine's, which every wait ends with.
    case end
  }

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(_ configuration: MockEngine.Configuration, time: TimeSource) throws(UVError) {
    loop = try Loop(name: "iii-engine")
    self.time = time
    self.configuration = configuration
  }

  // MARK: Life

  /// Listens at every address of the configuration, or at none.
  func start() throws(MockEngineError) -> [String] {
    let server = Server(on: loop, time: time, configuration)
    self.server = server
    host = LoopHost(timers: server.timers)
    server.onEvent = { [unowned self] event in wake(event) }
    var urls: [String] = []
    for listener in configuration.listeners {
      guard let port = UInt16(exactly: listener.port),
        let address = Resolver.known(listener.host, port: port)?.first
      else {
        throw .cannotListen(
          host: listener.host, port: listener.port,
          reason: "the host must be an IP address or localhost, the port between 0 and 65535")
      }
      do throws(UVError) {
        let bound = try server.listen(at: address)
        urls.append("ws://\(bound.urlHost):\(bound.port)")
      } catch {
        if error.isAddressInUse { throw .addressInUse(host: listener.host, port: listener.port) }
        throw .cannotListen(host: listener.host, port: listener.port, reason: error.reason)
      }
    }
    server.pollFunctions()
    server.sweepChannels()
    for url in urls { server.note(.listening(url: url)) }
    return urls
  }

  /// Ends all connections and the loop; returns what `uv_loop_close` said.
  func shutDown() async -> Int {
    guard !hasEnded else { return 0 }
    hasEnded = true
    host?.abandonWorkers()
    host = nil
    server?.shutDown()
    server?.onEvent = nil
    server = nil
    let left = waiters.values
    waiters = [:]
    for waiter in left { waiter.continuation.resume(throwing: MockEngineError.stopped) }
    return await loop.stop()
  }

  var diagnostics: [Diagnostic] { server?.diagnostics ?? [] }

  var logs: [EngineLogRecord] { server?.router.observability.logs?.all ?? [] }

  // MARK: Waiting

  /// Suspends until what is awaited is there; it may be there already.
  func wait(for what: Awaited) async throws {
    let number = nextWaiter
    nextWaiter += 1
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        // Looked at here and not before: on the way into these closures the loop may have had its turn.
        if hasEnded {
          continuation.resume(throwing: MockEngineError.stopped)
        } else if Task.isCancelled {
          continuation.resume(throwing: CancellationError())
        } else if isThere(what) {
          continuation.resume()
        } else {
          waiters[number] = Waiter(what: what, continuation: continuation)
        }
      }
    } onCancel: {
      Task(executorPreference: loop) { await self.forget(number) }
    }
  }

  private func forget(_ number: UInt64) {
    waiters.removeValue(forKey: number)?.continuation.resume(throwing: CancellationError())
  }

  private func isThere(_ what: Awaited) -> Bool {
    guard let router = server?.router else { return false }
    return switch what {
    case .end: false
    case .function(let id): router.functions.entry(id) != nil
    case .triggerType(let id): router.triggers.type(id) != nil
    case .worker(let name): router.workers.all.contains { $0.metadata.name.map { ByteKey($0) } == name }
    }
  }

  private func wake(_ event: EngineEvent) {
    guard !waiters.isEmpty else { return }
    switch event {
    case .functionRegistered(let id, _, _): wake(.function(ByteKey(id)))
    case .triggerTypeRegistered(let id, _): wake(.triggerType(ByteKey(id)))
    case .workerNamed(let label): if let name = label.name { wake(.worker(named: ByteKey(name))) }
    default: break
    }
  }

  private func wake(_ what: Awaited) {
    for (number, waiter) in waiters where waiter.what == what {
      waiters[number] = nil
      waiter.continuation.resume()
    }
  }
}
