internal import III

/// `iii-state`: values by scope and key, and triggers of type `state` that fire when they change.
final class StateWorker: BuiltInWorker {
  static let triggerType = "state"

  let manifest = BuiltInManifest(
    name: StateSettings.workerName,
    functions: StateFunction.allCases.map(\.manifestFunction) + StateControl.manifestFunctions,
    triggerTypes: [
      BuiltInTriggerType(
        id: StateWorker.triggerType, description: "State trigger", requestSchema: StateTriggerFilter.schema,
        callSchema: StateChange.schema)
    ])

  private let functions = StateFunction.allCases
  private let adapter: StateSettings.Adapter
  /// The other engine that has the values, if one has.
  private var bridge: StateBridge?
  private var saver: StateSaver<StateRow>?
  private var host: BuiltInHost?
  private(set) var store = StateStore()
  /// By the trigger's place in the order of registrations, which no two triggers share.
  private var triggers = StateTriggers<UInt64>()
  private let deliverer = EventDeliverer(of: "state")

  init(_ settings: StateSettings) { adapter = settings.adapter }

  func start(_ host: BuiltInHost) throws(MockEngineError) {
    self.host = host
    deliverer.start(host)
    var location = Storage.Location.memory
    switch adapter {
    case .keyValue(let adapter): location = adapter.location
    case .bridge(let url): bridge = StateBridge(to: url, host)
    }
    let opened = try host.table(StateRow.self, at: location)
    for row in opened.rows { store.restore(row.value, of: row.key.key, in: row.key.scope) }
    saver = StateSaver(opened.store, opened.table)
  }

  /// Forgets all values, also on disk. No triggers fire.
  func reset() {
    for scope in store.scopeNames {
      for (key, _) in store.entries(of: scope) {
        saver?.save(store.delete(key, in: scope)) { [self] key, value in
          store.restore(value, of: key.key, in: key.scope)
        } then: { _ in
        }
      }
    }
  }

  func takeOver(_ old: any BuiltInWorker) {
    if case .keyValue(let adapter) = adapter, case .memory = adapter.location, let old = old as? StateWorker {
      store = old.store
    }
  }

  /// Values stay where they are kept: another adapter takes effect at the next start.
  func reload(_ settings: any BuiltInSettings) -> Bool { (settings as? StateSettings)?.adapter == adapter }

  func stop() { bridge?.stop() }

