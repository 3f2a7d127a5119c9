/// Gives names to the values of a conversation that differ from run to run, by first appearance: `$uuid1`, `$secret1` …
package struct PlaceholderNames: Sendable {
  private var names: [String: String] = [:]
  private var counts: [String: Int] = [:]
  private var secrets: [(value: String, name: String)] = []

  package init() {}

  /// Members of the engine's messages whose values are secrets that a worker sends back.
  private static let secretKeys = ["access_key", "reattach_token"]
  private static let registration = "engine::workers::register"

  /// A message of a worker: ids, time stamps, trace contexts, and what it reports of its process are named.
  package mutating func namedByWorker(_ message: JSON) -> JSON {
    var message = named(message, isWorkers: true)
    guard message["function_id"]?.string == Self.registration, case .object(let members)? = message["data"],
      case .number(let pid)? = message["data"]?["pid"]
    else { return message }
    // A worker without a name reports `HOST:PID`.
    let data = members.map { key, value -> (key: String, value: JSON) in
      if key == "pid" { return (key, .string("$number")) }
      guard key == "name", let name = value.string, name.hasSuffix(":\(pid)") else { return (key, value) }
      return (key, .string(name.dropLast(pid.count) + "$number"))
    }
    if case .object(let outer) = message {
      message = .object(outer.map { $0.key == "data" ? ($0.key, .object(data)) : ($0.key, $0.value) })
    }
    return message
  }

  /// A message of the engine: ids and secrets are named. Numbers and time stamps stay, so that a worker gets them again.
  package mutating func namedByEngine(_ message: JSON) -> JSON { named(message, isWorkers: false) }

  /// A path or another text of a worker.
  package mutating func named(_ text: String) -> String { named(text, isWorkers: true) }

  private mutating func named(_ value: JSON, isWorkers: Bool) -> JSON {
    switch value {
    case .null, .bool, .number: return value
    case .string(let text): return .string(named(text, isWorkers: isWorkers))
    case .array(let elements): return .array(elements.map { named($0, isWorkers: isWorkers) })
    case .object(let members):
      return .object(
        members.map { key, value in
          let name = named(key, isWorkers: isWorkers)
          if Self.secretKeys.contains(key), let secret = value.string, !secret.isEmpty {
            return (name, .string(named(secret: secret)))
          }
          return (name, named(value, isWorkers: isWorkers))
        })
    }
  }

  private mutating func named(secret: String) -> String {
    if let known = secrets.first(where: { $0.value == secret }) { return known.name }
    let name = nextName("secret")
    secrets.append((secret, name))
    return name
  }

  private mutating func nextName(_ kind: String) -> String {
    counts[kind, default: 0] += 1
    return "$\(kind)\(counts[kind] ?? 0)"
  }

  private mutating func named(_ text: String, isWorkers: Bool) -> String {
    var text = text
    for (secret, name) in secrets { text.replace(secret, with: name) }
    guard text.utf8.contains(UInt8(ascii: "-")) else { return text }
    if isWorkers {
      text.replace(/00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}/, with: "$traceparent")
      text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/, with: "$timestamp")
    }
    // Not in a hurry, but a pattern is tried at each character: without four dashes there is no id.
    guard text.utf8.count(where: { $0 == UInt8(ascii: "-") }) >= 4 else { return text }
    return text.replacing(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/) { match in
      let id = String(match.output)
      if let known = names[id] { return known }
      let name = nextName("uuid")
      names[id] = name
      return name
    }
  }
}
