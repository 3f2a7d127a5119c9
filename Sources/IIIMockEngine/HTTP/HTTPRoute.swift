internal import III

/// The configuration of an `http` trigger.
struct HTTPRoute {
  let trigger: TriggerEntry
  /// As it was registered: functions are given this and not the request's path.
  let apiPath: String
  /// In upper case.
  let method: String
  let condition: ByteKey?
  let middleware: [ByteKey]
  /// The path at which the route is served, split at its slashes.
  let segments: [Segment]
  /// The text of the first segment `{text}`, which is often meant as a parameter.
  let unnamedParameter: String?

  /// A part of a path between two slashes.
  enum Segment: Hashable {
    case exactly(String)
    /// Any text: `:name`, which is reported, or `{name}`, which is not.
    case any(name: String?)
    /// The rest of the path: `{*name}`.
    case rest

    /// Whether two segments match the same texts.
    func hasShape(of other: Segment) -> Bool {
      switch (self, other) {
      case (.exactly(let a), .exactly(let b)): ByteKey(a) == ByteKey(b)
      case (.any, .any), (.rest, .rest): true
      default: false
      }
    }
  }

  static let methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]

  /// - Throws: Why the trigger is refused.
  init(_ trigger: TriggerEntry) throws(InvocationFailure) {
    self.trigger = trigger
    let config = try? PayloadCoder.decode(JSONValue.self, from: trigger.config)
    guard case .string(let path)? = config?["api_path"] else {
      throw HTTPRoute.refusal("api_path is required for http triggers")
    }
    apiPath = path
    method = config?["http_method"]?.stringValue?.uppercased() ?? "GET"
    condition = config?["condition_function_id"]?.stringValue.map { ByteKey($0) }
    middleware = config?["middleware_function_ids"]?.arrayValue?.compactMap { $0.stringValue.map { ByteKey($0) } } ?? []
    let served = path.utf8.first == UInt8(ascii: "/") ? path : "/" + path
    let parts = HTTPRoute.split(served)
    segments = parts.map { text in
      if text.hasPrefix(":") { return .any(name: String(text.dropFirst())) }
      if text.hasPrefix("{*"), text.hasSuffix("}") { return .rest }
      if text.hasPrefix("{"), text.hasSuffix("}") { return .any(name: nil) }
      return .exactly(text)
    }
    unnamedParameter = zip(segments, parts).first { $0.0 == .any(name: nil) }.map {
      String($0.1.dropFirst().dropLast())
    }
    if let star = parts.first(where: { $0.hasPrefix("*") }) {
      throw HTTPRoute.refusal(
        "api_path '\(path)': a segment must not begin with '*'; write '{\(star)}' to match the rest of a path")
    }
    if let rest = segments.firstIndex(of: .rest), rest != segments.count - 1 {
      throw HTTPRoute.refusal("api_path '\(path)': '{*…}' matches the rest of a path and must be its last segment")
    }
  }

  static func refusal(_ message: String) -> InvocationFailure {
    InvocationFailure(code: "trigger_registration_failed", message: message)
  }

  /// The parts of a path between its slashes; the first slash is left out.
  static func split(_ path: String) -> [String] {
    path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
  }

  /// Whether requests of this method are routed.
  var isServed: Bool { HTTPRoute.methods.contains(method) }

  /// The values of the named segments in a path, as the real engine finds them: empty parts are dropped on both sides,
  /// and nothing is reported where the numbers differ then.
  func parameters(in path: String) -> JSONObject {
    let pattern = HTTPRoute.split(apiPath.hasPrefix("/") ? apiPath : "/" + apiPath).filter { !$0.isEmpty }
    let actual = HTTPRoute.split(path).filter { !$0.isEmpty }
    var parameters = JSONObject()
    guard pattern.count == actual.count else { return parameters }
    for (part, value) in zip(pattern, actual) where part.hasPrefix(":") {
      parameters[String(part.dropFirst())] = .string(value)
    }
    return parameters
  }

  func hasShape(of other: HTTPRoute) -> Bool {
    segments.count == other.segments.count && zip(segments, other.segments).allSatisfy { $0.hasShape(of: $1) }
  }
}
