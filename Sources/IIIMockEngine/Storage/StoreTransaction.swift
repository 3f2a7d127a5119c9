package import III

/// A table that a built-in has declared: what it puts rows into.
package struct StoreTable<Row: StoreRow>: Sendable {
  let number: UInt8
}

/// Changes of rows that are saved together, or not at all.
package struct StoreTransaction: Sendable {
  var encoder = StoreEncoder()

  /// Inserts the row, or replaces the one with its key.
  package mutating func put<Row: StoreRow>(_ row: Row, in table: StoreTable<Row>) {
    guard encoder.begin(.put, table.number) else { return }
    row.encode(into: &encoder)
    encoder.end(columns: Row.schema.columns.count)
  }

  /// Removes the row with that key, if there is one.
  package mutating func remove<Row: StoreRow>(_ key: Row.Key, from table: StoreTable<Row>) {
    guard encoder.begin(.remove, table.number) else { return }
    Row.encode(key, into: &encoder)
    encoder.end(columns: Row.schema.key.count)
  }
}

/// Writes changes as bytes, for the store's thread: nothing is allocated for a row.
package struct StoreEncoder: Sendable {
  enum Change: UInt8 {
    case put = 1
    case remove = 2
  }

  enum Column: UInt8 {
    case null = 0
    case integer = 1
    case bytes = 2
  }

  /// Whether what is encoded is kept: a store in memory needs none of it.
  var isKeeping = true
  var bytes: [UInt8] = []
  private var columns = 0

  package mutating func integer(_ value: Int64) {
    columns += 1
    bytes.append(Column.integer.rawValue)
    withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
  }

  package mutating func optionalInteger(_ value: Int64?) {
    if let value { integer(value) } else { null() }
  }

  package mutating func bytes(_ value: [UInt8]) { value.withView { bytes($0) } }

  package mutating func bytes(_ value: ByteView) {
    columns += 1
    bytes.append(Column.bytes.rawValue)
    withUnsafeBytes(of: Int64(value.count)) { bytes.append(contentsOf: $0) }
    bytes.append(contentsOf: value.unsafeBytes)
  }

  package mutating func optionalBytes(_ value: [UInt8]?) {
    if let value { bytes(value) } else { null() }
  }

  private mutating func null() {
    columns += 1
    bytes.append(Column.null.rawValue)
  }

  mutating func begin(_ change: Change, _ table: UInt8) -> Bool {
    guard isKeeping else { return false }
    bytes.append(change.rawValue)
    bytes.append(table)
    columns = 0
    return true
  }

  mutating func end(columns expected: Int) {
    precondition(columns == expected, "\(columns) columns were encoded for a table with \(expected)")
  }
}

/// Reads what `StoreEncoder` wrote.
struct StoreChanges {
  private var rest: UnsafeRawBufferPointer

  init(_ bytes: UnsafeRawBufferPointer) { rest = bytes }

  /// The next change and the number of its table; its columns must be read before the next.
  mutating func next() -> (change: StoreEncoder.Change, table: Int)? {
    guard rest.count >= 2, let change = StoreEncoder.Change(rawValue: rest[0]) else { return nil }
    let table = Int(rest[1])
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(2))
    return (change, table)
  }

  /// Binds the next column of the change. The statement refers to the bytes until it has run.
  mutating func bindColumn(of statement: SQLiteStatement, at index: Int) throws(SQLiteFailure) {
    let kind = rest.first.flatMap(StoreEncoder.Column.init)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst())
    switch kind {
    case .integer: try statement.bind(number(), at: index)
    case .bytes:
      let count = Int(number())
      try statement.bind(UnsafeRawBufferPointer(rebasing: rest.prefix(count)), at: index)
      rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
    case .null, nil: try statement.bindNull(at: index)
    }
  }

  private mutating func number() -> Int64 {
    let number = rest.loadUnaligned(as: Int64.self)
    rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(8))
    return number
  }
}
