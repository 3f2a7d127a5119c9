/// A function of `iii-engine-functions`.
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
    }
  }

  var fields: [BuiltInField] {
    switch self {
    case .listFunctions, .listTriggerTypes:
      [.init("search", .string), .init("prefix", .string), .init("worker", .string), .init("include_internal", .bool)]
    case .listTriggers:
      [
        .init("search", .string), .init("trigger_type", .string), .init("function_id", .string),
        .init("worker", .string), .init("include_internal", .bool),
      ]
    case .listWorkers: [.init("search", .string), .init("runtime", .string), .init("status", .string)]
    case .registerWorker:
      [
        .init("runtime", .string), .init("version", .string), .init("name", .string), .init("os", .string),
        .init("isolation", .string), .init("pid", .u32), .init("telemetry", .object),
      ]
    case .inspectFunction: [.init("function_id", .string, isRequired: true)]
    case .inspectTriggerType, .inspectTrigger: [.init("id", .string, isRequired: true)]
    case .inspectWorker: [.init("name", .string, isRequired: true)]
    }
  }
}
