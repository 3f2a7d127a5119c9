internal import III

/// `iii-engine-functions`: what the engine tells of itself, on request and by triggers.
final class CoreWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: CoreSettings.workerName, functions: CoreFunction.manifestFunctions,
    triggerTypes: CoreTriggerType.allCases.map(\.manifestType), observesWorkers: true)

  private let functions = CoreFunction.allCases
  private var host: BuiltInHost?
  private var triggers: [CoreTriggerType: BuiltInTriggers] = [:]
  /// The functions when they were last compared.
  private var polledFunctions: UInt64 = 0
  private var poll: TimerToken?
  /// When the engine started: the functions are compared in a rhythm that begins there.
  private var started: UInt64 = 0
  private var listings = ListingQueue()

  /// How often the functions are compared with those before.
  static let pollInterval = Duration.seconds(5)

  func start(_ host: BuiltInHost) {
    self.host = host
    started = host.now
  }

  /// Compares the functions at the next moment of the rhythm.
  private func setPoll() { if poll == nil { poll = host?.schedule(every: CoreWorker.pollInterval, since: started) } }

  func functionsChanged() { setPoll() }

  // MARK: Functions

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    switch functions[function.number] {
    case .listFunctions:
      return list(
        try FunctionQuery(input, for: call.sender).listing(sizeLimit: kernel.sizeLimit(of: call.sender)),
        for: call.sender, kernel)
    case .listTriggerTypes: return list(try TriggerTypeQuery(input).listing(), for: call.sender, kernel)
    case .listTriggers: return list(try TriggerQuery(input).listing(), for: call.sender, kernel)
    case .listWorkers: return list(try WorkerQuery(input).listing(), for: call.sender, kernel)
    case .inspectFunction:
      let id = try input.requiredString("function_id")
      guard kernel.isVisible(ByteKey(id), to: call.sender) else {
        return .failure(
          InvocationFailure(code: "FORBIDDEN", message: "Function '\(id)' is not visible to this session."))
      }
      return kernel.functionInfo(ByteKey(id)).map { .bytes($0) }
        ?? .failure(.notFound("Function '\(id)' is not registered."))
    case .inspectTriggerType:
      let id = try input.requiredString("id")
      return kernel.triggerTypeInfo(ByteKey(id)).map { .bytes($0) }
        ?? .failure(.notFound("Trigger type '\(id)' is not registered."))
    case .inspectTrigger:
      let id = try input.requiredString("id")
      return kernel.triggerInfo(ByteKey(id)).map { .bytes($0) }
        ?? .failure(.notFound("Registered trigger '\(id)' was not found."))
    case .inspectWorker:
      let name = try input.requiredString("name")
      return kernel.workerInfo(ByteKey(name)).map { .bytes($0) }
        ?? .failure(.notFound("Worker '\(name)' is not connected."))
    case .registerWorker: return try registerWorker(input, call.sender, kernel)
    }
  }

  /// A member that is missing leaves the name as it is, and clears the version.
  private func registerWorker(
    _ input: BuiltInInput, _ peer: PeerID, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard var metadata = kernel.workers[peer]?.metadata else { return .json(["success": true]) }
    // In the order of the members' names: the error names the first that has a wrong type.
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
    if kernel.compatibility.listsLaterMembers { metadata.description = try? input.string("description") }
    host?.set(metadata, of: peer)
    return .json(["success": true])
  }

  private func telemetry(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> ReportedMetadata.Telemetry? {
    guard let input = try input.object("telemetry", named: "WorkerConnectionTelemetryMeta") else { return nil }
    let framework = try input.string("framework")
    let language = try input.string("language")
    return .init(language: language, projectName: try input.string("project_name"), framework: framework)
  }

  // MARK: Listings

  /// Answers at once where the listing is short, else in slices.
  private func list(_ listing: Listing, for caller: PeerID, _ kernel: borrowing KernelView) -> BuiltInReply {
    guard let host else { return .nothing }
    if listing.isShort(kernel) {
      let bytes = listing.finish(kernel)
      warn(of: listing, to: caller, kernel)
      return .bytes(bytes)
    }
    let token = host.laterReply()
    listings.append(.init(listing: listing, purpose: .reply(token, to: caller)))
    host.continueNextTurn()
    return .later(token)
  }

  /// Says so where schemas were left out for the caller's SDK.
  private func warn(of listing: Listing, to caller: PeerID, _ kernel: borrowing KernelView) {
    guard listing.isAbridged, let worker = kernel.workers[caller] else { return }
    host?.warn(
      "the list of functions is larger than the 1 MiB that the Python SDK of \(worker.label) takes: it was sent "
        + "without schemas and metadata; update iii-sdk to 0.25, or narrow the list by a prefix")
  }

  func turnCame(_ kernel: borrowing KernelView) {
    guard let host else { return }
    if let done = listings.runSlice(kernel) {
      switch done.purpose {
      case .reply(let token, let caller):
        warn(of: done.listing, to: caller, kernel)
        host.reply(token, .bytes(done.listing.bytes))
      case .event(let triggers):
        for trigger in triggers {
          if done.listing.isAbridged, let callee = kernel.owner(of: trigger.functionID) {
            warn(of: done.listing, to: callee, kernel)
          }
          host.fire(trigger, done.listing.bytes)
        }
      }
    }
    if !listings.isEmpty { host.continueNextTurn() }
  }

  // MARK: Triggers

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    guard let type = CoreTriggerType(rawValue: trigger.type.text) else { return nil }
    triggers[type, default: BuiltInTriggers()].insert(trigger, replacing: old)
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    guard let type = CoreTriggerType(rawValue: trigger.type.text) else { return }
    triggers[type]?.remove(trigger)
  }

  /// Each change of a worker is a call of its own.
  func workerChanged(_ change: WorkerChange, of worker: UUID128) {
    guard let triggers = triggers[.workersAvailable], !triggers.isEmpty else { return }
    let event =
      switch change {
      case .connected: "worker_connected"
      case .metadataUpdated: "worker_metadata_updated"
      case .disconnected: "worker_disconnected"
      }
    let data: JSONValue = ["event": .string(event), "worker_id": .string(worker.description)]
    let bytes = data.jsonBytes
    for trigger in triggers.inOrder { host?.fire(trigger, bytes) }
  }

  /// Compares the ids of the functions with those of the last time: changes that cancel each other out are none.
  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) {
    guard token == poll, let host else { return }
    poll = nil
    let functions = kernel.functions.fingerprint
    guard functions != polledFunctions else { return }
    polledFunctions = functions
    guard let triggers = triggers[.functionsAvailable], !triggers.isEmpty else { return }
    // Those whose SDK takes 1 MiB may get another text than the others.
    let limited = triggers.inOrder.filter { kernel.sizeLimit(ofOwner: $0.functionID) != nil }
    let others = triggers.inOrder.filter { kernel.sizeLimit(ofOwner: $0.functionID) == nil }
    for (targets, limit) in [(others, nil), (limited, LargeMessageHint.threshold)] where !targets.isEmpty {
      listings.append(.init(listing: FunctionQuery.event(sizeLimit: limit), purpose: .event(targets)))
      host.continueNextTurn()
    }
  }
}
