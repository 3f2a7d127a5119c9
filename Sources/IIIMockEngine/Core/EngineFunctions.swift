internal import III

/// The functions with which a test in any language begins afresh. A strict engine does not have them.
enum EngineFunction: String, BuiltInFamily {
  case reset = "mock::engine::reset"
  case restart = "mock::engine::restart"

  var description: String {
    switch self {
    case .reset: "Forget stubs, denials, the journal and what built-in workers keep; workers stay connected"
    case .restart:
      "Drop all connections and begin again at the same ports; answered before, so call it without waiting for more"
    }
  }

  var inputName: String { self == .reset ? "EngineResetInput" : "EngineRestartInput" }
  var fields: [BuiltInField] { self == .reset ? [] : [.init("keep_state", .bool)] }
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
    }
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
