/// Where and how the engine calls a function over HTTP, instead of a worker. Needs `iii-http-functions` in the engine.
///
/// The engine sends the call's payload as a JSON body, and takes the body of the answer as the result.
///
/// ```swift
/// try iii.registerFunction(
///   "mail::send",
///   invocation: HttpInvocationConfig(url: "https://mail.example.com/send", auth: .bearer(tokenKey: "MAIL_TOKEN")))
/// ```
///
/// Mirrors `HttpInvocationConfig` of the Python SDK.
public struct HttpInvocationConfig: Sendable, Hashable, Codable {
  /// The method of the requests.
  public enum Method: String, Sendable, Codable, CaseIterable {
    /// `GET`
    case get = "GET"
    /// `POST`
    case post = "POST"
    /// `PUT`
    case put = "PUT"
    /// `PATCH`
    case patch = "PATCH"
    /// `DELETE`
    case delete = "DELETE"
  }

  /// The URL, with `https` unless the engine is configured to accept `http`.
  public var url: String
  /// The method; `POST` by default.
  public var method: Method
  /// How long the engine waits for the answer, in milliseconds; by default 30 s.
  public var timeoutMs: Int?
  /// Headers of the requests, beside the engine's own.
  public var headers: [String: String]?
  /// How the engine authenticates itself; by default it does not.
  public var auth: HttpAuthConfig?

  /// Creates a configuration.
  public init(
    url: String, method: Method = .post, timeoutMs: Int? = nil, headers: [String: String]? = nil,
    auth: HttpAuthConfig? = nil
  ) {
    self.url = url
    self.method = method
    self.timeoutMs = timeoutMs
    self.headers = headers
    self.auth = auth
  }

  private enum CodingKeys: String, CodingKey {
    case url, method, headers, auth
    case timeoutMs = "timeout_ms"
  }

  /// Decodes a configuration; `method` may be absent.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    url = try container.decode(String.self, forKey: .url)
    method = try container.decodeIfPresent(Method.self, forKey: .method) ?? .post
    timeoutMs = try container.decodeIfPresent(Int.self, forKey: .timeoutMs)
    headers = try container.decodeIfPresent([String: String].self, forKey: .headers)
    auth = try container.decodeIfPresent(HttpAuthConfig.self, forKey: .auth)
  }

  /// Encodes it in the form of the wire; members that are `nil` are left out.
  ///
  /// - Throws: The encoder's errors.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(url, forKey: .url)
    try container.encode(method, forKey: .method)
    try container.encodeIfPresent(timeoutMs, forKey: .timeoutMs)
    try container.encodeIfPresent(headers, forKey: .headers)
    try container.encodeIfPresent(auth, forKey: .auth)
  }
}

/// How the engine authenticates itself when it calls a function over HTTP.
///
/// The keys are names of environment variables of the engine, not secrets: the engine reads them when the function is registered, and
/// refuses the function if one is not set.
public enum HttpAuthConfig: Sendable, Hashable, Codable {
  /// The request has a signature: `x-iii-signature: sha256=…`, by HMAC-SHA256 of time and body.
  case hmac(secretKey: String)
  /// The request has `Authorization: Bearer …`.
  case bearer(tokenKey: String)
  /// The request has this header, with the variable's value.
  case apiKey(header: String, valueKey: String)

  private enum Kind: String, Codable {
    case hmac, bearer
    case apiKey = "api_key"
  }

  private enum CodingKeys: String, CodingKey {
    case type, header
    case secretKey = "secret_key"
    case tokenKey = "token_key"
    case valueKey = "value_key"
  }

  /// Decodes the form of the wire.
  ///
  /// - Throws: `DecodingError`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    switch try container.decode(Kind.self, forKey: .type) {
    case .hmac: self = .hmac(secretKey: try container.decode(String.self, forKey: .secretKey))
    case .bearer: self = .bearer(tokenKey: try container.decode(String.self, forKey: .tokenKey))
    case .apiKey:
      self = .apiKey(
        header: try container.decode(String.self, forKey: .header),
        valueKey: try container.decode(String.self, forKey: .valueKey))
    }
  }

  /// Encodes the form of the wire.
  ///
  /// - Throws: The encoder's errors.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch self {
    case .hmac(let secretKey):
      try container.encode(Kind.hmac, forKey: .type)
      try container.encode(secretKey, forKey: .secretKey)
    case .bearer(let tokenKey):
      try container.encode(Kind.bearer, forKey: .type)
      try container.encode(tokenKey, forKey: .tokenKey)
    case .apiKey(let header, let valueKey):
      try container.encode(Kind.apiKey, forKey: .type)
      try container.encode(header, forKey: .header)
      try container.encode(valueKey, forKey: .valueKey)
    }
  }
}

extension WorkerRegistrations {
  /// Registers a function that the engine calls over HTTP; this worker has no code for it.
  ///
  /// The registration ends with the worker. The engine does not answer it: a URL that its settings do not permit, or a variable that is not
  /// set, is in the engine's log, and calls fail with `function_not_found` then. If the engine sends an invocation of the function to this
  /// worker all the same, its caller receives `function_not_invokable`.
  ///
  /// - Parameters:
  ///   - functionID: The id, such as `mail::send`; any text that is not blank.
  ///   - invocation: Where and how the engine calls it.
  ///   - description: A sentence for the engine's lists.
  ///   - metadata: Shown by the engine's lists.
  ///   - requestFormat: The schema of the payload, for the engine's lists; none by default.
  ///   - responseFormat: The schema of the result, for the engine's lists; none by default.
  /// - Returns: The registration; its `unregister()` ends it.
  /// - Throws: ``IIIRegistrationError`` if the id is blank or the worker already has a function with this id; ``IIIInvocationError`` with
  ///   the code `SHUTDOWN` after ``III/shutdown()``.
  @discardableResult
  public func registerFunction(
    _ functionID: String, invocation: HttpInvocationConfig, description: String? = nil, metadata: JSONValue? = nil,
    requestFormat: FormatSource = .none, responseFormat: FormatSource = .none
  ) throws -> FunctionRef {
    try worker.register(
      functionID, description, metadata, requestFormat, responseFormat, .unlimited, .remote,
      invocation: try PayloadCoder.encode(invocation))
  }
}
