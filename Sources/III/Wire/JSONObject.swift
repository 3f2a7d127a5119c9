/// The members of a JSON object, in the order in which they came.
///
/// Keys are compared by their UTF-8 bytes, as JSON does. Setting a key that exists replaces its value and keeps its
/// place; of duplicates in a parsed text the last one counts. Two objects are equal when they have equal members,
/// whatever the order.
///
/// ```swift
/// var order: JSONObject = ["id": 17, "paid": false]
/// order["paid"] = true
/// for (key, value) in order { print(key, value) }
/// ```
public struct JSONObject: Sendable {
  /// The members in order; nil where one was removed. The last one is never nil.
  private var slots: [Member?] = []
  /// Where each key is in `slots`; kept for objects with more than `linearLimit` slots only.
  private var index: [ByteKey: Int] = [:]
  /// The first slot that has a member; the end if there is none.
  private var first = 0

  /// How many members there are.
  public private(set) var count = 0

  /// Up to so many slots are searched one by one.
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
    slots = [Member?](unsafeUninitializedCapacity: count) { memory, initialized in
      for place in (0..<count).reversed() {
        memory.initializeElement(at: place, to: Member(key: keys.removeLast(), value: values.removeLast()))
      }
      initialized = count
    }
    self.count = count
    if count > Self.linearLimit { reindex() }
    guard repeatsKey else { return }
    let all = slots
    self = JSONObject()
    for case .some(let member) in all { set(member.key, to: member.value) }
  }

  /// Whether a key occurs twice, which is possible only while a parsed object is being made.
  private var repeatsKey: Bool {
    if slots.count > Self.linearLimit { return index.count < slots.count }
    return slots.withUnsafeBufferPointer { slots in
      for place in slots.indices {
        guard let key = slots[place]?.key else { continue }
        for earlier in 0..<place where slots[earlier].map({ ByteKey.isSame($0.key, key) }) ?? false { return true }
      }
      return false
    }
  }

  /// The keys, in order.
  public var keys: [String] { slots.compactMap { $0?.key } }

  /// The values, in the order of their keys.
  public var values: [JSONValue] { slots.compactMap { $0?.value } }

  /// The value of a key; nil if there is none. Setting nil removes the member, setting `.null` makes it null.
  public subscript(key: String) -> JSONValue? {
    get { place(of: key).flatMap { slots[$0]?.value } }
    _modify {
      // The value leaves its slot meanwhile: a nested one is then changed in place, without a copy.
      let place = place(of: key)
      var value: JSONValue?
      if let place {
        value = slots[place]?.value
        slots[place]?.value = .null
      }
      defer {
        if let value {
          if let place { slots[place]?.value = value } else { append(key, value) }
        } else if let place {
          remove(place)
        }
      }
      yield &value
    }
  }

  /// The same members, sorted by the code points of their keys.
  var sortedByKey: JSONObject {
    var sorted = JSONObject()
    sorted.slots = slots.filter { $0 != nil }
    sorted.slots.sort { a, b in
      guard let a, let b else { return false }
      return a.key.utf8.lexicographicallyPrecedes(b.key.utf8)
    }
    sorted.count = count
    if sorted.slots.count > Self.linearLimit { sorted.reindex() }
    return sorted
  }

  mutating func set(_ key: String, to value: JSONValue) {
    if let place = place(of: key) {
      slots[place]?.value = value
    } else {
      append(key, value)
    }
  }

  private mutating func append(_ key: String, _ value: JSONValue) {
    slots.append(Member(key: key, value: value))
    count += 1
    if slots.count == Self.linearLimit + 1 {
      reindex()
    } else if slots.count > Self.linearLimit {
      index[ByteKey(key)] = slots.count - 1
    }
  }

  /// Removes the member of a slot. Slots are given up once most of them are empty, so that a removal costs the same
  /// however many members there are.
  private mutating func remove(_ place: Int) {
    if let key = slots[place]?.key, !index.isEmpty { index[ByteKey(key)] = nil }
    slots[place] = nil
    count -= 1
    while let last = slots.last, last == nil { slots.removeLast() }
    if count * 2 < slots.count {
      slots.removeAll { $0 == nil }
      first = 0
      if slots.count > Self.linearLimit { reindex() }
    }
    if slots.count <= Self.linearLimit { index = [:] }
    if first > slots.count { first = slots.count }
    while first < slots.count, slots[first] == nil { first += 1 }
  }

  private mutating func reindex() {
    index = [:]
    index.reserveCapacity(slots.count * 2)
    for (place, member) in slots.enumerated() {
      if let member { index[ByteKey(member.key)] = place }
    }
  }

  private func place(of key: String) -> Int? {
    guard slots.count <= Self.linearLimit else { return index[ByteKey(key)] }
    for place in slots.indices where slots[place].map({ ByteKey.isSame($0.key, key) }) ?? false { return place }
    return nil
  }
}

extension JSONObject: Collection {
  /// The place of a member.
  public struct Index: Comparable, Sendable {
    fileprivate let slot: Int

    /// Whether `a` comes before `b`.
    public static func < (a: Index, b: Index) -> Bool { a.slot < b.slot }
  }

  /// The place of the first member.
  public var startIndex: Index { Index(slot: first) }

  /// The place behind the last member.
  public var endIndex: Index { Index(slot: slots.count) }

  /// Whether there are no members.
  public var isEmpty: Bool { count == 0 }

  /// The place of the next member.
  public func index(after index: Index) -> Index {
    var slot = index.slot + 1
    while slot < slots.count, slots[slot] == nil { slot += 1 }
    return Index(slot: slot)
  }

  /// The member at a place, which must be one of this object as it is now.
  public subscript(index: Index) -> (key: String, value: JSONValue) {
    guard let member = slots[index.slot] else { preconditionFailure("the member of this index was removed") }
    return (member.key, member.value)
  }

  /// Goes through the members in order.
  public struct Iterator: IteratorProtocol {
    private var rest: IndexingIterator<[Member?]>

    fileprivate init(_ slots: [Member?]) { rest = slots.makeIterator() }

    /// The next member; nil after the last one.
    public mutating func next() -> (key: String, value: JSONValue)? {
      while let slot = rest.next() {
        if let member = slot { return (member.key, member.value) }
      }
      return nil
    }
  }

  /// Goes through the members in order.
  public func makeIterator() -> Iterator { Iterator(slots) }

  /// How many members there are.
  public var underestimatedCount: Int { count }
}

extension JSONObject: Hashable {
  /// Whether both have the same members, in whatever order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool { JSONValue.object(a) == JSONValue.object(b) }

  /// Hashes the members without regard to their order.
  public func hash(into hasher: inout Hasher) { JSONValue.object(self).hash(into: &hasher) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Makes an object of these members in this order; of duplicates the last one counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { set(key, to: value) }
  }
}

extension JSONObject: CustomStringConvertible {
  /// The object as compact JSON.
  public var description: String { JSONValue.object(self).jsonString() }
}

extension JSONObject: Codable {
  /// Decodes an object through any coder; its members have the order in which the coder gives them.
  ///
  /// - Throws: `DecodingError` if the value is not an object.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    for key in container.allKeys { set(key.stringValue, to: try container.decode(JSONValue.self, forKey: key)) }
  }

  /// Encodes the members in order.
  ///
  /// - Throws: What the coder throws, as for a number that is not finite.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: JSONKey.self)
    for (key, value) in self { try container.encode(value, forKey: JSONKey(key)) }
  }
}
