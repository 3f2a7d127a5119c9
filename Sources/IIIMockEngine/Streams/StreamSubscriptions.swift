internal import III

/// What a client of a stream socket has asked to be told of: a group, or one item of it.
struct StreamSubscription: Hashable {
  let id: [UInt8]
  let stream: [UInt8]
  let group: [UInt8]
  /// `nil`: the whole group.
  let item: [UInt8]?

  /// What the functions of `stream:join` and `stream:leave` triggers are called with.
  ///
  /// - Parameter context: What the auth function has said of the client: JSON.
  func event(context: [UInt8]) -> [UInt8] {
    var output = Array("{\"context\":".utf8) + context
    output += Array(",\"group_id\":".utf8) + StreamInput.quoted(group)
    output += Array(",\"id\":".utf8) + (item.map(StreamInput.quoted) ?? Array("null".utf8))
    output += Array(",\"stream_name\":".utf8) + StreamInput.quoted(stream)
    output += Array(",\"subscription_id\":".utf8) + StreamInput.quoted(id)
    return output + [UInt8(ascii: "}")]
  }
}

/// The subscriptions of all stream sockets, as a plain value: an event finds those that it concerns, and the end of a
/// connection costs what that connection had.
struct StreamSubscriptions {
  /// Identifies a connection.
  typealias Client = UInt64

  /// What all subscriptions of one list have in common.
  private struct Subject: Hashable {
    let stream: [UInt8]
    let group: [UInt8]
    let item: [UInt8]?

    init(_ subscription: StreamSubscription) {
      stream = subscription.stream
      group = subscription.group
      item = subscription.item
    }

    init(_ event: StreamEvent, item: [UInt8]?) {
      stream = event.stream
      group = event.group
      self.item = item
    }
  }

  private struct Place: Hashable {
    let client: Client
    let id: [UInt8]
  }

  private var ofClient: [Client: OrderedTable<[UInt8], StreamSubscription>] = [:]
  private var ofSubject: [Subject: OrderedTable<Place, Void>] = [:]

  /// The most subscriptions of one connection.
  static let limit = 10_000

  var isEmpty: Bool { ofClient.isEmpty }

  func count(of client: Client) -> Int { ofClient[client]?.count ?? 0 }

  /// Adds a subscription; one of the same connection with its id is replaced.
  mutating func add(_ subscription: StreamSubscription, of client: Client) {
    remove(subscription.id, of: client)
    ofClient[client, default: OrderedTable()].set(subscription.id, subscription)
    ofSubject[Subject(subscription), default: OrderedTable()].set(Place(client: client, id: subscription.id), ())
  }

  @discardableResult mutating func remove(_ id: [UInt8], of client: Client) -> StreamSubscription? {
    guard let subscription = ofClient[client]?.remove(id) else { return nil }
    if ofClient[client]?.isEmpty == true { ofClient[client] = nil }
    let subject = Subject(subscription)
    ofSubject[subject]?.remove(Place(client: client, id: id))
    if ofSubject[subject]?.isEmpty == true { ofSubject[subject] = nil }
    return subscription
  }

  /// Removes what a connection had, and returns it in the order in which it was added.
  mutating func removeAll(of client: Client) -> [StreamSubscription] {
    let all = (ofClient[client] ?? OrderedTable()).map(\.value)
    for subscription in all { remove(subscription.id, of: client) }
    return all
  }

  /// The connections that an event concerns, once for each subscription.
  func clients(of event: StreamEvent) -> [Client] {
    var clients = (ofSubject[Subject(event, item: nil)] ?? OrderedTable()).map(\.key.client)
    if let item = event.item {
      clients += (ofSubject[Subject(event, item: item)] ?? OrderedTable()).map(\.key.client)
    }
    return clients
  }
}

/// A message of a client of a stream socket.
enum StreamMessage: Equatable {
  case join(StreamSubscription)
  case leave(StreamSubscription)

  /// Why a message is ignored.
  struct Problem: Error, Equatable {
    let reason: String
  }

  /// Reads a message; `nil` if it is blank.
  init?(_ bytes: ByteView) throws(Problem) {
    if bytes.isBlank { return nil }
    guard let json = try? JSONParser.parse(bytes) else { throw Problem(reason: "it is not JSON") }
    guard case .object = json else { throw Problem(reason: "it is no object") }
    guard let type = json["type"]?.stringValue else { throw Problem(reason: "missing field `type`") }
    guard type == "join" || type == "leave" else {
      throw Problem(reason: "the type '\(type.prefix(40))' is neither 'join' nor 'leave'")
    }
    guard let data = json["data"], case .object = data else { throw Problem(reason: "missing field `data`") }
    let item: [UInt8]?
    switch data["id"] {
    case .string(let text)?: item = Array(text.utf8)
    case .null?, nil: item = nil
    default: throw Problem(reason: "`id` is no string")
    }
    let subscription = StreamSubscription(
      id: try StreamMessage.text("subscriptionId", of: data), stream: try StreamMessage.text("streamName", of: data),
      group: try StreamMessage.text("groupId", of: data), item: item)
    self = type == "join" ? .join(subscription) : .leave(subscription)
  }

  private static func text(_ name: String, of data: JSONValue) throws(Problem) -> [UInt8] {
    guard let value = data[name] else { throw Problem(reason: "missing field `\(name)`") }
    guard case .string(let text) = value else { throw Problem(reason: "`\(name)` is no string") }
    return Array(text.utf8)
  }
}
