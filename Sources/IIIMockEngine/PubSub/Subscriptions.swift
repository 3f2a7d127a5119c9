/// Who has subscribed to which topic, as a plain value.
struct Subscriptions<ID: Hashable, Subscriber> {
  typealias Topic = [UInt8]

  private var topics: [Topic: OrderedTable<ID, Subscriber>] = [:]
  private var topicOf: [ID: Topic] = [:]

  /// How many subscriptions there are.
  var count: Int { topicOf.count }

  /// Subscribes; a subscription that had this id ends.
  mutating func subscribe(_ id: ID, to topic: Topic, _ subscriber: Subscriber) {
    unsubscribe(id)
    topicOf[id] = topic
    topics[topic, default: OrderedTable()].set(id, subscriber)
  }

  /// Ends one subscription; others of the same topic stay.
  @discardableResult mutating func unsubscribe(_ id: ID) -> Subscriber? {
    guard let topic = topicOf.removeValue(forKey: id) else { return nil }
    let subscriber = topics[topic]?.remove(id)
    if topics[topic]?.isEmpty == true { topics[topic] = nil }
    return subscriber
  }

  func subscriber(_ id: ID) -> Subscriber? { topicOf[id].flatMap { topics[$0]?[id] } }

  /// The subscribers of exactly this topic, in the order in which they came.
  func subscribers(of topic: Topic) -> [Subscriber] { topics[topic]?.map(\.value) ?? [] }
}
