internal import III
internal import UV

/// What the engine does for one instance of a built-in worker. Confined to the engine's loop.
///
/// Calls, conditions and answers go into the outbox and happen after the method that asked for them has returned, in the
/// order in which they were asked for. They may also be asked for at any other time on the loop, as when stored data has
/// been written: the outbox is then emptied within the loop's turn.
final class BuiltInHost {
  let id: BuiltInID
  /// The worker's name, for texts.
  let name: String
  let compatibility: Compatibility
  private let outbox: Outbox
  /// `nil` once the engine has stopped: what is asked for later, as by a write that ends then, has no effect.
  private var services: (any BuiltInServices)?

  init(
    _ id: BuiltInID, name: String, compatibility: Compatibility, outbox: Outbox, services: any BuiltInServices
  ) {
    self.id = id
    self.name = name
    self.compatibility = compatibility
    self.outbox = outbox
    self.services = services
  }

  /// The engine has stopped.
  func end() { services = nil }

  // MARK: Calls

  /// Calls a function: a worker's, or that of a built-in worker. No access check, no middleware.
  ///
  /// - Parameters:
  ///   - data: The payload, JSON.
  ///   - metadata: JSON that travels beside the payload, where the engine's version forwards it.
  ///   - token: Comes back with `callCompleted`; without one nobody waits for the answer.
  ///   - deadline: By the engine's time; when it passes, the call ends with the code `TIMEOUT` and a later answer is
  ///     ignored. Without one the call waits until its worker leaves.
  func call(
    _ functionID: ByteKey, _ data: [UInt8], metadata: [UInt8]? = nil, token: CallToken? = nil,
    deadline: Duration? = nil
  ) {
    add(
      .call(
        EngineCall(
          functionID: functionID, data: data, metadata: metadata, caller: id, purpose: token.map { .call($0) },
          deadline: deadline)))
  }

  /// Calls the function of a queue's job. `QueueWorker.deliveryBegun` says which worker has it, if one has.
  ///
  /// - Parameters:
  ///   - trace: The sender's trace headers.
  ///   - delivery: The member `delivery` of the frame, where the engine's version has it: JSON.
  func deliver(
    _ functionID: ByteKey, _ data: [UInt8], trace: TraceHeaders?, delivery: [UInt8], token: CallToken,
    deadline: Duration?
  ) {
    add(
      .call(
        EngineCall(
          functionID: functionID, data: data, metadata: nil, caller: id, purpose: .call(token), deadline: deadline,
          trace: trace, delivery: delivery)))
  }

  /// Calls a trigger's function with `data`, and with the trigger's metadata.
  func fire(_ trigger: TriggerEntry, _ data: [UInt8], token: CallToken? = nil) {
    call(trigger.functionID, data, metadata: trigger.metadata, token: token)
  }

  /// Asks a condition function whether a trigger is to fire; `conditionDecided` follows.
  ///
  /// A function that is missing or fails is reported in the engine's log, and so is one that has not answered for five
  /// seconds; it is waited for until its worker leaves.
  ///
  /// - Parameter trigger: The trigger's id, for the log.
  func check(condition functionID: ByteKey, _ data: [UInt8], trigger: ByteKey, token: CallToken) {
    add(
      .call(
        EngineCall(
          functionID: functionID, data: data, metadata: nil, caller: id,
          purpose: .condition(token, trigger: trigger), deadline: nil)))
  }

  // MARK: Answers

  /// A token for an answer that comes later: returned as `.later`, and given to `reply` once, whenever it is known.
  ///
  /// - Parameter isHeld: Whether the answer waits for a test, or for time to pass, so that the engine counts as settled without it.
  func laterReply(isHeld: Bool = false) -> ReplyToken {
    let token = outbox.nextReply()
    if isHeld { outbox.hold(token) }
    return token
  }

  /// Gives an answer that was promised. If its caller has left, nothing happens.
  func reply(_ token: ReplyToken, _ reply: BuiltInReply) {
    outbox.release(token)
    add(.reply(token, reply))
  }

  /// Answers with what `body` returns: it runs outside of the loop's turn, and uses the engine as a test does.
  func replyLater(_ body: @escaping @Sendable (EngineCore) async throws -> JSONValue) -> BuiltInReply {
    guard let core = services?.core else { return .failure(.stopped) }
    let token = laterReply()
    let me = LoopBound(self, on: core.loop)
    Task {
      let reply: BuiltInReply
      do {
        reply = .json(try await body(core))
      } catch {
        reply = .failure(InvocationFailure(error))
      }
      core.loop.post { me.value.reply(token, reply) }
    }
    return .later(token)
  }

  /// Restarts the engine once the answers of this turn have left.
  func restartLater(keepingState: Bool) {
    guard let core = services?.core else { return }
    Task {
      do { try await core.restart(keepingState: keepingState) } catch {
        await core.note("the engine could not restart: \(error)")
      }
    }
  }

