internal import III

/// How a function is called over HTTP: the member `invocation` of its registration.
struct HTTPInvocation: Equatable {
  enum Method: String, CaseIterable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  /// Which credential a request carries. The texts are names of environment variables of the engine.
  enum Authentication: Equatable {
    case hmac(secretKey: String)
    case bearer(tokenKey: String)
    case apiKey(header: String, valueKey: String)
  }

  struct Header: Equatable {
    let name: String
    let value: String
  }

  /// Why it cannot be read.
  struct Problem: Error, Equatable {
    let reason: String
  }

  let url: String
  private(set) var method = Method.post
  /// How long a call may take.
  private(set) var timeout: Duration?
  private(set) var headers: [Header] = []
  private(set) var authentication: Authentication?

  init(_ json: ByteView) throws(Problem) {
    guard let value = try? JSONParser.parse(json), case .object = value else {
      throw Problem(reason: "it is no object")
    }
    url = try HTTPInvocation.text("url", of: value)
    if let method = value["method"] {
      guard let known = method.stringValue.flatMap(Method.init) else {
        throw Problem(reason: "`method` is none of \(Method.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      self.method = known
    }
    switch value["timeout_ms"] {
    case nil, .null?: break
    case .int(let milliseconds)? where milliseconds >= 0: timeout = .milliseconds(milliseconds)
    case .uint?: timeout = HTTPInvocation.maxTimeout
    default: throw Problem(reason: "`timeout_ms` is no number of milliseconds")
    }
    if let headers = value["headers"] { self.headers = try HTTPInvocation.headers(headers) }
    if let auth = value["auth"], auth != .null { authentication = try HTTPInvocation.authentication(auth) }
  }

  /// The longest that a call may take, whatever its registration says.
  static let maxTimeout = Duration.seconds(60)
  static let defaultTimeout = Duration.seconds(30)

  private static func headers(_ value: JSONValue) throws(Problem) -> [Header] {
    guard case .object(let members) = value else { throw Problem(reason: "`headers` is no object") }
    var headers: [Header] = []
    for (name, value) in members {
      guard let text = value.stringValue else { throw Problem(reason: "header '\(name.prefix(40))' is no string") }
      guard !name.isEmpty, name.utf8.allSatisfy(\.isHTTPTokenCharacter), text.utf8.allSatisfy(\.isHTTPValueByte) else {
        throw Problem(reason: "header '\(name.prefix(40))' cannot be sent: it is not valid in HTTP")
      }
      guard !framing.contains(where: { name.equalsIgnoringASCIICase($0) }) else {
        throw Problem(reason: "header '\(name)' cannot be sent: the engine frames the request")
      }
      headers.append(Header(name: name, value: text))
    }
    return headers
  }

  /// Headers that say where a request ends: two programs must not read them differently.
  private static let framing = [
    "content-length", "transfer-encoding", "connection", "upgrade", "expect", "te", "trailer",
  ]

  private static func authentication(_ value: JSONValue) throws(Problem) -> Authentication {
    guard case .object = value else { throw Problem(reason: "`auth` is no object") }
    switch value["type"]?.stringValue {
    case "hmac": return .hmac(secretKey: try text("secret_key", of: value))
    case "bearer": return .bearer(tokenKey: try text("token_key", of: value))
    case "api_key":
      let header = try text("header", of: value)
      guard !header.isEmpty, header.utf8.allSatisfy(\.isHTTPTokenCharacter) else {
        throw Problem(reason: "`header` of `auth` is not valid in HTTP")
      }
      return .apiKey(header: header, valueKey: try text("value_key", of: value))
    default: throw Problem(reason: "the type of `auth` is none of hmac, bearer, api_key")
    }
  }

  private static func text(_ name: String, of value: JSONValue) throws(Problem) -> String {
    guard let member = value[name] else { throw Problem(reason: "missing field `\(name)`") }
    guard case .string(let text) = member else { throw Problem(reason: "`\(name)` is no string") }
    return text
  }
}

/// A registered function that is called over HTTP.
final class HTTPFunction: Sendable {
  /// What a request proves itself with; never shown.
  enum Credential: Sendable {
    case hmac(secret: String)
    case header(name: String, value: String)
  }

  let url: HTTPTargetURL
  let method: String
  let timeout: Duration
  let headers: [(name: String, value: String)]
  let credential: Credential?

  /// - Throws: Why the function is not registered: its URL may not be called, or a variable is not set.
  init(
    _ invocation: HTTPInvocation, _ policy: HTTPTargetPolicy, environment: Variables
  ) throws(HTTPInvocation.Problem) {
    if case .failure(let missing) = CurlLibrary.shared {
      throw .init(reason: "libcurl, which calls functions over HTTP, cannot be loaded: \(missing.reason)")
    }
    guard let url = HTTPTargetURL(invocation.url) else { throw .init(reason: HTTPTargetPolicy.invalidURL) }
    if let refusal = policy.refusal(of: url) { throw .init(reason: refusal) }
    self.url = url
    method = invocation.method.rawValue
    timeout = min(invocation.timeout ?? HTTPInvocation.defaultTimeout, HTTPInvocation.maxTimeout)
    headers = invocation.headers.map { ($0.name, $0.value) }
    switch invocation.authentication {
    case .hmac(let key): credential = .hmac(secret: try HTTPFunction.secret(key, environment))
    case .bearer(let key):
      credential = .header(name: "authorization", value: "Bearer \(try HTTPFunction.secret(key, environment))")
    case .apiKey(let header, let key):
      credential = .header(name: header.lowercased(), value: try HTTPFunction.secret(key, environment))
    case nil: credential = nil
    }
  }

  private static func secret(_ name: String, _ environment: Variables) throws(HTTPInvocation.Problem) -> String {
    guard let value = environment[name] else {
      throw .init(reason: "environment variable '\(name)' of the engine is not set, which `auth` names")
    }
    guard value.utf8.allSatisfy(\.isHTTPValueByte) else {
      throw .init(reason: "the value of environment variable '\(name)' cannot be sent in a header")
    }
    return value
  }

  /// The headers of a request. A configured header takes the place of the engine's own of that name.
  func requestHeaders(
    functionID: String, invocationID: String, seconds: UInt64, body: [UInt8]
  ) -> [(name: String, value: String)] {
    var all = [
      (name: "content-type", value: "application/json"), ("x-iii-function-path", functionID),
      ("x-iii-invocation-id", invocationID), ("x-iii-timestamp", "\(seconds)"),
    ].filter { own in !headers.contains { $0.name.equalsIgnoringASCIICase(own.name) } }
    switch credential {
    case .hmac(let secret):
      let signature = OpenSSL.hmacSHA256(
        key: Array(secret.utf8), Array("\(seconds):\(Base64.encode(body))".utf8))
      all.append((name: "x-iii-signature", value: "sha256=\(signature.map(HTTPFunction.hex).joined())"))
    case .header(let name, let value): all.append((name: name, value: value))
    case nil: break
    }
    return all + headers
  }

  private static func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }
}
