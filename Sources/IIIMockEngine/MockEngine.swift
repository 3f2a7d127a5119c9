public import III
internal import UV

/// A complete iii engine in this process: a real WebSocket on a real port, which workers of every SDK connect to.
///
/// ```swift
/// let engine = try await MockEngine.start()
/// let worker = try await registerWorker(engine.url)
/// try worker.registerFunction("math::double") { (n: Int) in n * 2 }
/// try await engine.waitForFunction("math::double")
/// let six: Int = try await worker.trigger("math::double", payload: 3)
/// await worker.shutdown()
/// await engine.shutdown()
/// ```
///
/// Each engine has a thread of its own and shares nothing with others: tests start as many as they like, in parallel. An engine runs
/// until `shutdown`, or until the last reference to it is gone: keep one as long as you need it.
public final class MockEngine: Sendable {
  let core: EngineCore
  /// Where the engine listens, as URLs in the order of its configuration.
  public var addresses: [String] { core.addresses.withLock { $0 } }
  private let isShutDown = Lock(false)

  /// What an engine is started with.
  public struct Configuration: Sendable {
    /// An address to listen at.
    public struct Listener: Sendable, Hashable {
      /// An IPv4 or IPv6 address, or `localhost`.
      public var host: String
      /// 0 asks for any free port.
      public var port: Int

      /// What workers that connect here may do; without rules, everything.
      public var access: AccessRules?
      /// A function that is called in place of each function that a worker of this listener calls, unless the id begins
      /// with `engine::`. Its input is `MiddlewareFunctionInput`; its result is the caller's.
      public var middlewareFunctionID: String?

      /// A listener at `host`, on loopback and any free port unless told otherwise.
      public init(
        host: String = "127.0.0.1", port: Int = 0, access: AccessRules? = nil, middlewareFunctionID: String? = nil
      ) {
        self.host = host
        self.port = port
        self.access = access
        self.middlewareFunctionID = middlewareFunctionID
      }
    }

    /// Where to listen: one address of loopback, on any free port. All share one engine.
    public var listeners: [Listener] = [Listener()]
    /// Which engine version's behaviour to have where versions differ.
    public var compatibility: Compatibility = .current
    /// Whether the engine opens spans as engine 0.13 does with `iii-observability` on; it matters to `v0_13` only.
    public var isTracingEnabled = false
    /// The built-in workers that are on: all of them, as with `iii-dev` without a configuration file. With a file, those
    /// that have an entry.
    public var builtIns = BuiltIn.all
    /// Whether ``MockEngine/BuiltIn/observability`` is among the built-in workers that are on: what workers report of
    /// spans, metrics and logs is kept, and triggers of type `log` can be registered. What they log by calling
    /// `engine::log::…` is kept in any case.
    public var isObservabilityEnabled: Bool {
      get { builtIns.contains(.observability) }
      set { if newValue { builtIns.insert(.observability) } else { builtIns.remove(.observability) } }
    }
    /// What built-in workers are set to; defaults hold for those that are not in it.
    var selection = BuiltInSelection()
    /// How much of what happens the journal keeps.
    public var journal = JournalSettings()
    /// Built-in workers of the package's tests.
    var additionalBuiltIns: [any BuiltInSettings] = []

    /// The settings of all built-in workers that the engine has.
    var settings: [any BuiltInSettings] { selection.resolved(on: builtIns) + additionalBuiltIns }
    /// Origins of web pages that may connect, as `https://app.example`, besides pages of this machine (`localhost`,
    /// loopback addresses); `*` allows all. Other pages get 403, because a browser lets every page that a developer
    /// visits connect to this machine. ``Compatibility/v0_13`` lets all pages in. None by default.
    public var allowedOrigins: [String] = []
    /// Names that the `Host` header of a request may have, besides addresses, `localhost`, names without a dot,
    /// `*.internal`, `*.local` and the listeners' hosts; `*` allows all. Requests for other names get 403, because a web
    /// page can have its own name resolve to this machine (DNS rebinding). None by default.
    public var allowedHosts: [String] = []
    /// Bytes that may wait for a peer that does not read. Above it the peer is dropped, and calls that wait for it end
    /// with `invocation_stopped`. 256 MiB.
    public var maxUnsentBytes = 256 << 20
    /// What the engine's time follows: the machine's clock, unless a test is to advance it.
    public var clock = Clock.system
    /// Makes ids and jitter the same in each run: those of the engine, and those of the workers of
    /// ``MockEngine/registerWorker(options:)``. Without one they are unpredictable.
    public var seed: UInt64?
    /// How long nothing may happen, in real time, before ``MockEngine/settle(ignoring:)`` and
    /// ``MockEngine/advance(by:ignoring:)`` give up on what is under way; also how long a call waits on a manual clock
    /// that stands still before the log says so. 5 s.
    public var settlePatience = Duration.seconds(5)
    /// Called with each event, for logs: on the engine's thread, in order. It must not block.
    public var onEvent: (@Sendable (EngineEvent) -> Void)?

    /// The defaults.
    public init() {}
  }

  private init(_ core: EngineCore) { self.core = core }

  /// Starts an engine; it accepts connections when this returns.
  ///
  /// - Throws: ``MockEngineError``, above all when a port is taken.
  public static func start(_ configuration: Configuration = Configuration()) async throws -> MockEngine {
    try await start(configuration, time: configuration.clock.source)
  }

