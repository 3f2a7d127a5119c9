internal import III

/// What `engine::functions::list` is asked for.
struct FunctionQuery {
  private let includesInternal: Bool
  private let prefix: ByteKey?
  private let search: SearchText?
  private let worker: ByteKey?
  private let reader: PeerID

  /// - Parameter reader: Who asks: it is shown what it may call.
  init(_ input: BuiltInInput, for reader: PeerID) throws(BuiltInInput.Mismatch) {
    self.reader = reader
    includesInternal = try input.bool("include_internal") ?? false
    prefix = try input.key("prefix")
    search = try input.string("search").map(SearchText.init)
    worker = try input.key("worker")
  }

  private func matches(_ entry: FunctionEntry, _ kernel: borrowing KernelView) -> Bool {
    let id = entry.name.key
    if !includesInternal && entry.isInternal { return false }
    if let prefix, !id.hasPrefix(prefix) { return false }
    if let worker, worker != ByteKey(kernel.workerName(of: entry)) { return false }
    if let search, !search.isIn(id.text), !(entry.description.map(search.isIn) ?? false) { return false }
    return kernel.isVisible(id, to: reader)
  }

  /// - Parameter sizeLimit: The largest message that the caller's SDK takes.
  func listing(sizeLimit: Int?) -> Listing {
    ListingOf<FunctionEntry>(
      opening: "{\"functions\":[", sizeLimit: sizeLimit, all: { $0.functions.all }, matches: matches,
      key: { SortKey(text: $0.name.key) }, write: { $2.write($0, abridged: $1, &$3) })
  }

  /// The data of `engine::functions-available`: every function, those of the engine too.
  static func event(sizeLimit: Int?) -> Listing {
    ListingOf<FunctionEntry>(
      opening: "{\"event\":\"functions_changed\",\"functions\":[", sizeLimit: sizeLimit, all: { $0.functions.all },
      matches: { _, _ in true }, key: { SortKey(text: $0.name.key) }, write: { $2.write($0, abridged: $1, &$3) })
  }
}

extension KernelView {
  /// Whether a worker may know of a function: whether it may call it. The engine's own calls are not restricted.
  func isVisible(_ functionID: ByteKey, to reader: PeerID) -> Bool {
    guard access.isActive, let worker = workers[reader] else { return true }
    return functionID.withBytes { id in
      worker.access.listener.allows(id, worker.access, workerName: { worker.metadata.name }, functions)
    }
  }

  /// A row of a listing of functions.
  ///
  /// - Parameter isAbridged: Whether schemas and metadata are left out.
  func write(_ entry: FunctionEntry, abridged isAbridged: Bool, _ buffer: inout ByteBuffer) {
    buffer.append("{")
    writeMembers(of: entry, abridged: isAbridged, &buffer)
    buffer.append("}")
  }

  private func writeMembers(of entry: FunctionEntry, abridged isAbridged: Bool, _ buffer: inout ByteBuffer) {
    buffer.append("\"function_id\":")
    buffer.append(entry.name.quoted)
    buffer.append(member: ",\"worker_name\":", quoting: workerName(of: entry))
    buffer.append(member: ",\"description\":", quoting: entry.description)
    guard compatibility.listsLaterMembers else { return }
    buffer.append(",\"namespace\":\"default\"")
    guard !isAbridged else { return }
    buffer.append(member: ",\"metadata\":", entry.metadata)
    buffer.append(member: ",\"request_format\":", entry.requestFormat)
    buffer.append(member: ",\"response_format\":", entry.responseFormat)
  }

  /// What `engine::functions::info` shows: JSON; `nil` if there is no such function.
  func functionInfo(_ id: ByteKey) -> [UInt8]? {
    guard let entry = functions.entry(id) else { return nil }
    var buffer = ByteBuffer()
    buffer.append("{")
    writeMembers(of: entry, abridged: false, &buffer)
    if !compatibility.listsLaterMembers { buffer.append(member: ",\"metadata\":", entry.metadata) }
    buffer.append(member: ",\"request_schema\":", entry.requestFormat)
    buffer.append(member: ",\"response_schema\":", entry.responseFormat)
    buffer.append(",\"registered_triggers\":[")
    for (index, trigger) in triggers.listed(ofFunction: id).enumerated() {
      buffer.append(index == 0 ? "{\"config\":" : ",{\"config\":")
      buffer.append(trigger.config)
      buffer.append(member: ",\"id\":", quoting: trigger.id.text)
      buffer.append(member: ",\"trigger_type\":", quoting: trigger.type.text)
      buffer.append("}")
    }
    buffer.append("]}")
    return buffer.bytes
  }

  /// The owner's reported name, else the id's first part.
  func workerName(of entry: FunctionEntry) -> String {
    switch entry.target {
    case .builtIn(let target): builtInNames[Int(target.worker.index)]
    case .stub: StubFunctionsSettings.workerName
    case .worker(let peer), .http(let peer):
      workers[peer]?.metadata.name ?? KernelView.firstSegment(of: entry.name.text)
    }
  }

  static func firstSegment(of id: String) -> String {
    // Byte by byte: a search of the standard library costs more than the rest of a row.
    let colon = UInt8(ascii: ":")
    var length = 0
    var isAfterColon = false
    for byte in id.utf8 {
      if byte == colon && isAfterColon { return String(decoding: id.utf8.prefix(length - 1), as: UTF8.self) }
      isAfterColon = byte == colon
      length += 1
    }
    return id
  }

  /// The connection whose function this is; `nil` if it is one of the engine's, or there is none.
  func owner(of functionID: ByteKey) -> PeerID? { functions.entry(functionID)?.target.owner }

  /// The size of the largest message that a worker's SDK takes, if that is known to be small.
  func sizeLimit(of worker: PeerID) -> Int? {
    guard let metadata = workers[worker]?.metadata else { return nil }
    return LargeMessageHint.sizeLimit(of: metadata)
  }

  func sizeLimit(ofOwner functionID: ByteKey) -> Int? { owner(of: functionID).flatMap { sizeLimit(of: $0) } }
}

extension FunctionEntry {
  /// Whether listings leave it out unless they are asked for everything: functions of the engine, and `engine::…` of
  /// workers too.
  fileprivate var isInternal: Bool {
    if name.key.hasPrefix("engine::") { return true }
    if case .builtIn = target { return name.key.hasPrefix("mock::") }
    return false
  }
}
