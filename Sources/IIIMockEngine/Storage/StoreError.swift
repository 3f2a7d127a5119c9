private import CSQLite
internal import UV

/// Why a store cannot be used, or why a write was not saved. The text says which file, what is wrong and what to do.
package struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Kind: Sendable, Hashable {
    /// The path of the configuration cannot be a folder.
    case invalidFolder
    /// Another engine has the file open.
    case held
    /// The file is not a store of this engine.
    case foreign
    /// A newer version wrote the file.
    case newer
    case damaged
    /// The file exists and cannot be read.
    case unreadable
    /// The file cannot be written now.
    case unwritable
    /// The file could not be written when the engine started, only read.
    case readOnly
    /// The file was moved, replaced or removed, or came into being, while the engine ran.
    case changed
    /// Too much waits to be saved.
    case overloaded
    case closed
  }

  package let kind: Kind
  /// The store's file, or the folder that cannot be one.
  package let path: String
  /// What is wrong, in the words of who found it.
  package let reason: String

  package init(_ kind: Kind, _ path: String, _ reason: String = "") {
    self.kind = kind
    self.path = path
    self.reason = reason
  }

  /// What happened to the file, and what to do about it.
  package var description: String {
    switch kind {
    case .invalidFolder: "the store's folder '\(path)' cannot be used: \(reason); set `file_path` to a folder"
    case .held:
      "the store '\(path)' is in use by another engine; stop that engine, or set another `file_path` for this one"
    case .foreign:
      "'\(path)' is not a store of this engine (\(reason)); it was not changed: move it away, or set another `file_path`"
    case .newer:
      "the store '\(path)' was written by a newer version (\(reason)); it was not changed: use that version, or set "
        + "another `file_path`"
    case .damaged:
      "the store '\(path)' is damaged (\(reason)); it was not changed: restore a copy, or move it and the files that "
        + "begin with its name away to start with an empty store"
    case .unreadable:
      "the store '\(path)' cannot be read: \(reason); make it readable, or set another `file_path`"
    case .unwritable: "'\(path)' cannot be written: \(reason); this write was not saved, later writes are tried again"
    case .readOnly:
      "'\(path)' could not be written when the engine started (\(reason)); this write was not saved: make the file and "
        + "its folder writable and restart the engine"
    case .changed: "'\(path)' \(reason) while the engine was running; this write was not saved: restart the engine"
    case .overloaded: "'\(path)' is written more slowly than the engine receives (\(reason)); this write was not saved"
    case .closed: "the store '\(path)' was closed; this write was not saved"
    }
  }

  /// Any failure of the store's parts.
  init(_ error: any Error, _ path: String) {
    switch error {
    case let error as StoreError: self = error
    case let failure as SQLiteFailure: self.init(failure, path)
    case let failure as UVError: self.init(.unwritable, path, "\(failure.operation): \(failure.reason)")
    case let failure as StoreRowFailure: self.init(.damaged, path, failure.reason)
    default: self.init(.unwritable, path, "\(error)")
    }
  }

  /// What the failure means where nothing is written.
  var whileReading: StoreError { kind == .unwritable ? StoreError(.unreadable, path, reason) : self }

  /// The meaning of a failure of SQLite.
  init(_ failure: SQLiteFailure, _ path: String) {
    let kind: Kind =
      switch failure.code {
      case SQLITE_BUSY, SQLITE_LOCKED: .held
      case SQLITE_NOTADB: .foreign
      case SQLITE_CORRUPT, SQLITE_FORMAT: .damaged
      default: .unwritable
      }
    self.init(kind, path, failure.code == SQLITE_FULL ? "the disk is full" : failure.message)
  }
}
