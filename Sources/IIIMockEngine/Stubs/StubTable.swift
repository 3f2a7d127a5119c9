internal import III
internal import Synchronization
internal import UV

/// One stub: for which calls it is, and what it does with them.
struct StubEntry: Sendable {
  let number: UInt64
  let functionID: ByteKey
  /// Members that a payload must have, with these values; `nil` for any payload.
  let matching: JSONValue?
  /// How many calls are left; `nil` for any number.
  var remaining: Int?
  /// Used one after another; the last one stays.
  var responses: [StubResponse]
  /// How long a call waits for its response.
  var delay = Duration.zero
  var calls = 0

  /// The response for the next call.
  mutating func take() -> StubResponse? {
    calls += 1
    if let left = remaining { remaining = left - 1 }
    return responses.count > 1 ? responses.removeFirst() : responses.first
  }

  var isUsedUp: Bool { remaining == 0 }
}

/// What tests ask of the stubs, posted from any thread.
final class StubCommands: Sendable {
  enum Command: Sendable {
    case add(StubEntry)
    case append(StubResponse, to: UInt64)
    case remove(UInt64)
    case removeAll(of: ByteKey)
    case reset
  }

  private struct State {
    var waiting: [Command] = []
    var lastNumber: UInt64 = 0
  }

  private let state = Lock(State())
  /// Read before every read of messages, so it costs one load.
  private let isWaiting = Atomic<Bool>(false)

  /// Identifies a new stub.
  func nextNumber() -> UInt64 {
    state.withLock {
      $0.lastNumber += 1
      return $0.lastNumber
    }
  }

  func post(_ command: Command) {
    state.withLock { $0.waiting.append(command) }
    isWaiting.store(true, ordering: .releasing)
  }

  var isEmpty: Bool { !isWaiting.load(ordering: .acquiring) }

  /// The commands since the last call, in order.
  func take() -> [Command] {
    isWaiting.store(false, ordering: .sequentiallyConsistent)
    return state.withLock { state in
      defer { state.waiting = [] }
      return state.waiting
    }
  }
}

/// The stubs of an engine, and their calls that are not answered. Confined to the engine's loop, except for the commands.
final class StubTable {
  let commands: StubCommands
  /// By function, newest last.
  private var entries: [ByteKey: [StubEntry]] = [:]
  /// How many calls each stub has had, also those that are gone.
  private var calls: [UInt64: Int] = [:]
  /// Calls without an answer, by stub.
  private var hanging: [UInt64: [ReplyToken]] = [:]
  /// Calls that wait until their time has come.
  private var delayed: [UInt64: DelayedCall] = [:]
  private var lastDelay: UInt64 = 0
  private var runs: [UInt64: HandlerActivity] = [:]
  private var lastRun: UInt64 = 0
  /// Runs the code of tests: off the loop.
  var runner: StubRunner?

  init(commands: StubCommands = StubCommands()) { self.commands = commands }

  /// A call that waits for its time.
  struct DelayedCall {
    /// What answers it then; `nil` for the function itself.
    let response: (StubResponse, stub: UInt64)?
    let call: StubCall
  }

  /// What is done with a call.
  struct Decision {
    /// `nil` for the function itself.
    var response: (StubResponse, stub: UInt64)?
    var delay = Duration.zero
    /// Whether no stub of the function is left.
    var isLast = false
  }

  // MARK: Stubs

  var isEmpty: Bool { entries.isEmpty }
  var all: [StubEntry] { entries.values.flatMap { $0 }.sorted { $0.number < $1.number } }
  func callCount(of stub: UInt64) -> Int { calls[stub] ?? 0 }

  /// Adds a stub; returns whether it is the only one of its function.
  func add(_ entry: StubEntry) -> Bool {
    entries[entry.functionID, default: []].append(entry)
    return entries[entry.functionID]?.count == 1
  }

  func append(_ response: StubResponse, to stub: UInt64) {
    for (id, list) in entries {
      guard let index = list.firstIndex(where: { $0.number == stub }) else { continue }
      entries[id]?[index].responses.append(response)
    }
  }

  /// Removes stubs; returns the functions that have none any more, and the calls that the stubs have left without an answer.
  func remove(where isRemoved: (StubEntry) -> Bool) -> (functions: [ByteKey], calls: [ReplyToken]) {
    var functions: [ByteKey] = []
    var tokens: [ReplyToken] = []
    for (id, list) in entries.sorted(by: { $0.key < $1.key }) {
      let gone = list.filter(isRemoved)
      guard !gone.isEmpty else { continue }
      tokens += gone.flatMap { hanging.removeValue(forKey: $0.number) ?? [] }
      let kept = list.filter { !isRemoved($0) }
      entries[id] = kept.isEmpty ? nil : kept
      if kept.isEmpty { functions.append(id) }
    }
    return (functions.sorted(), tokens)
  }

