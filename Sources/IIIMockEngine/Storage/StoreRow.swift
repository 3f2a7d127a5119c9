/// One row of a built-in's table: what it declares, how a row is written and read.
///
/// ```swift
/// struct StateRow: StoreRow {
///   static let schema = StoreSchema("state", key: [.bytes("scope"), .bytes("key")], values: [.bytes("value")])
///   var key: Key
///   var value: [UInt8]
///   …
/// }
/// ```
package protocol StoreRow: Sendable {
  /// What tells a row from the others of its table.
  associatedtype Key

  static var schema: StoreSchema { get }

  /// Writes the key's columns, in the order of the schema.
  static func encode(_ key: Key, into columns: inout StoreEncoder)
  /// Writes all columns, those of the key first, in the order of the schema.
  func encode(into columns: inout StoreEncoder)
  /// Reads all columns, in the order of the schema.
  init(from columns: inout StoreDecoder) throws(StoreRowFailure)
}

/// A row that the store holds and its built-in cannot understand.
package struct StoreRowFailure: Error {
  package let reason: String

  package init(_ reason: String) { self.reason = reason }
}

/// A column: its name, and what it holds.
package struct StoreColumn: Sendable, Hashable {
  package enum Kind: String, Sendable {
    case integer = "INTEGER"
    case bytes = "BLOB"
  }

  let name: String
  let kind: Kind
  let isOptional: Bool

  package static func integer(_ name: String, isOptional: Bool = false) -> StoreColumn {
    StoreColumn(name: name, kind: .integer, isOptional: isOptional)
  }

  package static func bytes(_ name: String, isOptional: Bool = false) -> StoreColumn {
    StoreColumn(name: name, kind: .bytes, isOptional: isOptional)
  }
}

/// A table of a built-in. Its name is the built-in's own in the file, which others may share.
///
/// Rows are read in the order in which they were first put; with one integer as the key, in the key's order. A row that
/// is put again keeps its place; one that was removed and is put again comes last.
package struct StoreSchema: Sendable, Hashable {
  package let table: String
  let key: [StoreColumn]
  let columns: [StoreColumn]

  /// A table whose key is the columns `key`, none of which is optional.
  package init(_ table: String, key: [StoreColumn], values: [StoreColumn]) {
    self.table = table
    self.key = key
    columns = key + values
  }

  var creation: String {
    var parts = columns.map { "\"\($0.name)\" \($0.kind.rawValue)\($0.isOptional ? "" : " NOT NULL")" }
    parts.append("PRIMARY KEY (\(keyNames))")
    return "CREATE TABLE \"\(table)\" (\(parts.joined(separator: ", "))) STRICT"
  }

  /// What the file says of the table, as `creation` or nothing.
  var creationFound: String { "SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = '\(table)'" }

  var scan: String { "SELECT \(StoreSchema.names(columns)) FROM \"\(table)\" ORDER BY rowid" }

  var put: String {
    let values = columns.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
    let updates = columns.dropFirst(key.count).map { "\"\($0.name)\" = excluded.\"\($0.name)\"" }
    let conflict = updates.isEmpty ? "NOTHING" : "UPDATE SET \(updates.joined(separator: ", "))"
    return "INSERT INTO \"\(table)\" VALUES (\(values)) ON CONFLICT (\(keyNames)) DO \(conflict)"
  }

  var remove: String {
    let conditions = key.enumerated().map { "\"\($1.name)\" = ?\($0 + 1)" }
    return "DELETE FROM \"\(table)\" WHERE \(conditions.joined(separator: " AND "))"
  }

  private var keyNames: String { StoreSchema.names(key) }

  private static func names(_ columns: [StoreColumn]) -> String {
    columns.map { "\"\($0.name)\"" }.joined(separator: ", ")
  }
}

/// Reads the columns of a row, one after the other. The store has checked that each is of its schema's kind.
package struct StoreDecoder {
  private let statement: SQLiteStatement
  private var next = 0

  init(_ statement: SQLiteStatement) { self.statement = statement }

  package mutating func integer() -> Int64 {
    defer { next += 1 }
    return statement.integer(next)
  }

  package mutating func optionalInteger() -> Int64? {
    guard statement.isNull(next) else { return integer() }
    next += 1
    return nil
  }

  package mutating func bytes() -> [UInt8] {
    defer { next += 1 }
    return statement.bytes(next)
  }

  package mutating func optionalBytes() -> [UInt8]? {
    guard statement.isNull(next) else { return bytes() }
    next += 1
    return nil
  }
}