  /// Has the commands of stubs done in the loop's next turn, before further messages.
  func applyStubCommands() { services?.applyStubCommandsSoon() }

  /// Changes what a connected worker reported of itself.
  func set(_ metadata: ReportedMetadata, of worker: PeerID) { add(.metadata(metadata, of: worker)) }

  private func add(_ request: Outbox.Request) {
    if outbox.add(request) { services?.emptyOutboxSoon() }
  }

  /// A new id: an unpredictable one, or the next of the engine's seed.
  func newID() -> UUID128 { services?.newID() ?? .random() }

  /// The source of ids, where the engine has a seed: for parts that make many.
  var random: SeededRandom? { services?.random }

  // MARK: Time

  /// The present by the engine's time source, for spans of time; nanoseconds.
  var now: UInt64 { services?.now ?? 0 }
  /// The present by the clock on the wall, for time stamps; nanoseconds since 1970.
  var wallClock: UInt64 { services?.wallClock ?? 0 }

  /// Has `timerFired` called with the token that is returned, after `span` of the engine's time; `nil` once the engine
  /// has stopped.
  func schedule(after span: Duration) -> TimerToken? { schedule(at: now.advanced(by: span)) }

  /// As `schedule(after:)`, at a moment of `now`.
  func schedule(at moment: UInt64) -> TimerToken? { services?.schedule(.builtIn(id), at: moment) }

  /// As `schedule(after:)`, at the next of the moments that follow `start` in steps of `interval`: for what is looked at in a rhythm, but
  /// only while there is something to look at.
  func schedule(every interval: Duration, since start: UInt64) -> TimerToken? {
    let step = max(1, interval.nanoseconds)
    return schedule(at: start &+ ((now &- start) / step + 1) &* step)
  }

  /// As `schedule(after:)`, for a moment of the wall clock. That clock may be set meanwhile, so `timerFired` may be called
  /// earlier: a worker that finds its moment not yet come schedules again.
  func schedule(atWallClock moment: UInt64) -> TimerToken? {
    guard let services else { return nil }
    let wallClock = self.wallClock
    let wait = moment > wallClock ? moment - wallClock : 0
    return schedule(at: now &+ (services.canWallClockBeSet ? min(wait, BuiltInHost.wallClockPatience) : wait))
  }

  /// How long the wall clock is relied on without another look at it.
  private static let wallClockPatience: UInt64 = 10_000_000_000

  /// Takes a timer out; `timerFired` is not called for it.
  func cancel(_ token: TimerToken) { services?.cancel(token) }

  /// Has `turnCame` called after what the outbox has now, before others have their turn.
  func continueSoon() { add(.turn(id)) }

  /// Has `turnCame` called in the loop's next turn, after others have had theirs: for work that is done in slices.
  func continueNextTurn() { services?.continueNextTurn(id) }

  // MARK: The log

  /// Whether anybody reads events: those that cost something to make are made only then.
  var wantsEvents: Bool { services?.wantsEvents ?? false }

  func note(_ event: EngineEvent) { services?.note(event) }

  /// A line for the engine's log, with the worker's name.
  func warn(_ text: String) { note(.warning("\(name): \(text)")) }

  // MARK: Stored data

  /// Opens a table in the store at a location, which built-in workers that name the same folder share. For `start`
  /// only: it blocks the loop while a file is opened, checked and read.
  ///
  /// - Returns: The store, the table, and the table's rows in the order of their schema.
  func table<Row: StoreRow>(
    _ type: Row.Type, at location: Storage.Location
  ) throws(MockEngineError) -> (store: Store, table: StoreTable<Row>, rows: [Row]) {
    guard let services else { throw .stopped }
    do throws(StoreError) {
      let store = try services.store(at: location)
      let (table, rows) = try store.load(type)
      return (store, table, rows)
    } catch {
      throw .store(error.description)
    }
  }

  // MARK: Connections

  /// What a test controls the engine with; `nil` once the engine has stopped.
  var core: EngineCore? { services?.core }

  /// The connection of a worker; `nil` if it has left.
  func connection(of worker: PeerID) -> Peer? { services?.connection(of: worker) }

  /// The answer to a request that a web page must not make; `nil` if the request is let in.
  func refusal(of request: HTTPRequestHead) -> HTTPResponse? { services?.refusal(of: request) }

  /// The engine's channels; `nil` once the engine has stopped.
  var channels: ChannelsWorker? { services?.channels }

  /// Finds the addresses of a host; `done` is called on the loop, with none if there are none.
  func resolve(_ host: String, _ done: @escaping ([SocketAddress], UVError?) -> Void) {
    services?.resolve(host, done)
  }

