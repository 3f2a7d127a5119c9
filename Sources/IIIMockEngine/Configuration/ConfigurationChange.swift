internal import III

/// An entry of a configuration file, as two versions of the file are compared.
struct ConfigurationEntry: Sendable, Equatable {
  /// The canonical name; `#1` … for the second and later entries of a name.
  let name: String
  /// The settings without their places in the file.
  let settings: String
}

/// What differs between two versions of a configuration file, entry by entry.
package struct ConfigurationChange: Sendable, Equatable {
  package private(set) var added: [String] = []
  package private(set) var removed: [String] = []
  package private(set) var changed: [String] = []
  package private(set) var unchanged: [String] = []

  package init(from old: ConfigurationFile, to new: ConfigurationFile) {
    self.init(from: old.entries, to: new.entries)
  }

  init(from old: [ConfigurationEntry], to new: [ConfigurationEntry]) {
    for entry in new {
      switch old.first(where: { $0.name == entry.name }) {
      case nil: added.append(entry.name)
      case let before? where before == entry: unchanged.append(entry.name)
      default: changed.append(entry.name)
      }
    }
    removed = old.map(\.name).filter { name in !new.contains { $0.name == name } }
  }

  package var isEmpty: Bool { added.isEmpty && removed.isEmpty && changed.isEmpty }

  /// As `+1 added, -0 removed, ~2 changed, =3 unchanged`.
  package var summary: String {
    "+\(added.count) added, -\(removed.count) removed, ~\(changed.count) changed, =\(unchanged.count) unchanged"
  }
}

/// What has come of a change of the configuration of a running engine.
package struct ConfigurationReload: Sendable, Equatable {
  /// Built-in workers that were added and have started.
  package var started: [String] = []
  /// Built-in workers that were removed and have ended.
  package var stopped: [String] = []
  /// Entries whose settings are in force now.
  package var applied: [String] = []
  /// Entries that differ and take effect when the engine is started again, at least in part.
  package var deferred: [String] = []
  /// Entries whose settings could not be applied, and why: the old ones stay in force.
  package var failures: [Failure] = []

  package struct Failure: Sendable, Equatable {
    package let entry: String
    package let reason: String
  }
}

extension YAMLNode {
  /// The value without its places, for comparing.
  var plainText: String {
    switch content {
    case .null: return "~"
    case .bool(let value): return "\(value)"
    case .int(let value): return "\(value)"
    case .double(let value): return "\(value)f"
    case .string(let value): return JSONValue.string(value).jsonString()
    case .sequence(let nodes): return "[" + nodes.map(\.plainText).joined(separator: ",") + "]"
    case .mapping(let members):
      let lines = members.map { "\(JSONValue.string($0.key).jsonString()):\($0.value.plainText)" }
      return "{" + lines.sorted().joined(separator: ",") + "}"
    }
  }
}
