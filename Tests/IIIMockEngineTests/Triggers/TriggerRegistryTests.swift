import TestSupport
import Testing

@testable import III
@testable import IIIMockEngine

/// A model of the registry: one list of triggers, one table of providers.
struct TriggerModel {
  struct Bound {
    let id: String
    let type: String
    let owner: Int
  }
  let parks: Bool
  var providers: [String: Int] = [:]
  var bound: [Bound] = []
  var parked: Set<String> = []

  /// What the provider of a trigger's type is told of its end.
  func withdrawal(_ old: Bound) -> [String] {
    guard let provider = providers[old.type], !parked.contains(old.id) else { return [] }
    return ["\(provider): -\(old.id) \(old.type)"]
  }

  mutating func provide(_ type: String, by worker: Int) -> [String] {
    providers[type] = worker
    let waiting = bound.filter { $0.type == type }
    parked.subtract(waiting.map(\.id))
    return waiting.map { "\(worker): +\($0.id) \(type)" }
  }

  mutating func bind(_ id: String, _ type: String, by worker: Int) -> [String] {
    let provider = providers[type]
    guard provider != nil || parks else { return [] }
    var told: [String] = []
    if let old = bound.first(where: { $0.id == id }), old.type != type || provider == nil { told = withdrawal(old) }
    bound.removeAll { $0.id == id }
    parked.remove(id)
    bound.append(Bound(id: id, type: type, owner: worker))
    if let provider { return told + ["\(provider): +\(id) \(type)"] }
    parked.insert(id)
    return told
  }

  mutating func unbind(_ id: String) -> [String] {
    guard let old = bound.first(where: { $0.id == id }) else { return [] }
    defer {
      bound.removeAll { $0.id == id }
      parked.remove(id)
    }
    return withdrawal(old)
  }

  mutating func refuse(_ id: String, by worker: Int) -> [String] {
    guard parks, let trigger = bound.first(where: { $0.id == id }), providers[trigger.type] == worker else { return [] }
    return parked.insert(id).inserted ? ["\(trigger.owner): !\(id)"] : []
  }

  mutating func giveUp(_ type: String, by worker: Int) { if providers[type] == worker { providers[type] = nil } }

  mutating func leave(_ worker: Int) -> [String] {
    let told = bound.filter { $0.owner == worker }.flatMap { unbind($0.id) }
    providers = providers.filter { $0.value != worker }
    return told
  }
}

@Suite struct TriggerRegistryTests {
  enum Step: CustomStringConvertible {
    case provide(Int, String), bind(Int, String, String), unbind(String), refuse(Int, String), giveUp(Int, String)
    case leave(Int)

    var description: String {
      switch self {
      case .provide(let worker, let type): "worker \(worker) provides \(type)"
      case .bind(let worker, let id, let type): "worker \(worker) binds \(id) to \(type)"
      case .unbind(let id): "\(id) is unbound"
      case .refuse(let worker, let id): "worker \(worker) refuses \(id)"
      case .giveUp(let worker, let type): "worker \(worker) gives \(type) up"
      case .leave(let worker): "worker \(worker) leaves"
      }
    }

    static func random(_ random: inout SeededGenerator) -> Step {
      let worker = random.below(4)
      let type = ["a", "b", "c"][random.below(3)]
      let id = "t\(random.below(6))"
      switch random.below(12) {
      case 0...2: return .provide(worker, type)
      case 3...6: return .bind(worker, id, type)
      case 7: return .unbind(id)
      case 8: return .refuse(worker, id)
      case 9: return .giveUp(worker, type)
      default: return .leave(worker)
      }
    }
  }

  static func peer(_ worker: Int) -> PeerID { PeerID(slot: UInt32(worker), generation: 0) }

  static func told(_ effects: [TriggerRegistry.Effect]) -> [String] {
    effects.compactMap { effect in
      switch effect {
      case .forward(let trigger, let provider): "\(provider.slot): +\(trigger.id) \(trigger.type)"
      case .withdraw(let id, let type, let provider): "\(provider.slot): -\(id) \(type)"
      case .rejected(let trigger): "\(trigger.owner.slot): !\(trigger.id)"
      case .offer(let trigger, let provider, _): "engine \(provider.index): +\(trigger.id) \(trigger.type)"
      case .ended(let trigger, let provider): "engine \(provider.index): -\(trigger.id) \(trigger.type)"
      case .missingType: nil
      }
    }
  }

