/// A value of `iii-state` in a store. Rows come back in the order in which their keys were set first.
struct StateRow: ScopedValueRow {
  static let schema = StoreSchema("state", key: [.bytes("scope"), .bytes("key")], values: [.bytes("value")])

  struct Key: Hashable {
    let scope: [UInt8]
    let key: [UInt8]
  }

  let key: Key
  /// The value, JSON.
  let value: [UInt8]

  init(_ key: Key, _ value: [UInt8]) {
    self.key = key
    self.value = value
  }

  init(from columns: inout StoreDecoder) throws(StoreRowFailure) {
    let scope = columns.bytes()
    key = Key(scope: scope, key: columns.bytes())
    value = columns.bytes()
  }

  static func encode(_ key: Key, into columns: inout StoreEncoder) {
    columns.bytes(key.scope)
    columns.bytes(key.key)
  }

  func encode(into columns: inout StoreEncoder) {
    StateRow.encode(key, into: &columns)
    columns.bytes(value)
  }
}
