internal import III

/// A change of one key: what it answers, and the event that triggers are called with.
struct StateChange: Equatable {
  enum Kind: String {
    case created = "state:created"
    case updated = "state:updated"
    case deleted = "state:deleted"
  }

  let scope: [UInt8]
  let key: [UInt8]
  /// The value before; `nil` if there was none. A stored `null` is a value.
  let old: [UInt8]?
  /// The value after; `nil` if the key was deleted, or was not there to be deleted.
  let new: [UInt8]?

  var kind: Kind { new == nil ? .deleted : old == nil ? .created : .updated }

  /// What the functions of `state` triggers, and their conditions, are called with.
  var event: [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(128 + scope.count + key.count + (old?.count ?? 0) + (new?.count ?? 0))
    output += "{\"event_type\":\"\(kind.rawValue)\",\"key\":".utf8
    output += JSONText.quoted(String(decoding: key, as: UTF8.self))
    output += ",\"new_value\":".utf8
    output += new ?? Self.null
    output += ",\"old_value\":".utf8
    output += old ?? Self.null
    output += ",\"scope\":".utf8
    output += JSONText.quoted(String(decoding: scope, as: UTF8.self))
    output += ",\"type\":\"state\"}".utf8
    return output
  }

  /// What `state::set` and `state::update` answer.
  func result(_ problems: [(index: Int, problem: UpdateProblem)] = []) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(64 + (old?.count ?? 0) + (new?.count ?? 0))
    output.append(UInt8(ascii: "{"))
    if !problems.isEmpty {
      output += "\"errors\":[".utf8
      for (number, entry) in problems.enumerated() {
        if number > 0 { output.append(UInt8(ascii: ",")) }
        entry.problem.write(index: entry.index, into: &output)
      }
      output += "],".utf8
    }
    output += "\"new_value\":".utf8
    output += new ?? Self.null
    output += ",\"old_value\":".utf8
    output += old ?? Self.null
    output.append(UInt8(ascii: "}"))
    return output
  }

  static let schema = BuiltInSchema.object(
    "StateCallRequest",
    [
      "event_type": ["type": "string", "enum": ["state:created", "state:updated", "state:deleted"]],
      "key": ["type": "string"], "new_value": true, "old_value": true, "scope": ["type": "string"],
      "type": ["type": "string"],
    ], required: ["event_type", "key", "new_value", "old_value", "scope", "type"])

  private static let null = Array("null".utf8)
}