  /// Plays the steps on both; returns the first difference, if there is one.
  static func difference(_ steps: [Step], parks: Bool) -> String? {
    var registry = TriggerRegistry(parks: parks)
    var model = TriggerModel(parks: parks)
    for (number, step) in steps.enumerated() {
      let wanted: [String]
      let got: [String]
      switch step {
      case .provide(let worker, let type):
        wanted = model.provide(type, by: worker)
        got = told(
          registry.register(
            TriggerType(
              id: ByteKey(type), description: "", requestFormat: nil, callFormat: nil, provider: .worker(peer(worker))))
        )
      case .bind(let worker, let id, let type):
        wanted = model.bind(id, type, by: worker)
        got = told(
          registry.register(
            TriggerEntry(
              id: ByteKey(id), type: ByteKey(type), functionID: "f", config: [], metadata: nil, owner: peer(worker))))
      case .unbind(let id):
        wanted = model.unbind(id)
        got = told(registry.unregister(ByteKey(id))?.effects ?? [])
      case .refuse(let worker, let id):
        wanted = model.refuse(id, by: worker)
        got = told(registry.reject(ByteKey(id), by: peer(worker)))
      case .giveUp(let worker, let type):
        model.giveUp(type, by: worker)
        wanted = []
        _ = registry.unregisterType(ByteKey(type), by: peer(worker))
        got = []
      case .leave(let worker):
        wanted = model.leave(worker)
        got = told(registry.disconnect(peer(worker)).effects)
      }
      if got != wanted { return "step \(number), \(step): wanted \(wanted), got \(got)" }
      let listed = model.bound.filter { !model.parked.contains($0.id) }.map(\.id)
      if registry.listed.map(\.id.text) != listed {
        return "step \(number), \(step): wanted \(listed) listed, got \(registry.listed.map(\.id.text))"
      }
    }
    return nil
  }

  /// Leaves out steps for as long as there is a difference.
  static func shrunk(_ steps: [Step], parks: Bool) -> [Step] {
    var steps = steps
    var index = 0
    while index < steps.count {
      var fewer = steps
      fewer.remove(at: index)
      if difference(fewer, parks: parks) != nil { steps = fewer } else { index += 1 }
    }
    return steps
  }

  @Test("the registry has the effects of its model", arguments: 0..<10) func behavesAsItsModel(part: Int) {
    for seed in stride(from: part, to: RandomSequences.count, by: 10) {
      var random = SeededGenerator(seed: UInt64(seed))
      let steps = (0..<60).map { _ in Step.random(&random) }
      let parks = seed % 2 == 0
      guard Self.difference(steps, parks: parks) != nil else { continue }
      let few = Self.shrunk(steps, parks: parks)
      Issue.record(
        "seed \(seed), parks: \(parks): \(few.map(\.description).joined(separator: "; ")): \(Self.difference(few, parks: parks) ?? "")"
      )
      return
    }
  }

  @Test("A built-in worker hears of its type's triggers until a worker takes the type over")
  func builtInType() {
    let provider = BuiltInID(index: 3)
    let builtIn = TriggerType(
      id: "tick", description: "", requestFormat: nil, callFormat: nil, provider: .builtIn(provider))
    var registry = TriggerRegistry(parks: true, types: [builtIn])
    let trigger = TriggerEntry(
      id: "t", type: "tick", functionID: "f", config: [], metadata: nil, owner: Self.peer(1))
    #expect(Self.told(registry.register(trigger)) == ["engine 3: +t tick"])

    let type = TriggerType(
      id: "tick", description: "mine", requestFormat: nil, callFormat: nil, provider: .worker(Self.peer(2)))
    #expect(Self.told(registry.register(type)) == ["engine 3: -t tick", "2: +t tick"])
    #expect(registry.disconnect(Self.peer(2)).types == ["tick"])
    #expect(registry.type("tick") == nil)
  }

  @Test("A trigger that a built-in worker refuses leaves the one that had its id in force")
  func refusedReplacement() throws {
    let builtIn = TriggerType(
      id: "tick", description: "", requestFormat: nil, callFormat: nil, provider: .builtIn(BuiltInID(index: 0)))
    var registry = TriggerRegistry(parks: true, types: [builtIn])
    func entry(_ function: ByteKey) -> TriggerEntry {
      TriggerEntry(id: "t", type: "tick", functionID: function, config: [], metadata: nil, owner: Self.peer(1))
    }
    _ = registry.register(entry("first"))
    guard case .offer(let second, _, let old)? = registry.register(entry("second")).first else {
      Issue.record("the trigger was not offered")
      return
    }
    #expect(old?.functionID == "first")

    registry.refuse(second, restoring: old)

    #expect(registry.listed.map(\.functionID) == ["first"])
  }

  @Test("a trigger whose type has no provider is reported, and kept only where triggers wait")
  func aTypeWithoutProvider() {
    for parks in [true, false] {
      var registry = TriggerRegistry(parks: parks)
      let trigger = TriggerEntry(id: "t", type: "x", functionID: "f", config: [], metadata: nil, owner: Self.peer(1))
      guard case .missingType(_, let isParked)? = registry.register(trigger).first else {
        Issue.record("nothing was said")
        return
      }
      #expect(isParked == parks && registry.listed.isEmpty && registry.trigger("t") == nil)
      let type = TriggerType(
        id: "x", description: "", requestFormat: nil, callFormat: nil, provider: .worker(Self.peer(2)))
      #expect(registry.register(type).count == (parks ? 1 : 0))
    }
  }
}