  /// As `start`, on a time source of the caller's.
  package static func start(_ configuration: Configuration, time: TimeSource) async throws -> MockEngine {
    guard !configuration.listeners.isEmpty else {
      throw MockEngineError.configuration("an engine needs at least one listener")
    }
    let core: EngineCore
    do {
      core = try EngineCore(configuration, time: time)
    } catch {
      throw MockEngineError.system("\(error)")
    }
    do {
      try await core.start()
      return MockEngine(core)
    } catch {
      _ = await core.shutDown()
      throw error
    }
  }

  /// An engine to which no reference is left ends by itself, as if it had been shut down.
  deinit {
    guard !isShutDown.withLock({ $0 }) else { return }
    let core = core
    Task.detached { _ = await core.shutDown() }
  }

  /// The URL of the first listener, as `ws://127.0.0.1:49134`.
  public var url: String { addresses.first ?? "" }

  /// The port of the first listener; 0 without listeners.
  public var port: Int { url.split(separator: ":").last.flatMap { Int($0) } ?? 0 }

  /// Drops every connection, without a Close so that workers of all SDKs try again, and frees the port.
  ///
  /// A second call returns at once.
  public func shutdown() async {
    let code = await shutdownReportingLeaks()
    assert(code == 0, "a handle of the engine's loop was left open (\(code))")
  }

  /// As `shutdown`; returns what `uv_loop_close` said: 0, or a handle was left open.
  @discardableResult package func shutdownReportingLeaks() async -> Int {
    isShutDown.withLock { $0 = true }
    return await core.shutDown()
  }

  /// Connects a worker of this process to the engine, over a real socket, on the engine's own loop and by its time.
  ///
  /// It ends with the engine at the latest: its calls then fail with the code `SHUTDOWN`.
  ///
  /// - Throws: ``MockEngineError/stopped``, or what `III.registerWorker` throws.
  public func registerWorker(options: InitOptions = InitOptions()) async throws -> III {
    guard let host = await core.host else { throw MockEngineError.stopped }
    return try await connectWorker(url, options: options, on: host)
  }

  /// Suspends until a function with this id is registered; returns at once if one is.
  ///
  /// Registrations are not acknowledged on the wire, so a test that registers on one worker and calls from another
  /// waits here first.
  ///
  /// - Parameters:
  ///   - id: The function's id.
  ///   - limit: How long to wait, by real time on every clock; 10 s by default.
  /// - Throws: ``MockEngineError/timedOut(_:)``, which names the functions there are and the nearest name; `CancellationError`, or
  ///   ``MockEngineError/stopped``.
  public func waitForFunction(_ id: String, within limit: Duration = .seconds(10)) async throws {
    try await core.wait(for: .function(ByteKey(id)), within: limit)
  }

  /// Suspends until a connected worker has reported this name; returns at once if one has.
  ///
  /// - Throws: As ``waitForFunction(_:within:)``.
  public func waitForWorker(named name: String, within limit: Duration = .seconds(10)) async throws {
    try await core.wait(for: .worker(named: ByteKey(name)), within: limit)
  }

  /// Suspends until a trigger type with this id is provided; returns at once if one is.
  ///
  /// - Throws: As ``waitForFunction(_:within:)``.
  public func waitForTriggerType(_ id: String, within limit: Duration = .seconds(10)) async throws {
    try await core.wait(for: .triggerType(ByteKey(id)), within: limit)
  }

  /// Suspends until a trigger is in force; returns at once if it is.
  ///
  /// ```swift
  /// let trigger = try worker.registerTrigger(SubscribeTriggerConfig(topic: "orders.paid"), functionID: "bill::send")
  /// try await engine.waitForTrigger(trigger.id)
  /// ```
  ///
  /// - Throws: As ``waitForFunction(_:within:)``.
  public func waitForTrigger(_ id: String, within limit: Duration = .seconds(10)) async throws {
    try await core.wait(for: .trigger(ByteKey(id)), within: limit)
  }

  /// What workers have logged, oldest first: the last 1,000 records, unless a configuration file says otherwise.
  public var logs: [EngineLogRecord] { get async { await core.logs } }

  /// The last 1,000 frames that were ignored, oldest first.
  public var diagnostics: [Diagnostic] { get async { await core.diagnostics } }
}

/// Runs `body` with an engine of its own, on the caller's actor, and shuts the engine down whatever happens.
///
/// ```swift
/// @Test func doubles() async throws {
///   try await withMockEngine { engine in
///     let worker = try await engine.registerWorker()
///     …
///   }
/// }
/// ```
public func withMockEngine<Result>(
  _ configuration: MockEngine.Configuration = MockEngine.Configuration(),
  isolation: isolated (any Actor)? = #isolation, _ body: (MockEngine) async throws -> Result
) async throws -> Result {
  let engine = try await MockEngine.start(configuration)
  do {
    let result = try await body(engine)
    await engine.shutdown()
    return result
  } catch {
    await engine.shutdown()
    throw error
  }
}

/// The SDK's function, out of reach of the method of the same name.
private func connectWorker(_ url: String, options: InitOptions, on host: LoopHost) async throws -> III {
  try await registerWorker(url, options: options, on: host)
}
