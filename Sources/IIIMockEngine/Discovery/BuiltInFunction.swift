internal import III

/// A function that the engine executes itself.
enum BuiltInFunction: String, CaseIterable {
  case listFunctions = "engine::functions::list"
  case inspectFunction = "engine::functions::info"
  case registerWorker = "engine::workers::register"
  case listWorkers = "engine::workers::list"
  case inspectWorker = "engine::workers::info"

  /// The in-process worker that a listing names as its owner.
  static let owner = "iii-engine-functions"

  var description: String {
    switch self {
    case .listFunctions: "List registered functions, filtered by text, prefix or worker."
    case .inspectFunction: "Inspect one function: schemas, owner, and registered triggers."
    case .registerWorker: "Report a worker's metadata: name, runtime, version."
    case .listWorkers: "List connected workers and those of the engine."
    case .inspectWorker: "Inspect one worker: its functions, trigger types and triggers."
    }
  }

  /// What its input is called in errors.
  var inputName: String {
    switch self {
    case .listFunctions: "FunctionsListInput"
    case .inspectFunction: "FunctionInfoInput"
    case .registerWorker: "RegisterWorkerInput"
    case .listWorkers: "WorkersListInput"
    case .inspectWorker: "WorkerInfoInput"
    }
  }

  /// The JSON Schema of its input, made of the members that it reads.
  var requestSchema: JSONValue {
    var properties = JSONObject()
    for name in optionalStrings { properties[name] = ["type": ["string", "null"]] }
    for name in requiredStrings { properties[name] = ["type": "string"] }
    if self == .listFunctions { properties["include_internal"] = ["type": ["boolean", "null"]] }
    if self == .registerWorker {
      properties["pid"] = ["type": ["integer", "null"], "minimum": 0]
      properties["telemetry"] = ["type": ["object", "null"]]
    }
    var schema: JSONObject = [
      "$schema": "http://json-schema.org/draft-07/schema#", "title": .string(inputName), "type": "object",
      "properties": .object(properties),
    ]
    if !requiredStrings.isEmpty { schema["required"] = .array(requiredStrings.map { .string($0) }) }
    return .object(schema)
  }

  private var optionalStrings: [String] {
    switch self {
    case .listFunctions: ["search", "prefix", "worker"]
    case .listWorkers: ["search", "runtime", "status"]
    case .registerWorker: ["runtime", "version", "name", "os", "isolation"]
    case .inspectFunction, .inspectWorker: []
    }
  }

  private var requiredStrings: [String] {
    switch self {
    case .inspectFunction: ["function_id"]
    case .inspectWorker: ["name"]
    case .listFunctions, .registerWorker, .listWorkers: []
    }
  }

  /// Its entry in the function table.
  var entry: FunctionEntry {
    FunctionEntry(
      name: FunctionName(rawValue), target: .builtIn(self), description: description,
      requestFormat: requestSchema.jsonBytes)
  }
}

extension JSONValue {
  /// The value as compact JSON.
  var jsonBytes: [UInt8] { Array(jsonString().utf8) }
}