  /// A client of HTTP on the engine's loop; `nil` if the system refuses one.
  func makeHTTPClient(authorities: String?) -> HTTPClient? { services?.makeHTTPClient(authorities: authorities) }

  /// Runs `body` in the loop's next turn, unless the engine has stopped by then.
  func later(_ body: @escaping () -> Void) { services?.later(body) }

  /// Listens at an address for connections of `role`; closed when the engine shuts down.
  ///
  /// - Returns: The address, with the port that the system chose if 0 was asked for.
  func listen(host: String, port: UInt16, _ role: any ListenerRole) throws(MockEngineError) -> SocketAddress {
    guard let services else { throw .stopped }
    return try services.listen(host: host, port: port, role, for: name)
  }

  /// Accepts no more connections at an address; those that were accepted stay.
  func stopListening(at address: SocketAddress) { services?.stopListening(at: address) }

  /// Listens at another address than before, or goes on where it listened if it cannot.
  ///
  /// - Returns: The new address; the old one where only the same is asked for.
  func move(
    from old: SocketAddress?, _ before: (host: String, port: UInt16), to after: (host: String, port: UInt16),
    _ role: any ListenerRole
  ) throws(MockEngineError) -> SocketAddress {
    if let old, before == after { return old }
    // Two hosts may overlap: of one port, the old address is given up first.
    let isSamePort = before.port == after.port && after.port != 0
    if isSamePort, let old { stopListening(at: old) }
    do throws(MockEngineError) {
      let new = try listen(host: after.host, port: after.port, role)
      if !isSamePort, let old { stopListening(at: old) }
      return new
    } catch {
      if isSamePort { _ = try listen(host: before.host, port: before.port, role) }
      throw error
    }
  }
}

/// What hosts need of the engine around the kernel: carried out by the engine, recorded by tests.
protocol BuiltInServices: AnyObject {
  var now: UInt64 { get }
  var wallClock: UInt64 { get }
  /// Whether the wall clock may move otherwise than `now` does.
  var canWallClockBeSet: Bool { get }
  var wantsEvents: Bool { get }
  /// The store at a location; blocks the loop while it is opened.
  func store(at location: Storage.Location) throws(StoreError) -> Store
  func note(_ event: EngineEvent)
  /// Has the kernel's `timerFired` called at a moment of `now`.
  func schedule(_ timer: KernelTimer, at moment: UInt64) -> TimerToken
  func cancel(_ token: TimerToken)
  func continueNextTurn(_ worker: BuiltInID)
  /// The outbox has something again, and perhaps nobody is about to empty it.
  func emptyOutboxSoon()
  func listen(
    host: String, port: UInt16, _ role: any ListenerRole, for name: String
  ) throws(MockEngineError) -> SocketAddress
  func stopListening(at address: SocketAddress)
  func connection(of worker: PeerID) -> Peer?
  /// The engine's channels.
  var channels: ChannelsWorker? { get }
  /// Runs `body` in the loop's next turn, unless the engine has stopped by then.
  func later(_ body: @escaping () -> Void)
  func resolve(_ host: String, _ done: @escaping ([SocketAddress], UVError?) -> Void)
  func makeHTTPClient(authorities: String?) -> HTTPClient?
  /// What a test controls the engine with; `nil` once the engine has stopped.
  var core: EngineCore? { get }
  func refusal(of request: HTTPRequestHead) -> HTTPResponse?
  func newID() -> UUID128
  var random: SeededRandom? { get }
  func applyStubCommandsSoon()
}

extension BuiltInServices {
  var core: EngineCore? { nil }
  var channels: ChannelsWorker? { nil }
  func later(_ body: @escaping () -> Void) { body() }
  func connection(of worker: PeerID) -> Peer? { nil }
  func stopListening(at address: SocketAddress) {}
  func resolve(_ host: String, _ done: @escaping ([SocketAddress], UVError?) -> Void) { done([], nil) }
  func makeHTTPClient(authorities: String?) -> HTTPClient? { nil }
  func refusal(of request: HTTPRequestHead) -> HTTPResponse? { nil }
  func newID() -> UUID128 { .random() }
  var random: SeededRandom? { nil }
  func applyStubCommandsSoon() {}
}

extension BuiltInServices {
  var canWallClockBeSet: Bool { true }
}

/// What a timer of the kernel is for.
enum KernelTimer {
  /// A timer of a built-in worker.
  case builtIn(BuiltInID)
  /// The end of a stub's delay.
  case stub(UInt64)
  /// The deadline of an engine call.
  case deadline(EngineCallKey)
  /// The moment at which a condition without an answer is reported.
  case slowCondition(EngineCallKey)
  /// The moment at which an auth function or a hook without an answer is reported.
  case slowAccess(EngineCallKey)
}
