/// A hash table that keeps the order of insertion; replacing a value keeps its place.
///
/// A removed entry leaves a gap, and the gaps are closed when they outnumber the entries: every operation is O(1) on
/// average, and the memory follows what is stored. Small tables have no index and are searched one by one.
struct OrderedTable<Key: Hashable, Value> {
  fileprivate struct Entry {
    let key: Key
    /// `nil`: a gap.
    var value: Value?
  }

  private var entries: [Entry] = []
  /// The place of each key; empty while the table is small.
  private var places: [Key: Int] = [:]
  private(set) var count = 0

  private static var linearLimit: Int { 8 }

  init() {}

  var isEmpty: Bool { count == 0 }

  subscript(key: Key) -> Value? { place(of: key).flatMap { entries[$0].value } }

  /// Sets the key's value; returns the one that it replaces.
  @discardableResult mutating func set(_ key: Key, _ value: Value) -> Value? {
    if let place = place(of: key) {
      let old = entries[place].value
      entries[place].value = value
      return old
    }
    entries.append(Entry(key: key, value: value))
    count += 1
    if entries.count > Self.linearLimit {
      if places.isEmpty { index() } else { places[key] = entries.count - 1 }
    }
    return nil
  }

  @discardableResult mutating func remove(_ key: Key) -> Value? {
    guard let place = place(of: key), let value = entries[place].value else { return nil }
    entries[place].value = nil
    places[key] = nil
    count -= 1
    if entries.count > 2 * count + Self.linearLimit { closeGaps() }
    return value
  }

  /// Changes the key's value in place, without a copy of it.
  mutating func modify<Result>(_ key: Key, _ body: (inout Value) -> Result) -> Result? {
    guard let place = place(of: key), var value = entries[place].value else { return nil }
    entries[place].value = nil
    let result = body(&value)
    entries[place].value = value
    return result
  }

  private func place(of key: Key) -> Int? {
    if !places.isEmpty { return places[key] }
    return entries.firstIndex { $0.value != nil && $0.key == key }
  }

  private mutating func closeGaps() {
    entries = entries.filter { $0.value != nil }
    places = [:]
    if entries.count > Self.linearLimit { index() }
  }

  private mutating func index() {
    places = Dictionary(minimumCapacity: count)
    for (place, entry) in entries.enumerated() where entry.value != nil { places[entry.key] = place }
  }
}

extension OrderedTable: Sequence {
  /// Goes through the entries in order.
  func makeIterator() -> AnyIterator<(key: Key, value: Value)> {
    var rest = entries.makeIterator()
    return AnyIterator {
      while let entry = rest.next() {
        if let value = entry.value { return (entry.key, value) }
      }
      return nil
    }
  }

  var underestimatedCount: Int { count }
}

extension OrderedTable: Sendable where Key: Sendable, Value: Sendable {}
extension OrderedTable.Entry: Sendable where Key: Sendable, Value: Sendable {}
