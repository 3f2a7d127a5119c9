internal import III

/// What `engine::workers::list` is asked for.
struct WorkerQuery {
  private let runtime: ByteKey?
  private let search: SearchText?
  private let status: ByteKey?

  init(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) {
    runtime = try input.key("runtime")
    search = try input.string("search").map(SearchText.init)
    status = try input.key("status")
  }

  func listing() -> Listing {
    ListingOf<WorkerRow>(
      opening: "{\"workers\":[",
      all: { kernel in
        // Only workers that have reported a process are listed.
        kernel.workers.all.filter { $0.metadata.pid != nil }.map { .connected($0) }
          + kernel.inProcess.map { .inProcess($0) }
      }, matches: { row, _ in matches(row) }, key: \.sortKey,
      write: { row, _, kernel, buffer in
        buffer.append("{")
        kernel.writeMembers(of: row, &buffer)
        buffer.append("}")
      })
  }

  private func matches(_ row: WorkerRow) -> Bool {
    if let runtime, runtime != ByteKey(row.runtime) { return false }
    if let status, status != ByteKey(row.status) { return false }
    if let search, !search.isIn(row.name ?? "") { return false }
    return true
  }
}

/// A worker of a listing.
private enum WorkerRow {
  case connected(WorkerRecord)
  case inProcess(InProcessWorker)

  var id: String {
    switch self {
    case .connected(let worker): worker.id.description
    case .inProcess(let worker): worker.id
    }
  }

  var name: String? {
    switch self {
    case .connected(let worker): worker.metadata.name
    case .inProcess(let worker): worker.name
    }
  }

  var runtime: String {
    switch self {
    case .connected(let worker): worker.metadata.runtime ?? "unknown"
    case .inProcess: "engine"
    }
  }

  var status: String {
    switch self {
    case .connected: "connected"
    case .inProcess: "available"
    }
  }

  /// By name, or id where there is no name; those of one name by id.
  var sortKey: SortKey { SortKey(text: ByteKey(name ?? id), tie: ByteKey(id)) }
}

extension KernelView {
  fileprivate func writeMembers(of row: WorkerRow, _ buffer: inout ByteBuffer) {
    switch row {
    case .connected(let worker):
      buffer.append("\"active_invocations\":")
      buffer.append(Int64(busy.active(worker.peer, in: invocations)))
      buffer.append(",\"connected_at_ms\":")
      buffer.append(worker.connectedAtMilliseconds)
      buffer.append(member: ",\"description\":", orNull: worker.metadata.description)
      buffer.append(",\"function_count\":")
      buffer.append(Int64(functions.count(of: worker.peer)))
      buffer.append(",\"id\":\"")
      buffer.append(worker.id)
      buffer.append(member: "\",\"ip_address\":", orNull: worker.ipAddress)
      buffer.append(member: ",\"isolation\":", orNull: worker.metadata.isolation)
      buffer.append(member: ",\"name\":", orNull: worker.metadata.name)
      buffer.append(member: ",\"os\":", orNull: worker.metadata.os)
      buffer.append(member: ",\"runtime\":", quoting: row.runtime)
      buffer.append(",\"status\":\"connected\"")
      buffer.append(member: ",\"version\":", orNull: worker.metadata.version)
      if compatibility.listsLaterMembers { buffer.append(",\"namespace\":\"default\"") }
    case .inProcess(let worker):
      buffer.append("\"active_invocations\":0,\"connected_at_ms\":")
      buffer.append(worker.connectedAtMilliseconds)
      buffer.append(",\"description\":null,\"function_count\":")
      buffer.append(Int64(worker.functionCount))
      buffer.append(member: ",\"id\":", quoting: worker.id)
      buffer.append(",\"ip_address\":null,\"isolation\":\"in-process\"")
      buffer.append(member: ",\"name\":", quoting: worker.name)
      buffer.append(",\"os\":null,\"runtime\":\"engine\",\"status\":\"available\"")
      buffer.append(member: ",\"version\":", quoting: InProcessWorker.version)
    }
  }

  /// What `engine::workers::info` shows: JSON; `nil` if there is no such worker. The engine's own go first, by their
  /// kind, then connections by the name that they reported.
  func workerInfo(_ name: ByteKey) -> [UInt8]? {
    let row: WorkerRow
    let owned: [FunctionEntry]
    var types: [TriggerType] = []
    if let worker = inProcess.first(where: { ByteKey($0.name) == name }) {
      row = .inProcess(worker)
      owned = functions.all.filter { entry in
        if entry.target.owner != nil { return false }
        return ByteKey(workerName(of: entry)) == name
      }
    } else if let worker = workers.all.first(where: { $0.metadata.name.map { ByteKey($0) } == name }) {
      row = .connected(worker)
      owned = functions.entries(of: worker.peer)
      types = triggers.types(of: worker.peer)
    } else {
      return nil
    }
    var buffer = ByteBuffer()
    buffer.append("{\"worker\":{")
    writeMembers(of: row, &buffer)
    switch row {
    case .inProcess: buffer.append(",\"internal\":true")
    case .connected(let worker):
      buffer.append(",\"internal\":false")
      if let pid = worker.metadata.pid {
        buffer.append(",\"pid\":")
        buffer.append(Int64(pid))
      }
    }
    buffer.append("},\"functions\":[")
    for (index, entry) in owned.sorted(by: { $0.name.key < $1.name.key }).enumerated() {
      if index > 0 { buffer.append(",") }
      write(entry, abridged: false, &buffer)
    }
    buffer.append("],\"trigger_types\":[")
    types.sort { $0.id < $1.id }
    for (index, type) in types.enumerated() {
      if index > 0 { buffer.append(",") }
      write(type, &buffer)
    }
    buffer.append("],\"registered_triggers\":[")
    var isFirst = true
    for trigger in triggers.listed.sorted(by: { $0.id < $1.id })
    where ByteKey(workerName(of: trigger)) == name {
      if !isFirst { buffer.append(",") }
      isFirst = false
      write(trigger, &buffer)
    }
    buffer.append("]}")
    return buffer.bytes
  }
}
