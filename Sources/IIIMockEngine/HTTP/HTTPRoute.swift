internal import III

/// The configuration of an `http` trigger.
final class HTTPRoute {
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
  /// How many parts of `apiPath` are not empty.
  private let partCount: Int
  /// The parameters: which of those parts gives the value, and the name with its colon as JSON, after a comma where it is not the first.
  private let parameters: [(part: Int, key: [UInt8])]
  /// Two members of what functions are given: JSON without braces.
  let methodAndPath: [UInt8]

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
    let reported = HTTPRoute.split(served).filter { !$0.isEmpty }
    partCount = reported.count
    parameters = HTTPRoute.parameters(reported)
    methodAndPath = HTTPRoute.members(method: method, path: path)
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
  private static func split(_ path: String) -> [String] {
    path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
  }

  /// The parameters among the parts of a path; of those with the same name the last one has the value.
  private static func parameters(_ parts: [String]) -> [(part: Int, key: [UInt8])] {
    var values = JSONObject()
    for (part, text) in parts.enumerated() where text.hasPrefix(":") {
      values[String(text.dropFirst())] = .int(Int64(part))
    }
    return values.enumerated().compactMap { index, member in
      guard case .int(let part) = member.value else { return nil }
      return (Int(part), (index == 0 ? [] : [UInt8(ascii: ",")]) + JSONText.quoted(member.key) + [UInt8(ascii: ":")])
    }
  }

  private static func members(method: String, path: String) -> [UInt8] {
    let members: JSONValue = ["method": .string(method), "path": .string(path)]
    return Array(members.jsonBytes.dropFirst().dropLast())
  }

  /// Whether requests of this method are routed.
  var isServed: Bool { HTTPRoute.methods.contains(method) }

  /// Writes the values of the named segments in a path as a JSON object, as the real engine finds them: empty parts are dropped
  /// on both sides, and nothing is reported where the numbers differ then.
  func writeParameters(of path: String, into sink: inout some FrameSink) {
    guard !parameters.isEmpty else { return sink.append("{}") }
    let parts = path.utf8.split(separator: UInt8(ascii: "/"))
    guard parts.count == partCount else { return sink.append("{}") }
    sink.append("{")
    for (part, key) in parameters {
      sink.append(key)
      sink.append(quoting: String(Substring(parts[part])))
    }
    sink.append("}")
  }

  func hasShape(of other: HTTPRoute) -> Bool {
    segments.count == other.segments.count && zip(segments, other.segments).allSatisfy { $0.hasShape(of: $1) }
  }
}