  /// Removes all stubs. Delayed calls are forgotten.
  func reset() -> (functions: [ByteKey], calls: [ReplyToken]) {
    let (functions, tokens) = remove { _ in true }
    let left = tokens + hanging.valuesInOrder.flatMap { $0 }
    hanging = [:]
    calls = [:]
    delayed = [:]
    return (functions, left)
  }

  /// The functions that have stubs.
  var functionIDs: [ByteKey] { entries.keys.sorted() }

  /// The engine has restarted: nobody waits for an answer any more.
  func forgetCalls() {
    hanging = [:]
    delayed = [:]
    runs = [:]
  }

  // MARK: Calls

  /// Decides what is done with a call of a stubbed function: the newest stub that fits decides, and delays add up on the way to it.
  func decide(_ id: ByteKey, _ payload: ByteView) -> Decision {
    guard var list = entries[id] else { return Decision() }
    var decision = Decision()
    var parsed: JSONValue?
    for index in list.indices.reversed() {
      if let matching = list[index].matching {
        if parsed == nil { parsed = (try? PayloadCoder.decode(JSONValue.self, from: payload)) ?? .null }
        guard let parsed, parsed.contains(matching) else { continue }
      }
      guard let response = list[index].take() else { continue }
      calls[list[index].number, default: 0] += 1
      decision.delay += list[index].delay
      if case .delay(let span) = response {
        decision.delay += span
        continue
      }
      decision.response = (response, list[index].number)
      break
    }
    list.removeAll(where: \.isUsedUp)
    entries[id] = list.isEmpty ? nil : list
    decision.isLast = list.isEmpty
    return decision
  }

  func hang(_ token: ReplyToken, by stub: UInt64) { hanging[stub, default: []].append(token) }

  /// Keeps a call for later; returns what its timer is known by.
  func delay(_ call: DelayedCall) -> UInt64 {
    lastDelay += 1
    delayed[lastDelay] = call
    return lastDelay
  }

  func takeDelayed(_ number: UInt64) -> DelayedCall? { delayed.removeValue(forKey: number) }

  // MARK: The code of tests

  /// The runs of tests' code that do not wait for something themselves.
  var running: [HandlerActivity] { runs.values.filter { !$0.isWaiting } }

  func run(
    _ body: @escaping @Sendable ([UInt8]) async -> Result<[UInt8], InvocationFailure>, _ call: StubCall,
    _ token: ReplyToken
  ) {
    guard let runner else { return }
    let activity = HandlerActivity(of: call.functionID.text, call.id, owner: self, at: monotonicNanoseconds())
    lastRun += 1
    let number = lastRun
    runs[number] = activity
    runner.run(body, call.payload, call.context, activity) { [weak self] result in
      guard let self, runs.removeValue(forKey: number) != nil else { return }
      switch result {
      case .success(let bytes): runner.answer(token, .bytes(bytes))
      case .failure(let failure): runner.answer(token, .failure(failure))
      }
    }
  }
}

/// Runs the code of stubs off the loop, and takes its results back to it.
struct StubRunner {
  let loop: Loop
  let executor: HandlerExecutor?
  /// Answers a call; called on the loop.
  let answer: (ReplyToken, BuiltInReply) -> Void

  func run(
    _ body: @escaping @Sendable ([UInt8]) async -> Result<[UInt8], InvocationFailure>, _ payload: [UInt8],
    _ context: InvocationContext, _ activity: HandlerActivity,
    then done: @escaping (Result<[UInt8], InvocationFailure>) -> Void
  ) {
    let done = LoopBound(done, on: loop)
    let loop = loop
    Task(executorPreference: executor) {
      let result = await HandlerActivity.$current.withValue(activity) {
        await InvocationContext.$current.withValue(context) { await body(payload) }
      }
      loop.post { done.value(result) }
    }
  }
}

/// A call of a stubbed function, with all that is needed to answer it later or to pass it on.
struct StubCall {
  enum Origin {
    /// A worker's call: the message, to be read again, and who sent it.
    case message([UInt8], from: PeerID)
    /// A call of the engine's own, and what it is known by if somebody waits for the answer.
    case engine(EngineCall, EngineCallKey?)
  }

  let functionID: ByteKey
  let id: UUID128?
  /// JSON.
  let payload: [UInt8]
  let context: InvocationContext
  let waiting: WaitingReply
  let origin: Origin
}

extension JSONValue {
  /// Whether this value has all that `part` has: the same value, or an object with at least its members.
  func contains(_ part: JSONValue) -> Bool {
    guard case .object(let wanted) = part, case .object(let members) = self else { return self == part }
    return wanted.allSatisfy { key, value in members[key]?.contains(value) ?? false }
  }
}