  // MARK: Functions

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard function.number < functions.count else {
      return try control(StateControl.allCases[function.number - functions.count], function, call)
    }
    return try perform(functions[function.number], function, call)
  }

  /// Carries out an operation, here or in the other engine.
  func perform(
    _ kind: StateFunction, _ function: BuiltInFunction, _ call: BuiltInCall
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try StateInput(call.data, named: function.inputName, fields: kind.fields)
    if let bridge { return forward(kind, input, call.data.array, to: bridge) }
    switch kind {
    case .set:
      let change = store.set(input.value, of: input.key, in: input.scope)
      return answer(change, .bytes(change.result()), kind)
    case .delete:
      let change = store.delete(input.key, in: input.scope)
      return answer(change, change.old.map { .bytes($0) } ?? .nothing, kind)
    case .update:
      let (change, problems) = store.update(input.key, in: input.scope, input.operations)
      return answer(change, .bytes(change.result(problems)), kind)
    case .get:
      let (scope, key) = (input.scope, input.key)
      return read { $0.value(of: key, in: scope).map { .bytes($0) } ?? .nothing }
    case .list:
      let scope = input.scope
      return read { .bytes(StateWorker.list($0.entries(of: scope))) }
    case .listGroups: return read { .bytes(StateWorker.groups($0.scopeNames)) }
    }
  }

  /// Has the other engine carry out an operation; the triggers of this one are told of a change.
  private func forward(
    _ function: StateFunction, _ input: StateInput, _ payload: [UInt8], to bridge: StateBridge
  ) -> BuiltInReply {
    guard let host else { return .failure(.stopped) }
    let token = host.laterReply()
    bridge.call(function, input, payload) { [self] change, reply in
      if let change { tell(change) }
      host.reply(token, reply)
    }
    return .later(token)
  }

  /// Answers what is stored now, once it is saved: nobody hears of a value that a crash could still undo.
  func read(_ body: @escaping (StateStore) -> BuiltInReply) -> BuiltInReply {
    let reply = body(store)
    guard let host, let saver, !saver.isIdle else { return reply }
    let later = host.laterReply()
    let failures = saver.failures
    saver.afterEarlierChanges { [self] in
      host.reply(later, saver.failures == failures ? reply : body(store))
    }
    return .later(later)
  }

  /// As `state::set`; `done` hears why the value was not saved, if it was not.
  func set(_ value: [UInt8], of key: [UInt8], in scope: [UInt8], then done: @escaping (String?) -> Void) {
    save(store.set(value, of: key, in: scope), then: done)
  }

  /// As `state::delete`; `done` hears why the deletion was not saved, if it was not.
  func delete(_ key: [UInt8], in scope: [UInt8], then done: @escaping (String?) -> Void) {
    save(store.delete(key, in: scope), then: done)
  }

  /// Answers once a change is saved.
  private func answer(
    _ change: StateChange, _ reply: BuiltInReply, _ function: StateFunction
  ) -> BuiltInReply {
    guard let host else { return .nothing }
    var outcome: BuiltInReply?
    var token: ReplyToken?
    save(change) { problem in
      let reply = problem.map { .failure(function.failure($0)) } ?? reply
      if let token { host.reply(token, reply) } else { outcome = reply }
    }
    if let outcome { return outcome }
    let later = host.laterReply()
    token = later
    return .later(later)
  }

  /// Saves a change, and then tells the triggers of it.
  private func save(_ change: StateChange, then done: @escaping (String?) -> Void) {
    saver?.save(change) { [self] key, value in
      store.restore(value, of: key.key, in: key.scope)
    } then: { [self] error in
      if error == nil { tell(change) }
      done(error?.description)
    }
  }

  private static func list(_ entries: OrderedTable<[UInt8], [UInt8]>) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(entries.reduce(2) { $0 + $1.value.count + 1 })
    output.append(UInt8(ascii: "["))
    for (_, value) in entries {
      if output.count > 1 { output.append(UInt8(ascii: ",")) }
      output += value
    }
    output.append(UInt8(ascii: "]"))
    return output
  }

  /// What `mock::state::list` answers of a scope.
  func entries(of scope: [UInt8]) -> BuiltInReply {
    if let bridge, let host {
      let token = host.laterReply()
      let payload: JSONValue = ["scope": .string(String(decoding: scope, as: UTF8.self))]
      bridge.call(.list, StateInput(scope: scope), payload.jsonBytes) { host.reply(token, $1.namingNoKeys("key")) }
      return .later(token)
    }
    return read { .bytes(KeyedListing.json("key", $0.entries(of: scope))) }
  }

  private static func groups(_ names: [[UInt8]]) -> [UInt8] {
    let quoted = names.map { JSONText.quoted(String(decoding: $0, as: UTF8.self)) }
    return Array("{\"groups\":[".utf8) + quoted.joined(separator: [UInt8(ascii: ",")]) + Array("]}".utf8)
  }

  // MARK: Triggers

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    let filter: StateTriggerFilter
    do {
      filter = try trigger.config.withView { try StateTriggerFilter($0) }
    } catch {
      return .refused("Failed to parse trigger config: \((error as? InputMismatch)?.reason ?? "\(error)")")
    }
    if let old { triggerUnregistered(old) }
    triggers.add(trigger.sequence, filter)
    deliverer.add(trigger, condition: filter.conditionFunctionID)
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    triggers.remove(trigger.sequence)
    deliverer.remove(trigger)
  }

  /// Starts the delivery of a change to the triggers that it matches.
  private func tell(_ change: StateChange) {
    guard !triggers.isEmpty else { return }
    deliverer.deliver(change.event, to: triggers.matching(scope: change.scope, key: change.key))
  }

  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict) { deliverer.conditionDecided(token, verdict) }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) { deliverer.callCompleted(token, outcome) }
}
