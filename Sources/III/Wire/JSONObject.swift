/// The members of a JSON object, in the order in which they came.
///
/// Keys are told apart by their bytes. Setting a key that is there replaces its value and keeps its place; of
/// duplicates in a parsed text the last one counts. Two objects are equal when they have equal members, whatever the
/// order.
///
/// ```swift
/// var order: JSONObject = ["id": 17, "paid": false]
/// order["paid"] = true
/// for (key, value) in order { print(key, value) }
/// ```
public struct JSONObject: Sendable {
  private var members: [Member] = []
  /// Where each key stands; kept for objects above `linearLimit` only.
  private var index: [ByteKey: Int] = [:]

  /// Up to so many members are looked through one by one.
  private static let linearLimit = 12

  fileprivate struct Member: Sendable {
    let key: String
    var value: JSONValue
  }

  /// An object without members.
  public init() {}

  /// Takes the last `count` keys and values as members; of duplicates the last one counts.
  init(last count: Int, of keys: inout [String], _ values: inout [JSONValue]) {
    // Moved, not copied, hence from the end.
    members = [Member](unsafeUninitializedCapacity: count) { memory, initialized in
      for place in (0..<count).reversed() {
        memory.initializeElement(at: place, to: Member(key: keys.removeLast(), value: values.removeLast()))
      }
      initialized = count
    }
    if count > Self.linearLimit { reindex() }
    guard repeatsKey else { return }
    let all = members
    members = []
    index = [:]
    for member in all { set(member.key, to: member.value) }
  }

  /// Whether a key occurs twice, as only parsed objects have it, and only until they are made.
  private var repeatsKey: Bool {
    if members.count > Self.linearLimit { return index.count < members.count }
    return members.withUnsafeBufferPointer { members in
      for place in members.indices {
        for earlier in 0..<place where ByteKey.isSame(members[earlier].key, members[place].key) { return true }
      }
      return false
    }
  }

  /// How many members there are.
  public var count: Int { members.count }

  /// Whether there are no members.
  public var isEmpty: Bool { members.isEmpty }

  /// The keys, in order.
  public var keys: [String] { members.map(\.key) }

  /// The value of a key, nil if there is none; setting nil removes the member.
  public subscript(key: String) -> JSONValue? {
    get { place(of: key).map { members[$0].value } }
    set {
      if let newValue {
        set(key, to: newValue)
      } else {
        remove(key)
      }
    }
  }

  /// The same members, sorted by the code points of their keys.
  var sortedByKey: JSONObject {
    var sorted = self
    sorted.members.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    if !sorted.index.isEmpty { sorted.reindex() }
    return sorted
  }

  mutating func set(_ key: String, to value: JSONValue) {
    if let place = place(of: key) {
      members[place].value = value
      return
    }
    members.append(Member(key: key, value: value))
    if members.count == Self.linearLimit + 1 {
      reindex()
    } else if members.count > Self.linearLimit {
      index[ByteKey(key)] = members.count - 1
    }
  }

  private mutating func remove(_ key: String) {
    guard let place = place(of: key) else { return }
    members.remove(at: place)
    if members.count > Self.linearLimit {
      reindex()
    } else {
      index = [:]
    }
  }

  private mutating func reindex() {
    index = [:]
    index.reserveCapacity(members.count * 2)
    for (place, member) in members.enumerated() { index[ByteKey(member.key)] = place }
  }

  private func place(of key: String) -> Int? {
    guard members.count <= Self.linearLimit else { return index[ByteKey(key)] }
    for place in members.indices where ByteKey.isSame(members[place].key, key) { return place }
    return nil
  }
}

extension JSONObject: Sequence {
  /// Goes through the members in order.
  public struct Iterator: IteratorProtocol {
    private var rest: IndexingIterator<[Member]>

    fileprivate init(_ members: [Member]) { rest = members.makeIterator() }

    /// The next member, nil after the last one.
    public mutating func next() -> (key: String, value: JSONValue)? { rest.next().map { ($0.key, $0.value) } }
  }

  /// Goes through the members in order.
  public func makeIterator() -> Iterator { Iterator(members) }

  /// How many members there are.
  public var underestimatedCount: Int { count }
}

extension JSONObject: Hashable {
  /// Whether both have the same members, in whatever order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool {
    a.count == b.count && a.members.allSatisfy { b[$0.key] == $0.value }
  }

  /// Hashes the members without regard to their order.
  public func hash(into hasher: inout Hasher) {
    var sum = 0
    for member in members {
      var one = Hasher()
      one.combine(member.key)
      one.combine(member.value)
      sum &+= one.finalize()
    }
    hasher.combine(sum)
  }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Makes an object of members in order; of duplicates the last one counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { set(key, to: value) }
  }
}

extension JSONObject: CustomStringConvertible {
  /// The object as compact JSON.
  public var description: String { JSONValue.object(self).jsonString() }
}

extension JSONObject: Codable {
  /// Decodes an object through any coder; the order of its members is what the coder tells.
  ///
  /// - Throws: `DecodingError` if the value is no object.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    for key in container.allKeys { set(key.stringValue, to: try container.decode(JSONValue.self, forKey: key)) }
  }

  /// Encodes the members in order.
  ///
  /// - Throws: What the coder throws, as for a number that is not finite.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: JSONKey.self)
    for member in members { try container.encode(member.value, forKey: JSONKey(member.key)) }
  }
}
