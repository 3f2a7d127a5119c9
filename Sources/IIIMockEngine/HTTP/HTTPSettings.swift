internal import III

/// Where `iii-http` listens, and how.
struct HTTPSettings: BuiltInSettings {
  static let workerName = "iii-http"
  static let triggerTypes = [HTTPWorker.triggerType]

  /// A function that is called before the handlers of all routes.
  struct Middleware: Sendable, Equatable {
    var functionID: String
    var phase = "preHandler"
    var priority: Int64 = 0
  }

  /// The port of a configuration file that names none.
  static let defaultPort: UInt16 = 3111

  var host = "127.0.0.1"
  /// 0 chooses a free one.
  var port: UInt16 = 0
  /// How long a request may take until the head of its answer.
  var timeout = Duration.milliseconds(30_000)
  /// How many requests are worked on at once; more wait.
  var maxRequests = 1024
  var cors = CORSPolicy()
  var middleware: [Middleware] = []

  init(environment: Variables, isOn: Bool) {}

  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) throws(ConfigurationFault) {
    host = "0.0.0.0"
    port = HTTPSettings.defaultPort
    let keys = ["port", "host", "default_timeout", "concurrency_request_limit", "cors", "middleware"]
    for member in try entry.members(known: keys) {
      switch (member.key, member.value.content) {
      case ("port", .int(let value)):
        guard let port = UInt16(exactly: value) else {
          throw entry.rejection(
            "port: invalid value: \(member.value.kindForMessage), expected u16", at: member.value.position,
            hint: "ports go from 0 (any free one) to 65535")
        }
        self.port = port
      case ("host", .string(let host)) where !host.isEmpty: self.host = host
      case ("default_timeout", .int(let value)) where value >= 0: timeout = .milliseconds(value)
      case ("concurrency_request_limit", .int(let value)) where value >= 0: maxRequests = max(Int(value), 1)
      case ("cors", .null): break
      case ("cors", .mapping(let members)): cors = try HTTPSettings.cors(members, of: entry)
      case ("middleware", .sequence(let nodes)):
        for node in nodes { middleware.append(try HTTPSettings.middleware(node, of: entry)) }
      default:
        let expected = ["port": "u16", "host": "a string", "cors": "struct CorsConfig", "middleware": "a sequence"]
        throw HTTPSettings.mismatch(
          entry, member.key, member.value,
          expected: expected[member.key] ?? (member.key == "default_timeout" ? "u64" : "usize"))
      }
    }
  }

  private static func cors(
    _ members: [YAMLNode.Member], of entry: WorkerEntry
  ) throws(ConfigurationFault) -> CORSPolicy {
    var cors = CORSPolicy(isConfigured: true)
    for member in members {
      switch member.key {
      case "allowed_origins": cors.allowedOrigins = try texts(member, of: entry)
      case "allowed_methods": cors.allowedMethods = try texts(member, of: entry)
      default:
        throw entry.rejection(
          "cors: unknown field `\(member.key)`, expected `allowed_origins` or `allowed_methods`", at: member.position,
          hint: NearestName.of(member.key, among: ["allowed_origins", "allowed_methods"]).map {
            "did you mean `\($0)`?"
          })
      }
    }
    return cors
  }

  private static func texts(
    _ member: YAMLNode.Member, of entry: WorkerEntry
  ) throws(ConfigurationFault) -> [String] {
    guard case .sequence(let nodes) = member.value.content else {
      throw mismatch(entry, "cors.\(member.key)", member.value, expected: "a sequence")
    }
    var texts: [String] = []
    for node in nodes {
      guard case .string(let text) = node.content else {
        throw mismatch(entry, "cors.\(member.key)", node, expected: "a string")
      }
      texts.append(text)
    }
    return texts
  }

  private static func middleware(
    _ node: YAMLNode, of entry: WorkerEntry
  ) throws(ConfigurationFault) -> Middleware {
    guard case .mapping = node.content else {
      throw mismatch(entry, "middleware", node, expected: "struct MiddlewareConfig")
    }
    guard let id = node["function_id"] else {
      throw entry.rejection("middleware: missing field `function_id`", at: node.position)
    }
    guard case .string(let text) = id.content else {
      throw mismatch(entry, "middleware.function_id", id, expected: "a string")
    }
    var middleware = Middleware(functionID: text)
    if let phase = node["phase"], !phase.isNull {
      guard case .string(let text) = phase.content else {
        throw mismatch(entry, "middleware.phase", phase, expected: "a string")
      }
      middleware.phase = text
    }
    if let priority = node["priority"], !priority.isNull {
      guard case .int(let value) = priority.content else {
        throw mismatch(entry, "middleware.priority", priority, expected: "i32")
      }
      middleware.priority = value
    }
    return middleware
  }

  private static func mismatch(
    _ entry: WorkerEntry, _ key: String, _ value: YAMLNode, expected: String
  ) -> ConfigurationFault {
    entry.rejection(
      "\(key): invalid type: \(value.kindForMessage), expected \(expected)", at: value.position)
  }

  func makeWorker() -> any BuiltInWorker { HTTPWorker(self) }
}

extension MockEngine.BuiltIn {
  /// `iii-http`: triggers of type `http`, served at a port of their own.
  public static let http = MockEngine.BuiltIn(name: HTTPSettings.workerName)
}
