internal import III

extension Router {
  /// Executes a built-in function.
  mutating func call(
    _ function: BuiltIn, _ data: ByteView, baggage: WireString? = nil, from peer: PeerID, _ output: some RouterOutput
  ) -> Result<JSONValue, InvocationFailure> {
    do throws(BuiltInInput.Mismatch) {
      guard let value = try? PayloadCoder.decode(JSONValue.self, from: data) else {
        throw .init(reason: "the value cannot be read")
      }
      let input = try BuiltInInput(value, named: function.inputName)
      switch function {
      case .core(let function): return try execute(function, input, from: peer, output)
      case .observability(let function):
        return try execute(function, input, bytes: data.count, baggage: baggage, output)
      }
    } catch {
      return .failure(.badInput(function.id, error.reason))
    }
  }

  private mutating func execute(
    _ function: CoreFunction, _ input: BuiltInInput, from peer: PeerID, _ output: some RouterOutput
  ) throws(BuiltInInput.Mismatch) -> Result<JSONValue, InvocationFailure> {
    switch function {
    case .listFunctions: return .success(try listFunctions(input))
    case .listTriggerTypes: return .success(try listTriggerTypes(input))
    case .listTriggers: return .success(try listTriggers(input))
    case .inspectTriggerType:
      let id = try input.requiredString("id")
      return triggerTypeInfo(ByteKey(id)).map { .success(.object($0)) }
        ?? .failure(.notFound("Trigger type '\(id)' is not registered."))
    case .inspectTrigger:
      let id = try input.requiredString("id")
      return triggerInfo(ByteKey(id)).map { .success(.object($0)) }
        ?? .failure(.notFound("Registered trigger '\(id)' was not found."))
    case .registerWorker: return .success(try registerWorker(input, peer, output))
    case .listWorkers: return .success(try listWorkers(input))
    case .createChannel:
      try input.check(function.fields)
      let channel = output.makeChannel(capacity: input.count("buffer_size"))
      return .success(["reader": channel.reference(.read), "writer": channel.reference(.write)])
    case .inspectFunction:
      let id = try input.requiredString("function_id")
      return functionInfo(id).map { .success($0) } ?? .failure(.notFound("Function '\(id)' is not registered."))
    case .inspectWorker:
      let name = try input.requiredString("name")
      return workerInfo(name).map { .success($0) } ?? .failure(.notFound("Worker '\(name)' is not connected."))
    }
  }

  // MARK: Functions

