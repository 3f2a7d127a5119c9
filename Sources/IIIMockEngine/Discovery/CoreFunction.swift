/// A function of `iii-engine-functions`: what the engine tells of itself.
enum CoreFunction: String, BuiltInFamily {
  case listFunctions = "engine::functions::list"
  case inspectFunction = "engine::functions::info"
  case listTriggerTypes = "engine::triggers::list"
  case inspectTriggerType = "engine::triggers::info"
  case listTriggers = "engine::registered-triggers::list"
  case inspectTrigger = "engine::registered-triggers::info"
  case registerWorker = "engine::workers::register"
  case listWorkers = "engine::workers::list"
  case inspectWorker = "engine::workers::info"
  case createChannel = "engine::channels::create"

  static let owner = "iii-engine-functions"

  var description: String {
    switch self {
    case .listFunctions: "List registered functions, filtered by text, prefix or worker."
    case .inspectFunction: "Inspect one function: schemas, owner, and registered triggers."
    case .listTriggerTypes: "List trigger types, filtered by text, prefix or worker."
    case .inspectTriggerType: "Inspect one trigger type: schemas, owner, and how many triggers it has."
    case .listTriggers: "List registered triggers, filtered by text, type, function or worker."
    case .inspectTrigger: "Inspect one registered trigger: its configuration, function and type."
    case .registerWorker: "Report a worker's metadata: name, runtime, version."
    case .listWorkers: "List connected workers and those of the engine."
    case .inspectWorker: "Inspect one worker: its functions, trigger types and triggers."
    case .createChannel: "Create a streaming channel pair"
    }
  }

  var inputName: String {
    switch self {
    case .listFunctions: "FunctionsListInput"
    case .inspectFunction: "FunctionInfoInput"
    case .listTriggerTypes: "TriggersListInput"
    case .inspectTriggerType: "TriggerInfoInput"
    case .listTriggers: "RegisteredTriggersListInput"
    case .inspectTrigger: "RegisteredTriggerInfoInput"
    case .registerWorker: "RegisterWorkerInput"
    case .listWorkers: "WorkersListInput"
    case .inspectWorker: "WorkerInfoInput"
    case .createChannel: "CreateChannelInput"
    }
  }

  /// The members of its input that are strings and may be missing.
  var optionalStrings: [String] {
    switch self {
    case .listFunctions, .listTriggerTypes: ["search", "prefix", "worker"]
    case .listTriggers: ["search", "trigger_type", "function_id", "worker"]
    case .listWorkers: ["search", "runtime", "status"]
    case .registerWorker: ["runtime", "version", "name", "os", "isolation"]
    case .inspectFunction, .inspectTriggerType, .inspectTrigger, .inspectWorker, .createChannel: []
    }
  }

  /// The members of its input that must be there: all of them are strings.
  var requiredStrings: [String] {
    switch self {
    case .inspectFunction: ["function_id"]
    case .inspectTriggerType, .inspectTrigger: ["id"]
    case .inspectWorker: ["name"]
    case .listFunctions, .listTriggerTypes, .listTriggers, .registerWorker, .listWorkers, .createChannel: []
    }
  }
}
