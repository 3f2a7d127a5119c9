internal import III

/// The trigger types and the triggers, and who is told of their changes: a plain value.
///
/// A trigger belongs to the connection that registered it and ends with it; a type belongs to its provider. When the
/// provider leaves, other workers' triggers stay and wait for another provider. What a peer, a type and a function have
/// is linked: an event costs as much as the triggers that it concerns.
struct TriggerRegistry {
  /// What follows from an event, in order.
  enum Effect: Equatable {
    /// The provider is told of a trigger.
    case forward(TriggerEntry, to: PeerID)
    /// The provider is told that a trigger has ended.
    case withdraw(id: ByteKey, type: ByteKey, from: PeerID)
    /// A trigger's type has no provider: the trigger was dropped, or parked.
    case missingType(TriggerEntry, isParked: Bool)
    /// A provider refused a trigger: its owner is told the reason.
    case rejected(TriggerEntry)
    /// The built-in worker that provides the type is shown a new trigger, and the one of this type that it replaces.
    case offer(TriggerEntry, to: BuiltInID, replacing: TriggerEntry?)
    /// A trigger of a built-in worker's type has ended.
    case ended(TriggerEntry, at: BuiltInID)
  }

  /// Whether triggers without a provider, and refused ones, are parked; engine 0.13 parks none.
  let parks: Bool
  private var types = ByteTable<TriggerType>()
  /// Numbers of types, by the slot of the worker that provides them.
  private var provided = NumberLists()
  private var triggers = ByteTable<TriggerEntry>()
  /// Numbers of triggers, by the slot of their owner.
  private var owned = NumberLists()
  private var ofType = NamedLists()
  private var ofFunction = NamedLists()
  private var sequence: UInt64 = 0

  /// - Parameter types: Those that built-in workers provide.
  init(parks: Bool, types builtInTypes: [TriggerType] = []) {
    self.parks = parks
    for type in builtInTypes { set(type) }
  }

  // MARK: Reading

  /// For how many triggers memory is held.
  var capacity: Int { triggers.capacity }

  /// The types that have a provider.
  var allTypes: [TriggerType] { types.all }

  func type(_ id: ByteKey) -> TriggerType? { types[id] }

  /// The provided type that a misspelled name probably means. With very many types none is looked for: a worker that
  /// registers many triggers must not make the engine compare each with all of them.
  func type(similarTo id: ByteKey) -> String? {
    types.count <= 1_000 ? NearestName.of(id.text, among: types.all.lazy.map(\.id.text)) : nil
  }

  /// The types that a worker provides.
  func types(of provider: PeerID) -> [TriggerType] { provided.numbers(of: provider.slot).compactMap { types[$0] } }

  /// The triggers in force, in the order of their registration.
  var listed: [TriggerEntry] { triggers.all.filter { !$0.isParked }.sorted { $0.sequence < $1.sequence } }

  /// Those of one type.
  func listed(ofType type: ByteKey) -> [TriggerEntry] { entries(ofType.numbers(of: type)).filter { !$0.isParked } }

  /// Those that call one function.
  func listed(ofFunction id: ByteKey) -> [TriggerEntry] {
    entries(ofFunction.numbers(of: id)).filter { !$0.isParked }
  }

  func trigger(_ id: ByteKey) -> TriggerEntry? { triggers[id].flatMap { $0.isParked ? nil : $0 } }

  private func entries(_ numbers: [UInt32]) -> [TriggerEntry] { numbers.compactMap { triggers[$0] } }

  // MARK: Types

  /// A worker provides a type from now on, in place of an earlier provider: it is sent every trigger of that type.
  mutating func register(_ type: TriggerType) -> [Effect] {
    let old = types[type.id]?.provider
    set(type)
    guard case .worker(let provider) = type.provider else { return [] }
    var effects: [Effect] = []
    if case .builtIn(let worker)? = old { effects = listed(ofType: type.id).map { .ended($0, at: worker) } }
    for number in ofType.numbers(of: type.id) {
      triggers[number]?.isParked = false
      if let trigger = triggers[number] { effects.append(.forward(trigger, to: provider)) }
    }
    return effects
  }

  /// A built-in worker provides a type that nobody provides; returns the triggers that have waited for it, in the order
  /// of their registration.
  mutating func register(builtInType type: TriggerType) -> [TriggerEntry] {
    set(type)
    let numbers = ofType.numbers(of: type.id)
    for number in numbers { triggers[number]?.isParked = false }
    return entries(numbers).sorted { $0.sequence < $1.sequence }
  }

  /// A built-in worker has ended: its types have no provider. Their triggers wait.
  mutating func unregisterTypes(of worker: BuiltInID) {
    for type in types.all where type.provider == .builtIn(worker) {
      for number in ofType.numbers(of: type.id) where parks { triggers[number]?.isParked = true }
      if let number = types.find(type.id) { types.remove(number) }
    }
    rebuildIfSparse()
  }

  /// The provider gives a type up; nobody else can. Its triggers wait.
  mutating func unregisterType(_ id: ByteKey, by provider: PeerID) -> Bool {
    guard let number = types.find(id), types[number]?.provider == .worker(provider) else { return false }
    provided.remove(number, from: provider.slot)
    types.remove(number)
    rebuildIfSparse()
    return true
  }

