internal import III
internal import UV

/// Access control of one engine: its listeners, what a test denies and allows, and what was denied. Confined to the
/// engine's loop, except for the commands.
final class AccessGate {
  /// By their numbers: in the order of the configuration, until a changed one is applied. Some may be closed.
  private(set) var listeners: [ListenerAccess]
  /// Whether any connection may have to be checked.
  private(set) var isActive: Bool
  /// Whether a test denies or allows something: then every connection is checked.
  private(set) var hasOverrides = false
  /// Applies commands that concern faults.
  var onFault: ((FaultCommand) -> Void)?
  /// Commands of other threads.
  private let commands: AccessCommands
  /// The last denials, oldest first.
  private(set) var denials = RecentItems<AccessDenial>(maxCount: 1000)
  private let everything = AccessSession()
  private var noted = NotedCauses(limit: AccessGate.maxNoted)

  /// How long an auth function or a hook may take before the log says so.
  static let patience = Duration.seconds(5)
  /// Causes that are kept to be logged only once; further ones are not logged.
  static let maxNoted = 1000

  init(_ listeners: [MockEngine.Configuration.Listener], commands: AccessCommands = AccessCommands()) {
    self.commands = commands
    self.listeners = listeners.enumerated().map { ListenerAccess($1, index: $0) }
    isActive = self.listeners.contains { !$0.isOpen }
  }

  /// Those that accept connections.
  var openListeners: [ListenerAccess] { listeners.filter { !$0.isClosed } }

  /// Adds a listener, at the lowest number that is free.
  func open(_ listener: MockEngine.Configuration.Listener) -> Int {
    let number = listeners.firstIndex(where: \.isClosed) ?? listeners.count
    let access = ListenerAccess(listener, index: number)
    if let other = listeners.first { access.policy.overrides = other.policy.overrides }
    if number == listeners.count { listeners.append(access) } else { listeners[number] = access }
    updateActivity()
    return number
  }

  /// A listener accepts no more connections.
  func close(_ number: Int) {
    listeners[number].isClosed = true
    updateActivity()
  }

  /// Gives a listener other rules, which its connections are held against from now on.
  func change(_ number: Int, to listener: MockEngine.Configuration.Listener) {
    listeners[number].apply(listener)
    updateActivity()
  }

  private func updateActivity() { isActive = hasOverrides || listeners.contains { !$0.isClosed && !$0.isOpen } }

  /// A connection that nobody authenticates.
  func unrestricted(on listener: Int) -> ConnectionAccess {
    ConnectionAccess(on: listeners[listener], everything)
  }

  // MARK: Commands

  /// Does what other threads have asked for. Called before messages are read, so that a command takes effect before
  /// every message that is sent after it.
  func applyCommands() {
    for command in commands.take() { apply(command) }
  }

  func apply(_ command: AccessCommands.Command) {
    switch command {
    case .fault(let command): return onFault?(command) ?? ()
    case .add(let rule): for listener in listeners { listener.policy.overrides.add(rule) }
    case .reset: for listener in listeners { listener.policy.overrides.reset() }
    }
    hasOverrides = listeners.contains { !$0.policy.overrides.isEmpty }
    updateActivity()
  }

  /// Takes over what a test denies and allows, after a restart.
  func takeOver(_ old: AccessGate) {
    // They are the same on every listener.
    if let former = old.listeners.first {
      for listener in listeners { listener.policy.overrides = former.policy.overrides }
    }
    hasOverrides = old.hasOverrides
    updateActivity()
  }

  func forgetDenials() { denials = RecentItems(maxCount: 1000) }

  // MARK: Records

  func note(_ denial: AccessDenial) {
    denials.append(denial, bytes: denial.id.utf8.count + denial.reason.utf8.count + 200)
  }

  /// The denial that is the `number`th, counted from 1, of what has an id that matches a pattern.
  func denial(of pattern: WildcardPattern, number: Int) -> AccessDenial? {
    denials.all.lazy.filter { pattern.matches($0.id) }.dropFirst(number - 1).first
  }

  // MARK: Explanations

  func explain(_ functionID: String, as worker: WorkerRecord, _ functions: FunctionRegistry) -> AccessExplanation {
    explain(
      functionID, on: worker.access.listener.index, worker.access.session, workerName: worker.metadata.name, functions)
  }

  func explain(
    _ functionID: String, on listener: Int, _ session: AccessSession, workerName: String? = nil,
    _ functions: FunctionRegistry
  ) -> AccessExplanation {
    let explained = Array(functionID.utf8).withView { id in
      listeners[listener].policy.explain(
        .init(functionID: id, session: session, workerName: workerName, metadata: { functions.metadata(of: id) }))
    }
    return AccessExplanation(functionID, explained)
  }

