import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct StateTriggersTests {
  enum Step {
    case add(String, scope: String?, key: String?)
    case remove(String)
    case change(String, String)

    static func random(_ random: inout SeededGenerator) -> Step {
      let id = "t\(random.below(8))"
      let (scope, key) = (random.pick(["", "s", "S"]), random.pick(["", "k", "l"]))
      switch random.below(6) {
      case 0, 1: return .add(id, scope: random.oneIn(3) ? nil : scope, key: random.oneIn(3) ? nil : key)
      case 2: return .remove(id)
      default: return .change(scope, key)
      }
    }
  }

  static func difference(_ steps: [Step]) -> String? {
    var triggers = StateTriggers<[UInt8]>()
    var model: [(id: String, scope: String?, key: String?)] = []
    for step in steps {
      switch step {
      case .add(let id, let scope, let key):
        model.removeAll { $0.id == id }
        model.append((id, scope, key))
        triggers.add(id.bytes, StateTriggerFilter(scope: scope?.bytes, key: key?.bytes))
      case .remove(let id):
        let isThere = model.contains { $0.id == id }
        model.removeAll { $0.id == id }
        if triggers.remove(id.bytes) != isThere { return "\(step)" }
      case .change(let scope, let key):
        let wanted = model.filter { $0.scope ?? scope == scope && $0.key ?? key == key }.map(\.id)
        let got = triggers.matching(scope: scope.bytes, key: key.bytes).map { String(decoding: $0, as: UTF8.self) }
        if got != wanted { return "\(step): wanted \(wanted), got \(got)" }
      }
    }
    return triggers.isEmpty == model.isEmpty ? nil : "isEmpty"
  }

  @Test("random sequences find what the model finds")
  func agreesWithTheModel() {
    #expect(RandomSequences.firstDifference(length: 40, step: Step.random, difference: Self.difference) == nil)
  }

  @Test(
    "a configuration of wrong types is refused",
    arguments: [
      (#"{"scope":5}"#, "invalid type: integer `5`, expected a string"),
      (#"{"key":["k"]}"#, "invalid type: sequence, expected a string"),
      (#"{"condition_function_id":1}"#, "invalid type: integer `1`, expected a string"),
      (#""text""#, "invalid type: string \"text\", expected struct StateTriggerConfig"),
      ("null", "invalid type: null, expected struct StateTriggerConfig"),
    ])
  func badConfig(json: String, reason: String) {
    #expect(throws: InputMismatch(reason: reason)) { try json.bytes.withView { try StateTriggerFilter($0) } }
  }

  @Test("null and unknown members of a configuration match everything")
  func openConfig() throws {
    let filter = try #"{"scope":null,"key":"k","unknown":1}"#.bytes.withView { try StateTriggerFilter($0) }
    #expect(filter == StateTriggerFilter(key: "k".bytes))
  }
}
