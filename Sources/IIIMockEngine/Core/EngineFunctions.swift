internal import III
internal import UV

/// The functions with which a test in any language begins afresh, and which show the engine as a whole. A strict engine does not have them.
enum EngineFunction: String, BuiltInFamily {
  case reset = "mock::engine::reset"
  case restart = "mock::engine::restart"
  case status = "mock::engine::status"

  var description: String {
    switch self {
    case .reset: "Forget stubs, denials, the journal and what built-in workers keep; workers stay connected"
    case .restart:
      "Drop all connections and begin again at the same ports; answered before, so call it without waiting for more"
    case .status: "Tell the engine's addresses, and how much of what is connected and registered"
    }
  }

  var inputName: String {
    switch self {
    case .reset: "EngineResetInput"
    case .restart: "EngineRestartInput"
    case .status: "EngineStatusInput"
    }
  }

  var fields: [BuiltInField] { self == .restart ? [.init("keep_state", .bool)] : [] }
  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

/// The worker `mock`, as far as the engine as a whole is concerned.
final class EngineFunctionsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: EngineFunctionsSettings.workerName, functions: EngineFunction.manifestFunctions)

  private let functions = EngineFunction.allCases
  private var host: BuiltInHost?

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard let host else { return .nothing }
    let input = try call.input(of: function)
    try input.check(function.fields)
    try input.refuseUnknown(function.fields)
    switch functions[function.number] {
    case .reset:
      return host.replyLater { core in
        try await core.reset()
        return ["success": true]
      }
    case .restart:
      let keepsState = input.member("keep_state") != false
      host.restartLater(keepingState: keepsState)
      return .json(["success": true])
    case .status: return host.replyLater { try await $0.status() }
    }
  }
}

extension EngineCore {
  /// What `mock::engine::status` answers.
  func status() throws -> JSONValue {
    guard let engine else { throw MockEngineError.stopped }
    let router = engine.router
    var connections: JSONObject = [:]
    for (name, count) in engine.peers.counts.sorted(by: { $0.key < $1.key }) {
      connections[name.text] = .int(Int64(count))
    }
    let isStub: (FunctionEntry) -> Bool = { if case .stub = $0.target { true } else { false } }
    let ofWorkers = router.functions.all.filter { $0.target.owner != nil || isStub($0) }
    return [
      "version": .string(InProcessWorker.version), "addresses": .array(addresses.withLock { $0 }.map { .string($0) }),
      "http_url": withBuiltIn(HTTPWorker.self) { $0.url }?.map { .string($0) } ?? .null,
      "stream_url": withBuiltIn(StreamWorker.self) { $0.url }?.map { .string($0) } ?? .null,
      "uptime_ms": .uint((engine.now &- origin.now) / 1_000_000),
      "built_ins": .array(
        Set(router.builtIns.filter { !$0.isLeftOut }.map { ByteKey($0.manifest.name) }).sorted().map {
          .string($0.text)
        }),
      "connections": .object(connections), "workers": .int(Int64(router.workers.count)),
      "functions": .int(Int64(ofWorkers.count)), "triggers": .int(Int64(router.triggers.listed.count)),
      "trigger_types": .int(Int64(router.triggers.allTypes.count)),
    ]
  }
}

extension Peers {
  /// How many connections there are of each kind, by the kind's name without its article.
  var counts: [ByteKey: Int] {
    var counts: [ByteKey: Int] = [:]
    for peer in all.values {
      let name: String
      switch peer.phase {
      case .worker: name = "worker"
      case .role(let role): name = role.name
      case .opening: name = "connection without a request"
      case .ended: continue
      }
      let bare = ["a ", "an ", "the "].first { name.hasPrefix($0) }.map { String(name.dropFirst($0.count)) } ?? name
      counts[ByteKey(bare), default: 0] += 1
    }
    return counts
  }
}

/// Every engine that is not strict has the functions.
struct EngineFunctionsSettings: BuiltInSettings {
  static let workerName = "mock"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { EngineFunctionsWorker() }
}
