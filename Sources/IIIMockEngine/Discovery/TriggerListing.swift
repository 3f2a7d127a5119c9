internal import III

/// What `engine::triggers::list` is asked for: trigger types.
struct TriggerTypeQuery {
  private let includesInternal: Bool
  private let prefix: ByteKey?
  private let search: SearchText?
  private let worker: ByteKey?

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    includesInternal = try input.bool("include_internal") ?? false
    prefix = try input.key("prefix")
    search = try input.string("search").map(SearchText.init)
    worker = try input.key("worker")
  }

  private func matches(_ type: TriggerType, _ kernel: borrowing KernelView) -> Bool {
    if !includesInternal && type.id.hasPrefix("engine::") { return false }
    if let prefix, !type.id.hasPrefix(prefix) { return false }
    if let worker, worker != ByteKey(kernel.workerName(of: type)) { return false }
    if let search, !search.isIn(type.id.text), !search.isIn(type.description) { return false }
    return true
  }

  func listing() -> Listing {
    ListingOf<TriggerType>(
      opening: "{\"triggers\":[", all: { $0.triggers.allTypes }, matches: matches,
      key: { SortKey(text: $0.id) }, write: { $2.write($0, &$3) })
  }
}

/// What `engine::registered-triggers::list` is asked for.
struct TriggerQuery {
  private let function: ByteKey?
  private let includesInternal: Bool
  private let search: SearchText?
  private let type: ByteKey?
  private let worker: ByteKey?

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    function = try input.key("function_id")
    includesInternal = try input.bool("include_internal") ?? false
    search = try input.string("search").map(SearchText.init)
    type = try input.key("trigger_type")
    worker = try input.key("worker")
  }

  private func matches(_ trigger: TriggerEntry, _ kernel: borrowing KernelView) -> Bool {
    if !includesInternal && trigger.functionID.hasPrefix("engine::") { return false }
    if let function, function != trigger.functionID { return false }
    if let type, type != trigger.type { return false }
    if let worker, worker != ByteKey(kernel.workerName(of: trigger)) { return false }
    if let search { return [trigger.id, trigger.type, trigger.functionID].contains { search.isIn($0.text) } }
    return true
  }

  func listing() -> Listing {
    ListingOf<TriggerEntry>(
      opening: "{\"registered_triggers\":[", all: { $0.triggers.listed }, matches: matches,
      key: { SortKey(text: $0.id) }, write: { $2.write($0, &$3) })
  }
}

extension KernelView {
  // MARK: Types

  func write(_ type: TriggerType, _ buffer: inout ByteBuffer) {
    buffer.append("{")
    writeMembers(of: type, &buffer)
    buffer.append("}")
  }

  private func writeMembers(of type: TriggerType, _ buffer: inout ByteBuffer) {
    buffer.append(member: "\"description\":", quoting: type.description)
    buffer.append(member: ",\"id\":", quoting: type.id.text)
    buffer.append(member: ",\"worker_name\":", quoting: workerName(of: type))
  }

  /// What `engine::triggers::info` shows: JSON; `nil` if there is no such type.
  func triggerTypeInfo(_ id: ByteKey) -> [UInt8]? {
    guard let type = triggers.type(id) else { return nil }
    var buffer = ByteBuffer()
    buffer.append("{")
    writeMembers(of: type, &buffer)
    buffer.append(member: ",\"configuration_schema\":", type.requestFormat)
    buffer.append(member: ",\"request_schema\":", type.callFormat)
    buffer.append(",\"instance_count\":")
    buffer.append(Int64(triggers.listed(ofType: id).count))
    buffer.append("}")
    return buffer.bytes
  }

  /// The provider's reported name, else the id's first part.
  func workerName(of type: TriggerType) -> String {
    if case .worker(let peer) = type.provider, let name = workers[peer]?.metadata.name { return name }
    return KernelView.firstSegment(of: type.id.text)
  }

  // MARK: Triggers

  func write(_ trigger: TriggerEntry, _ buffer: inout ByteBuffer) {
    buffer.append("{\"config_summary\":")
    buffer.append(trigger.configSummary)
    writeMembers(of: trigger, &buffer)
    if compatibility.listsLaterMembers { buffer.append(member: ",\"config\":", trigger.config) }
    buffer.append("}")
  }

  private func writeMembers(of trigger: TriggerEntry, _ buffer: inout ByteBuffer) {
    buffer.append(member: ",\"function_id\":", quoting: trigger.functionID.text)
    buffer.append(member: ",\"id\":", quoting: trigger.id.text)
    buffer.append(member: ",\"trigger_type\":", quoting: trigger.type.text)
    buffer.append(member: ",\"worker_name\":", quoting: workerName(of: trigger))
  }

  /// What `engine::registered-triggers::info` shows: JSON; `nil` if there is no such trigger.
  func triggerInfo(_ id: ByteKey) -> [UInt8]? {
    guard let trigger = triggers.trigger(id) else { return nil }
    var buffer = ByteBuffer()
    buffer.append("{\"config\":")
    buffer.append(trigger.config)
    writeMembers(of: trigger, &buffer)
    buffer.append(",\"function\":")
    buffer.append(functionInfo(trigger.functionID) ?? Array("null".utf8))
    buffer.append(",\"trigger\":")
    buffer.append(triggerTypeInfo(trigger.type) ?? Array("null".utf8))
    buffer.append(member: ",\"metadata\":", trigger.metadata)
    buffer.append("}")
    return buffer.bytes
  }

  /// That of its function; without one the id's first part.
  func workerName(of trigger: TriggerEntry) -> String {
    functions.entry(trigger.functionID).map { workerName(of: $0) }
      ?? KernelView.firstSegment(of: trigger.functionID.text)
  }
}

extension TriggerEntry {
  /// A configuration as listings show it: compact JSON, its first 80 characters; a JSON string.
  static func summary(ofConfig config: ByteView) -> [UInt8] {
    let value = (try? PayloadCoder.decode(JSONValue.self, from: config)) ?? .null
    let text = value.jsonString(sortedKeys: true)
    let scalars = text.unicodeScalars
    guard text.utf8.count > 80, scalars.count > 80 else { return JSONText.quoted(text) }
    return JSONText.quoted(String(String.UnicodeScalarView(scalars.prefix(80))) + "…")
  }
}
