/// What `iii-stream` keeps: items by stream and group, as a plain value.
///
/// As in the real engine a group's items are kept under the one name `stream:STREAM:GROUP`, and listings are made from
/// these names: where a stream or a group has a `:` in its name, they show it in parts. A group stays when its last item
/// is deleted.
struct StreamStore {
  private var values = StateStore()

  /// The name under which a group's items are kept.
  static func index(_ stream: [UInt8], _ group: [UInt8]) -> [UInt8] {
    Array("stream:".utf8) + stream + [UInt8(ascii: ":")] + group
  }

  func value(_ input: StreamInput) -> [UInt8]? {
    values.value(of: input.item, in: StreamStore.index(input.stream, input.group))
  }

  /// The items of a group, in the order in which they were set first.
  func items(of stream: [UInt8], group: [UInt8]) -> OrderedTable<[UInt8], [UInt8]> {
    values.entries(of: StreamStore.index(stream, group))
  }

  /// The groups of a stream, sorted.
  func groups(of stream: [UInt8]) -> [[UInt8]] {
    let prefix = StreamStore.index(stream, [])
    return values.scopeNames.filter { $0.starts(with: prefix) }.map { Array($0.dropFirst(prefix.count)) }
  }

  /// All streams with their groups, both sorted.
  var streams: [(stream: [UInt8], groups: [[UInt8]])] {
    var all: [[UInt8]: Set<[UInt8]>] = [:]
    for name in values.scopeNames {
      let parts = name.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      if parts.count > 2 { all[Array(parts[1]), default: []].insert(Array(parts[2])) }
    }
    return all.map { ($0.key, $0.value.sorted { $0.lexicographicallyPrecedes($1) }) }
      .sorted { $0.stream.lexicographicallyPrecedes($1.stream) }
  }

  /// The keys of all items.
  var keys: [StateRow.Key] {
    values.scopeNames.flatMap { scope in values.entries(of: scope).map { StateRow.Key(scope: scope, key: $0.key) } }
  }

  mutating func delete(_ key: StateRow.Key) -> StateChange { values.delete(key.key, in: key.scope) }

  mutating func set(_ input: StreamInput) -> StateChange {
    values.set(input.data, of: input.item, in: StreamStore.index(input.stream, input.group))
  }

  mutating func delete(_ input: StreamInput) -> StateChange {
    values.delete(input.item, in: StreamStore.index(input.stream, input.group))
  }

  mutating func update(
    _ input: StreamInput
  ) -> (change: StateChange, problems: [(index: Int, problem: UpdateProblem)]) {
    values.update(input.item, in: StreamStore.index(input.stream, input.group), input.operations)
  }

  /// Gives an item the value that is saved of it; `nil` removes it.
  mutating func restore(_ value: [UInt8]?, _ key: StateRow.Key) {
    values.restore(value, of: key.key, in: key.scope)
  }
}

/// An item of `iii-stream` in a store. Rows come back in the order in which the items were set first.
struct StreamRow: ScopedValueRow {
  static let schema = StoreSchema("stream", key: [.bytes("group_name"), .bytes("item")], values: [.bytes("value")])

  let key: StateRow.Key
  /// The value, JSON.
  let value: [UInt8]

  init(_ key: StateRow.Key, _ value: [UInt8]) {
    self.key = key
    self.value = value
  }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    let group = columns.bytes()
    key = StateRow.Key(scope: group, key: columns.bytes())
    value = columns.bytes()
  }

  static func encode(_ key: StateRow.Key, into columns: inout StoreEncoder) { StateRow.encode(key, into: &columns) }

  func encode(into columns: inout StoreEncoder) {
    StreamRow.encode(key, into: &columns)
    columns.bytes(value)
  }
}
