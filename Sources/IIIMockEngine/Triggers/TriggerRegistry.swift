/// Which trigger types there are, which triggers, and who is to be told of them: a plain value.
///
/// A trigger belongs to the connection that registered it and ends with it; a type belongs to its provider. When the
/// provider goes, other workers' triggers stay and wait for a provider that comes.
struct TriggerRegistry {
  /// What follows from an event, in order.
  enum Effect: Equatable {
    /// The provider is told of a trigger.
    case forward(TriggerEntry, to: PeerID)
    /// The provider is told that a trigger is gone.
    case withdraw(id: String, type: String, from: PeerID)
    /// A trigger's type is provided by nobody: it was dropped, or parked.
    case missingType(TriggerEntry, isParked: Bool)
    /// A provider refused a trigger: its owner is to hear the reason.
    case rejected(TriggerEntry)
  }

  /// Whether triggers without a provider are parked, and refused ones taken out of force; engine 0.13 does neither.
  let parks: Bool
  private(set) var types: [String: TriggerType] = [:]
  private var triggers: [String: TriggerEntry] = [:]
  private var ownedBy: [PeerID: Set<String>] = [:]
  private var ofType: [String: Set<String>] = [:]
  private var sequence: UInt64 = 0

  /// - Parameter types: Those that the engine provides.
  init(parks: Bool, types engineTypes: [EngineTriggerType] = EngineTriggerType.always) {
    self.parks = parks
    for type in engineTypes { types[type.rawValue] = type.type }
  }

  // MARK: Reading

  /// The triggers in force, in the order of their registration.
  var listed: [TriggerEntry] { sorted(triggers.values.filter { !$0.isParked }) }

  /// Those of one type.
  func listed(ofType type: String) -> [TriggerEntry] {
    sorted((ofType[type] ?? []).compactMap { triggers[$0] }.filter { !$0.isParked })
  }

  func trigger(_ id: String) -> TriggerEntry? { triggers[id].flatMap { $0.isParked ? nil : $0 } }

  /// The triggers that the engine itself fires.
  func triggers(of type: EngineTriggerType) -> [TriggerEntry] {
    types[type.rawValue]?.provider == .engine(type) ? listed(ofType: type.rawValue) : []
  }

  private func sorted(_ triggers: [TriggerEntry]) -> [TriggerEntry] { triggers.sorted { $0.sequence < $1.sequence } }

  // MARK: Types

  /// A worker provides a type from now on, whoever did before: it is sent every trigger of that type.
  mutating func register(_ type: TriggerType) -> [Effect] {
    types[type.id] = type
    guard case .worker(let provider) = type.provider else { return [] }
    return sorted((ofType[type.id] ?? []).compactMap { triggers[$0] }).map { trigger in
      var trigger = trigger
      trigger.isParked = false
      triggers[trigger.id] = trigger
      return .forward(trigger, to: provider)
    }
  }

  /// The provider gives a type up; nobody else can. Its triggers wait.
  mutating func unregisterType(_ id: String, by provider: PeerID) -> Bool {
    guard types[id]?.provider == .worker(provider) else { return false }
    types[id] = nil
    return true
  }

  // MARK: Triggers

  /// Registers a trigger; one that had its id, whosever it was, is replaced.
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
    let effects = replaced(by: trigger)
    insert(trigger)
    guard case .worker(let provider) = type.provider else { return effects }
    return effects + [.forward(trigger, to: provider)]
  }

  /// What the trigger that had this id leaves behind. Of the same type, the provider hears of the new one only.
  private mutating func replaced(by trigger: TriggerEntry) -> [Effect] {
    guard let old = triggers[trigger.id] else { return [] }
    remove(old)
    return old.type == trigger.type && !trigger.isParked ? [] : withdrawal(of: old)
  }

  private mutating func insert(_ trigger: TriggerEntry) {
    triggers[trigger.id] = trigger
    ownedBy[trigger.owner, default: []].insert(trigger.id)
    ofType[trigger.type, default: []].insert(trigger.id)
  }

  private mutating func remove(_ trigger: TriggerEntry) {
    triggers[trigger.id] = nil
    ownedBy[trigger.owner]?.remove(trigger.id)
    if ownedBy[trigger.owner]?.isEmpty == true { ownedBy[trigger.owner] = nil }
    ofType[trigger.type]?.remove(trigger.id)
    if ofType[trigger.type]?.isEmpty == true { ofType[trigger.type] = nil }
  }

  private func withdrawal(of trigger: TriggerEntry) -> [Effect] {
    guard !trigger.isParked, case .worker(let provider)? = types[trigger.type]?.provider else { return [] }
    return [.withdraw(id: trigger.id, type: trigger.type, from: provider)]
  }

  /// Ends a trigger, whoever asks: nobody checks whose it is. `nil` if there is none.
  mutating func unregister(_ id: String) -> (trigger: TriggerEntry, effects: [Effect])? {
    guard let trigger = triggers[id] else { return nil }
    remove(trigger)
    return (trigger, withdrawal(of: trigger))
  }

  /// A provider refuses a trigger that it was sent; it counts only from the type's present provider.
  mutating func reject(_ id: String, by provider: PeerID) -> [Effect] {
    guard parks, var trigger = triggers[id], !trigger.isParked,
      types[trigger.type]?.provider == .worker(provider)
    else { return [] }
    trigger.isParked = true
    triggers[id] = trigger
    return [.rejected(trigger)]
  }

  // MARK: Disconnects

  /// A connection has ended: its triggers go first, one by one, then the types that it provided.
  mutating func disconnect(_ peer: PeerID) -> (triggers: [TriggerEntry], types: [String], effects: [Effect]) {
    let owned = sorted((ownedBy[peer] ?? []).compactMap { triggers[$0] })
    var effects: [Effect] = []
    for trigger in owned {
      effects += withdrawal(of: trigger)
      remove(trigger)
    }
    let provided = types.values.filter { $0.provider == .worker(peer) }.map(\.id).sorted()
    for id in provided { types[id] = nil }
    return (owned, provided, effects)
  }
}