  private func listFunctions(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> JSONValue {
    let includesInternal = try input.bool("include_internal") ?? false
    let prefix = try input.key("prefix")
    let search = try input.string("search").map(SearchText.init)
    let worker = try input.key("worker")
    let found = functions.all.filter { entry in
      let id = entry.name.key
      return (includesInternal || !id.hasPrefix("engine::"))
        && (prefix.map { id.hasPrefix($0) } ?? true)
        && (worker.map { $0 == ByteKey(workerName(of: entry)) } ?? true)
        && (search.map { $0.isIn(id.text) || entry.description.map($0.isIn) ?? false } ?? true)
    }
    return ["functions": .array(rows(of: found))]
  }

  private func rows(of entries: [FunctionEntry]) -> [JSONValue] {
    entries.sorted { $0.name.key < $1.name.key }.map { .object(row(of: $0)) }
  }

  /// Every function, the engine's own too.
  var functionRows: [JSONValue] { functions.all.map { .object(row(of: $0)) } }

  /// A row of a listing of functions.
  private func row(of entry: FunctionEntry) -> JSONObject {
    var row: JSONObject = ["function_id": .string(entry.name.text), "worker_name": .string(workerName(of: entry))]
    if let description = entry.description { row["description"] = .string(description) }
    if compatibility.listsLaterMembers {
      row["namespace"] = "default"
      row["metadata"] = entry.metadata.flatMap(parsed)
      row["request_format"] = entry.requestFormat.flatMap(parsed)
      row["response_format"] = entry.responseFormat.flatMap(parsed)
    }
    return row
  }

  func functionInfo(_ id: String) -> JSONValue? {
    guard let entry = functions.entry(ByteKey(id)) else { return nil }
    var info = row(of: entry)
    info["metadata"] = entry.metadata.flatMap(parsed)
    info["request_schema"] = entry.requestFormat.flatMap(parsed)
    info["response_schema"] = entry.responseFormat.flatMap(parsed)
    info["registered_triggers"] = triggers(of: entry.name.key)
    return .object(info)
  }

  /// Bytes that were scanned when they came.
  func parsed(_ bytes: [UInt8]) -> JSONValue? { try? PayloadCoder.decode(JSONValue.self, from: bytes) }

  /// The owner's reported name, else the id's first part.
  func workerName(of entry: FunctionEntry) -> String {
    switch entry.target {
    case .builtIn(let function): function.owner
    case .worker(let peer): workers[peer]?.metadata.name ?? firstSegment(of: entry.name.text)
    }
  }

  func firstSegment(of id: String) -> String {
    let bytes = id.utf8
    guard let separator = bytes.firstRange(of: "::".utf8) else { return id }
    return String(decoding: bytes[..<separator.lowerBound], as: UTF8.self)
  }

  // MARK: Workers

  /// What is missing leaves a name as it is, and clears the version.
  private mutating func registerWorker(
    _ input: BuiltInInput, _ peer: PeerID, _ output: some RouterOutput
  ) throws(BuiltInInput.Mismatch) -> JSONValue {
    guard var metadata = workers[peer]?.metadata else { return ["success": true] }
    // In the order of the members' names: the first that does not fit is the one that is told.
    let isolation = try input.string("isolation")
    let name = try input.string("name")
    let os = try input.string("os")
    let pid = try input.uint32("pid")
    metadata.runtime = try input.string("runtime") ?? "unknown"
    metadata.telemetry = try telemetry(input)
    metadata.version = try input.string("version")
    metadata.isolation = isolation ?? metadata.isolation
    metadata.name = name ?? metadata.name
    metadata.os = os ?? metadata.os
    metadata.pid = pid ?? metadata.pid
    if compatibility.listsLaterMembers { metadata.description = try? input.string("description") }
    workers[peer]?.metadata = metadata
    if let worker = workers[peer] {
      output.note(.workerNamed(worker.label))
      fire(.metadataUpdated, of: worker.id, output)
    }
    return ["success": true]
  }

  private func telemetry(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> ReportedMetadata.Telemetry? {
    guard let input = try input.object("telemetry", named: "WorkerConnectionTelemetryMeta") else { return nil }
    let framework = try input.string("framework")
    let language = try input.string("language")
    return .init(language: language, projectName: try input.string("project_name"), framework: framework)
  }

  private func listWorkers(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> JSONValue {
    let runtime = try input.key("runtime")
    let search = try input.string("search").map(SearchText.init)
    let status = try input.key("status")
    // Only who has reported a process is listed.
    var rows = workers.all.filter { $0.metadata.pid != nil }.map(row)
    rows += inProcess.map { $0.row(functionCount: functionCount(of: $0)) }
    let found = rows.filter { row in
      (runtime.map { $0 == row["runtime"]?.key } ?? true) && (status.map { $0 == row["status"]?.key } ?? true)
        && (search.map { $0.isIn(row["name"]?.key?.text ?? "") } ?? true)
    }
    func key(_ row: JSONObject) -> (ByteKey, ByteKey) {
      let id = row["id"]?.key ?? ""
      return (row["name"]?.key ?? id, id)
    }
    return ["workers": .array(found.sorted { key($0) < key($1) }.map { .object($0) })]
  }

  private func row(of worker: WorkerRecord) -> JSONObject {
    func text(_ value: String?) -> JSONValue { value.map { .string($0) } ?? .null }
    var row: JSONObject = [
      "active_invocations": .int(Int64(busy.active(worker.peer))),
      "connected_at_ms": .int(worker.connectedAtMilliseconds), "description": text(worker.metadata.description),
      "function_count": .int(Int64(functions.count(of: worker.peer))), "id": .string(worker.id.description),
      "ip_address": text(worker.ipAddress), "isolation": text(worker.metadata.isolation),
      "name": text(worker.metadata.name), "os": text(worker.metadata.os),
      "runtime": text(worker.metadata.runtime ?? "unknown"), "status": "connected",
      "version": text(worker.metadata.version),
    ]
    if compatibility.listsLaterMembers { row["namespace"] = "default" }
    return row
  }

  /// The engine's own by their kind, then any connection of that name.
  private func workerInfo(_ text: String) -> JSONValue? {
    let name = ByteKey(text)
    var row: JSONObject
    let owned: [FunctionEntry]
    var types: [TriggerType] = []
    if let worker = inProcess.first(where: { ByteKey($0.name) == name }) {
      row = worker.row(functionCount: functionCount(of: worker))
      row["internal"] = true
      owned = builtIns(of: worker.name)
    } else if let worker = workers.all.first(where: { $0.metadata.name.map { ByteKey($0) } == name }) {
      row = self.row(of: worker)
      row["internal"] = false
      row["pid"] = worker.metadata.pid.map { .int(Int64($0)) }
      owned = functions.entries(of: worker.peer)
      types = triggers.types(of: worker.peer)
    } else {
      return nil
    }
    return [
      "worker": .object(row), "functions": .array(rows(of: owned)), "trigger_types": .array(rows(of: types)),
      "registered_triggers": .array(rows(of: triggers.listed.filter { ByteKey(workerName(of: $0)) == name })),
    ]
  }

  private func builtIns(of owner: String) -> [FunctionEntry] {
    functions.all.filter { if case .builtIn(let function) = $0.target { function.owner == owner } else { false } }
  }

  /// Instances after the first have none of their own.
  private func functionCount(of worker: InProcessWorker) -> Int {
    worker.id == worker.name ? builtIns(of: worker.name).count : 0
  }
}

extension JSONValue {
  /// A string as a key.
  fileprivate var key: ByteKey? { if case .string(let text) = self { ByteKey(text) } else { nil } }
}
