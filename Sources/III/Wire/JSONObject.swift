/// The members of a JSON object, in their order.
///
/// Keys are compared by their UTF-8 bytes, as in JSON. Setting an existing key replaces its value and keeps its position; of duplicates in
/// a parsed text the last one counts. Two objects are equal if they have equal members, in any order.
///
/// ```swift
/// var order: JSONObject = ["id": 17, "paid": false]
/// order["paid"] = true
/// for (key, value) in order { print(key, value) }
/// ```
public struct JSONObject: Sendable {
  /// The members in order; nil for a removed one. The last slot is never nil.
  private var slots: [Member?] = []
  /// The slot of each key; used only for objects with more than `linearLimit` slots.
  private var index: [ByteKey: Int] = [:]
  /// The index of the first slot with a member; the end if there is none.
  private var first = 0

  /// The number of members.
  public private(set) var count = 0

  /// Up to this many slots are searched linearly.
  private static let linearLimit = 12

  fileprivate struct Member: Sendable {
    let key: String
    var value: JSONValue
  }

  /// Creates an object without members.
  public init() {}

  /// Creates an object from the last `count` keys and values; of duplicates the last one counts.
  init(last count: Int, of keys: inout [String], _ values: inout [JSONValue]) {
    // Moved from the end, not copied.
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

  /// Whether a key occurs twice, which is possible only while a parsed object is being built.
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
      // The value leaves its slot during the access, so that a nested value is changed in place, without a copy.
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

  /// Removes the member of a slot. The slots are compacted once most of them are empty, so that the cost of a removal does not depend on
  /// the number of members.
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
  /// The position of a member.
  public struct Index: Comparable, Sendable {
    fileprivate let slot: Int

    /// Whether `a` comes before `b`.
    public static func < (a: Index, b: Index) -> Bool { a.slot < b.slot }
  }

  /// The position of the first member.
  public var startIndex: Index { Index(slot: first) }

  /// The position after the last member.
  public var endIndex: Index { Index(slot: slots.count) }

  /// Whether there are no members.
  public var isEmpty: Bool { count == 0 }

  /// The position of the next member.
  public func index(after index: Index) -> Index {
    var slot = index.slot + 1
    while slot < slots.count, slots[slot] == nil { slot += 1 }
    return Index(slot: slot)
  }

  /// The member at a position, which must be valid for this object.
  public subscript(index: Index) -> (key: String, value: JSONValue) {
    guard let member = slots[index.slot] else { preconditionFailure("the member of this index was removed") }
    return (member.key, member.value)
  }

  /// Iterates over the members in order.
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

  /// Iterates over the members in order.
  public func makeIterator() -> Iterator { Iterator(slots) }

  /// The number of members.
  public var underestimatedCount: Int { count }
}

extension JSONObject: Hashable {
  /// Whether both have the same members, in any order.
  public static func == (a: JSONObject, b: JSONObject) -> Bool { JSONValue.object(a) == JSONValue.object(b) }

  /// Hashes the members; their order is ignored.
  public func hash(into hasher: inout Hasher) { JSONValue.object(self).hash(into: &hasher) }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
  /// Creates an object with these members in this order; of duplicates the last one counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    for (key, value) in elements { set(key, to: value) }
  }
}

extension JSONObject: CustomStringConvertible {
  /// The object as compact JSON.
  public var description: String { JSONValue.object(self).jsonString() }
}

extension JSONObject: Codable {
  /// Decodes an object with any decoder; its members have the order in which the decoder returns them.
  ///
  /// - Throws: `DecodingError` if the value is not an object.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: JSONKey.self)
    for key in container.allKeys { set(key.stringValue, to: try container.decode(JSONValue.self, forKey: key)) }
  }

  /// Encodes the members in order.
  ///
  /// - Throws: The encoder's errors, for example for a number that is not finite.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: JSONKey.self)
    for (key, value) in self { try container.encode(value, forKey: JSONKey(key)) }
  }
}
