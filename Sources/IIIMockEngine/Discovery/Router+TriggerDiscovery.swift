internal import III

extension Router {
  // MARK: Types

  func listTriggerTypes(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> JSONValue {
    let includesInternal = try input.bool("include_internal") ?? false
    let prefix = try input.key("prefix")
    let search = try input.string("search").map(SearchText.init)
    let worker = try input.key("worker")
    let found = triggers.allTypes.filter { type in
      (includesInternal || !type.id.hasPrefix("engine::"))
        && (prefix.map { type.id.hasPrefix($0) } ?? true)
        && (worker.map { $0 == ByteKey(workerName(of: type)) } ?? true)
        && (search.map { $0.isIn(type.id.text) || $0.isIn(type.description) } ?? true)
    }
    return ["triggers": .array(rows(of: found))]
  }

  func rows(of types: [TriggerType]) -> [JSONValue] {
    types.sorted { $0.id < $1.id }.map { .object(row(of: $0)) }
  }

  private func row(of type: TriggerType) -> JSONObject {
    [
      "description": .string(type.description), "id": .string(type.id.text),
      "worker_name": .string(workerName(of: type)),
    ]
  }

  func triggerTypeInfo(_ id: ByteKey) -> JSONObject? {
    guard let type = triggers.type(id) else { return nil }
    var info = row(of: type)
    info["configuration_schema"] = type.requestFormat.flatMap(parsed)
    info["request_schema"] = type.callFormat.flatMap(parsed)
    info["instance_count"] = .int(Int64(triggers.listed(ofType: id).count))
    return info
  }

  /// The provider's reported name, else the id's first part.
  private func workerName(of type: TriggerType) -> String {
    if case .worker(let peer) = type.provider, let name = workers[peer]?.metadata.name { return name }
    return firstSegment(of: type.id.text)
  }

  // MARK: Triggers

  func listTriggers(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> JSONValue {
    let function = try input.key("function_id")
    let includesInternal = try input.bool("include_internal") ?? false
    let search = try input.string("search").map(SearchText.init)
    let type = try input.key("trigger_type")
    let worker = try input.key("worker")
    let found = triggers.listed.filter { trigger in
      (includesInternal || !trigger.functionID.hasPrefix("engine::"))
        && (function.map { $0 == trigger.functionID } ?? true) && (type.map { $0 == trigger.type } ?? true)
        && (worker.map { $0 == ByteKey(workerName(of: trigger)) } ?? true)
        && (search.map { [trigger.id.text, trigger.type.text, trigger.functionID.text].contains(where: $0.isIn) }
          ?? true)
    }
    return ["registered_triggers": .array(rows(of: found))]
  }

  func rows(of triggers: [TriggerEntry]) -> [JSONValue] {
    triggers.sorted { $0.id < $1.id }.map { .object(row(of: $0)) }
  }

  private func row(of trigger: TriggerEntry) -> JSONObject {
    var row: JSONObject = [
      "config_summary": .string(summary(of: trigger)), "function_id": .string(trigger.functionID.text),
      "id": .string(trigger.id.text), "trigger_type": .string(trigger.type.text),
      "worker_name": .string(workerName(of: trigger)),
    ]
    if compatibility.listsLaterMembers { row["config"] = parsed(trigger.config) ?? .null }
    return row
  }

  /// The configuration as compact JSON, its first 80 characters.
  private func summary(of trigger: TriggerEntry) -> String {
    let text = (parsed(trigger.config) ?? .null).jsonString(sortedKeys: true)
    let scalars = text.unicodeScalars
    guard scalars.count > 80 else { return text }
    return String(String.UnicodeScalarView(scalars.prefix(80))) + "…"
  }

  func triggerInfo(_ id: ByteKey) -> JSONObject? {
    guard let trigger = triggers.trigger(id) else { return nil }
    var info: JSONObject = [
      "config": parsed(trigger.config) ?? .null, "function": functionInfo(trigger.functionID.text) ?? .null,
      "function_id": .string(trigger.functionID.text), "id": .string(trigger.id.text),
      "trigger": triggerTypeInfo(trigger.type).map { .object($0) } ?? .null, "trigger_type": .string(trigger.type.text),
      "worker_name": .string(workerName(of: trigger)),
    ]
    info["metadata"] = trigger.metadata.flatMap(parsed)
    return info
  }

  /// The triggers of a function, as its record shows them.
  func triggers(of functionID: ByteKey) -> JSONValue {
    .array(
      triggers.listed(ofFunction: functionID).map { trigger in
        [
          "config": parsed(trigger.config) ?? .null, "id": .string(trigger.id.text),
          "trigger_type": .string(trigger.type.text),
        ]
      })
  }

  /// That of its function; without one the id's first part.
  func workerName(of trigger: TriggerEntry) -> String {
    functions.entry(trigger.functionID).map { workerName(of: $0) } ?? firstSegment(of: trigger.functionID.text)
  }
}
