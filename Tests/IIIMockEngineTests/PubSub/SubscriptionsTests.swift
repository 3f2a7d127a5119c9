import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct SubscriptionsTests {
  enum Step {
    case subscribe(String, String)
    case unsubscribe(String)
    case publish(String)

    static func random(_ random: inout SeededGenerator) -> Step {
      let id = "t\(random.below(20))"
      let topic = random.pick(["a", "b", "\u{e9}", "e\u{301}"])
      switch random.below(5) {
      case 0, 1: return .subscribe(id, topic)
      case 2: return .unsubscribe(id)
      default: return .publish(topic)
      }
    }
  }

  static func difference(_ steps: [Step]) -> String? {
    var subscriptions = Subscriptions<[UInt8], String>()
    var model: [(id: String, topic: [UInt8])] = []
    for step in steps {
      switch step {
      case .subscribe(let id, let topic):
        model.removeAll { $0.id == id }
        model.append((id, topic.bytes))
        subscriptions.subscribe(id.bytes, to: topic.bytes, id)
      case .unsubscribe(let id):
        let isThere = model.contains { $0.id == id }
        model.removeAll { $0.id == id }
        if subscriptions.unsubscribe(id.bytes) != (isThere ? id : nil) { return "\(step)" }
      case .publish(let topic):
        let wanted = model.filter { $0.topic == topic.bytes }.map(\.id)
        let got = subscriptions.subscribers(of: topic.bytes)
        if got != wanted { return "\(step): wanted \(wanted), got \(got)" }
      }
      if subscriptions.count != model.count { return "\(step): \(subscriptions.count) subscriptions" }
    }
    return nil
  }

  @Test("random sequences reach the subscribers that the model reaches")
  func agreesWithTheModel() {
    #expect(RandomSequences.firstDifference(length: 60, step: Step.random, difference: Self.difference) == nil)
  }

  @Test("unsubscribing one of two leaves the other")
  func unsubscribingOne() {
    var subscriptions = Subscriptions<[UInt8], Int>()
    subscriptions.subscribe("a".bytes, to: "t".bytes, 1)
    subscriptions.subscribe("b".bytes, to: "t".bytes, 2)
    subscriptions.unsubscribe("a".bytes)
    #expect(subscriptions.subscribers(of: "t".bytes) == [2])
  }
}