  // MARK: What was logged

  func isFirst(_ cause: String) -> Bool { noted.isFirst(cause) }

  func forget(_ cause: String) { noted.forget(cause) }
}

/// What tests deny and allow, and which faults they set, posted from any thread.
final class AccessCommands: Sendable {
  enum Command: Sendable {
    case add(AccessOverrides.Rule)
    case reset
    case fault(FaultCommand)
  }

  private let waiting = Lock<[Command]>([])

  func post(_ command: Command) { waiting.withLock { $0.append(command) } }

  /// Forgets what was not done yet.
  func discard() { waiting.withLock { $0 = [] } }

  /// The commands since the last call, in order.
  func take() -> [Command] {
    waiting.withLock { commands in
      guard !commands.isEmpty else { return [] }
      defer { commands = [] }
      return commands
    }
  }
}

/// What one listener checks. Confined to the engine's loop.
final class ListenerAccess {
  let index: Int
  var policy: AccessPolicy {
    didSet { hasOverrides = !policy.overrides.isEmpty }
  }
  private(set) var hasOverrides = false
  private var hasRules: Bool
  private(set) var middlewareFunctionID: String?
  private var exposure: ExposureCache
  /// Whether it was removed by a changed configuration.
  var isClosed = false
  /// Whether the log has been told which filters match nothing.
  var hasCheckedFilters = false

  init(_ listener: MockEngine.Configuration.Listener, index: Int) {
    self.index = index
    policy = AccessPolicy(rules: listener.access)
    hasRules = listener.access != nil
    middlewareFunctionID = listener.middlewareFunctionID
    exposure = ExposureCache(listener.access?.exposeFunctions ?? [])
  }

  /// Takes other rules and another middleware; what a test denies stays.
  func apply(_ listener: MockEngine.Configuration.Listener) {
    policy.rules = listener.access
    hasRules = listener.access != nil
    middlewareFunctionID = listener.middlewareFunctionID
    exposure = ExposureCache(listener.access?.exposeFunctions ?? [])
    hasCheckedFilters = false
  }

  /// Whether its connections may do everything, unless a test denies it.
  var isOpen: Bool { policy.rules == nil && middlewareFunctionID == nil }

  /// The hook that is asked about a registration.
  func hook(for registration: HookedRegistration) -> String? {
    switch registration {
    case .function: policy.rules?.onFunctionRegistrationFunctionID
    case .triggerType: policy.rules?.onTriggerTypeRegistrationFunctionID
    case .trigger: policy.rules?.onTriggerRegistrationFunctionID
    }
  }

  /// Decides as `policy.decide` does, in the same order, without telling why: for every call.
  func allows(
    _ id: ByteView, _ connection: ConnectionAccess, workerName: () -> String?, _ functions: FunctionRegistry
  ) -> Bool {
    if hasOverrides, let rule = policy.overrides.rule(for: id, workerName: workerName()) { return rule.allows }
    if connection.hasLists {
      if connection.session.forbids(id) { return false }
      if connection.session.grants(id) || connection.session.allows(id) { return true }
    }
    return !hasRules || AccessPolicy.isInfrastructure(id) || exposure.exposes(id, functions)
  }
}

/// Which functions a listener's filters expose: to try fifty of them at each call would cost more than the call.
private final class ExposureCache {
  private let filters: [FunctionFilter]
  /// Whether a registration may change what is exposed.
  private let readsMetadata: Bool
  private var answers = ByteTable<Bool>()
  private var version: UInt64 = 0

  /// Ids come from callers: the cache begins again when it holds so many, and does not hold long ones.
  private static let limit = 4096
  private static let longest = 256

  init(_ filters: [FunctionFilter]) {
    self.filters = filters
    readsMetadata = filters.contains { if case .metadata = $0.kind { true } else { false } }
  }

  func exposes(_ id: ByteView, _ functions: FunctionRegistry) -> Bool {
    if filters.isEmpty { return false }
    if readsMetadata && version != functions.version {
      version = functions.version
      if answers.count > 0 { answers = ByteTable() }
    }
    if let number = answers.find(id) { return answers[number] ?? false }
    var metadata: JSONValue??
    let answer = filters.contains { filter in
      filter.matches(id) {
        if let metadata { return metadata }
        let found = functions.metadata(of: id)
        metadata = .some(found)
        return found
      }
    }
    guard id.count <= ExposureCache.longest else { return answer }
    if answers.count >= ExposureCache.limit { answers = ByteTable() }
    answers.set(ByteKey(id.string), answer)
    return answer
  }
}
