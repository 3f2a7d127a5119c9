internal import UV

/// What a worker tells the engine about itself: the payload of `engine::workers::register`.
struct WorkerMetadata: Equatable {
  var name: String
  var description: String?
  var namespace: String?
  var os: String?
  var processID: Int
  var isolation: String?
  var telemetry: TelemetryOptions

  static let version = "0.1.0"

  /// From the options; missing values come from the environment and the machine.
  init(_ options: InitOptions, _ environment: Environment) {
    name = options.workerName ?? environment["III_WORKER_NAME"] ?? "\(environment.hostName):\(environment.processID)"
    description = options.workerDescription
    namespace = options.namespace ?? environment["III_NAMESPACE"]
    os = environment.kernel
    processID = environment.processID
    isolation = environment["III_ISOLATION"]
    telemetry = options.telemetry ?? TelemetryOptions()
    if telemetry.language == nil {
      telemetry.language = (environment["LANG"] ?? environment["LC_ALL"]).map { String($0.prefix { $0 != "." }) }
    }
    if telemetry.projectName == nil { telemetry.projectName = environment.projectName }
    if telemetry.framework == nil { telemetry.framework = "iii-swift" }
  }

  /// As JSON. Unknown values are left out, except `isolation`.
  var payload: JSONValue {
    var members = JSONObject()
    members["runtime"] = "swift"
    members["version"] = .string(Self.version)
    members["name"] = .string(name)
    members["description"] = description.map { .string($0) }
    members["namespace"] = namespace.map { .string($0) }
    members["os"] = os.map { .string($0) }
    members["pid"] = .int(Int64(processID))
    members["isolation"] = isolation.map { .string($0) } ?? .null
    var project = JSONObject()
    project["language"] = telemetry.language.map { .string($0) }
    project["project_name"] = telemetry.projectName.map { .string($0) }
    project["framework"] = telemetry.framework.map { .string($0) }
    project["amplitude_api_key"] = telemetry.amplitudeAPIKey.map { .string($0) }
    members["telemetry"] = .object(project)
    return .object(members)
  }
}