  private mutating func set(_ type: TriggerType) {
    let (number, old) = types.set(type.id, type)
    if case .worker(let provider)? = old?.provider { provided.remove(number, from: provider.slot) }
    if case .worker(let provider) = type.provider { provided.insert(number, into: provider.slot) }
  }

  // MARK: Triggers

  /// Registers a trigger; one that had its id is replaced, even if another worker owned it.
  mutating func register(_ trigger: TriggerEntry) -> [Effect] {
    var trigger = trigger
    sequence += 1
    trigger.sequence = sequence
    guard let type = types[trigger.type] else {
      guard parks else { return [.missingType(trigger, isParked: false)] }
      trigger.isParked = true
      let effects = replaced(by: trigger)
      insert(trigger)
      return effects + [.missingType(trigger, isParked: true)]
    }
    let old = self.trigger(trigger.id).flatMap { $0.type == trigger.type ? $0 : nil }
    let effects = replaced(by: trigger)
    insert(trigger)
    return switch type.provider {
    case .worker(let provider): effects + [.forward(trigger, to: provider)]
    case .builtIn(let provider): effects + [.offer(trigger, to: provider, replacing: old)]
    }
  }

  /// The built-in worker that provides a new trigger's type refuses it: what it replaced is in force again.
  mutating func refuse(_ trigger: TriggerEntry, restoring old: TriggerEntry?) {
    if let number = triggers.find(trigger.id) { _ = remove(number) }
    if let old { insert(old) }
    rebuildIfSparse()
  }

  /// Takes out the trigger that had this id. If it is of the same type, the provider hears of the new one only.
  private mutating func replaced(by trigger: TriggerEntry) -> [Effect] {
    guard let number = triggers.find(trigger.id), let old = remove(number) else { return [] }
    return old.type == trigger.type && !trigger.isParked ? [] : withdrawal(of: old)
  }

  private mutating func insert(_ trigger: TriggerEntry) {
    let (number, _) = triggers.set(trigger.id, trigger)
    if trigger.owner.isConnection { owned.insert(number, into: trigger.owner.slot) }
    ofType.insert(number, into: trigger.type)
    ofFunction.insert(number, into: trigger.functionID)
  }

  private mutating func remove(_ number: UInt32) -> TriggerEntry? {
    guard let trigger = triggers.remove(number) else { return nil }
    if trigger.owner.isConnection { owned.remove(number, from: trigger.owner.slot) }
    ofType.remove(number, from: trigger.type)
    ofFunction.remove(number, from: trigger.functionID)
    return trigger
  }

  private func withdrawal(of trigger: TriggerEntry) -> [Effect] {
    guard !trigger.isParked else { return [] }
    return switch types[trigger.type]?.provider {
    case .worker(let provider): [.withdraw(id: trigger.id, type: trigger.type, from: provider)]
    case .builtIn(let provider): [.ended(trigger, at: provider)]
    case nil: []
    }
  }

  /// Ends a trigger; the engine does not check whose it is. `nil` if there is none.
  mutating func unregister(_ id: ByteKey) -> (trigger: TriggerEntry, effects: [Effect])? {
    guard let trigger = triggers.find(id).flatMap({ remove($0) }) else { return nil }
    rebuildIfSparse()
    return (trigger, withdrawal(of: trigger))
  }

  /// A provider refuses a trigger that it was sent; ignored if it does not provide the type any more.
  mutating func reject(_ id: ByteKey, by provider: PeerID) -> [Effect] {
    guard parks, let number = triggers.find(id), let trigger = triggers[number], !trigger.isParked,
      types[trigger.type]?.provider == .worker(provider)
    else { return [] }
    triggers[number]?.isParked = true
    return triggers[number].map { [.rejected($0)] } ?? []
  }

  // MARK: Disconnects

  /// A connection has ended: its triggers are removed first, one by one, then the types that it provided.
  mutating func disconnect(_ peer: PeerID) -> (triggers: [TriggerEntry], types: [ByteKey], effects: [Effect]) {
    var ended: [TriggerEntry] = []
    var effects: [Effect] = []
    for number in owned.numbers(of: peer.slot).reversed() {
      guard let trigger = remove(number) else { continue }
      effects += withdrawal(of: trigger)
      ended.append(trigger)
    }
    let ids = types(of: peer).map(\.id).sorted()
    for id in ids {
      guard let number = types.find(id) else { continue }
      provided.remove(number, from: peer.slot)
      types.remove(number)
    }
    rebuildIfSparse()
    return (ended, ids, effects)
  }

  // MARK: Memory

  /// Gives memory back after a peak.
  private mutating func rebuildIfSparse() {
    if types.isSparse {
      let all = types.all
      types = ByteTable()
      provided = NumberLists()
      for type in all { set(type) }
    }
    guard triggers.isSparse || ofType.isSparse || ofFunction.isSparse else { return }
    let all = triggers.all.sorted { $0.sequence < $1.sequence }
    triggers = ByteTable()
    owned = NumberLists()
    ofType = NamedLists()
    ofFunction = NamedLists()
    for trigger in all { insert(trigger) }
  }
}
