/// A request to a route of the engine's HTTP server, as a handler receives it whole.
///
/// ```swift
/// try iii.registerFunction("orders::create") { (request: HttpRequest<Order>) async throws -> HttpResponse<Receipt> in
///   guard let order = request.body else { throw IIIInvocationError(code: "BAD_REQUEST", message: "no order") }
///   return HttpResponse(statusCode: 201, body: try await price(order))
/// }
/// try iii.registerTrigger(HttpTriggerConfig(apiPath: "/orders", httpMethod: .post), functionID: "orders::create")
/// ```
///
/// Use `http` for bodies that are not JSON, and for answers in parts.
public struct HttpRequest<Body: Decodable & Sendable>: Sendable, Decodable {
  /// The method, in upper case.
  public let method: String
  /// The route's path as it was registered, such as `/orders/:id`; not that of the request.
  public let path: String
  /// The parts of the path that the route has as parameters, not percent-decoded.
  public let pathParams: [String: String]
  /// The query, decoded. Engines up to 0.13 send the last value of a name only.
  public let queryParams: [String: [String]]
  /// The headers; their names are in lower case. Engines up to 0.13 send the last value of a name only.
  public let headers: [String: [String]]
  /// The body of a request with the content type `application/json`; `nil` for others, and if it is not valid JSON.
  public let body: Body?

  /// The first value of a header.
  public func header(_ name: String) -> String? { headers[name.lowercased()]?.first }

  /// The first value of a name in the query.
  public func query(_ name: String) -> String? { queryParams[name]?.first }

  private enum CodingKeys: String, CodingKey {
    case method, path, headers, body
    case pathParams = "path_params"
    case queryParams = "query_params"
  }

  /// Decodes the payload of an `http` trigger; members that are absent are empty.
  ///
  /// - Throws: `DecodingError`, also if the body is not a `Body`.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    method = try container.decodeIfPresent(String.self, forKey: .method) ?? ""
    path = try container.decodeIfPresent(String.self, forKey: .path) ?? ""
    pathParams = try container.decodeIfPresent([String: String].self, forKey: .pathParams) ?? [:]
    queryParams = try container.decodeIfPresent([String: OneOrMore].self, forKey: .queryParams)?.values ?? [:]
    headers = try container.decodeIfPresent([String: OneOrMore].self, forKey: .headers)?.values ?? [:]
    body = try container.decodeIfPresent(Body.self, forKey: .body)
  }
}

/// A string, or an array of strings.
private struct OneOrMore: Decodable {
  let values: [String]

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let value = try? container.decode(String.self) {
      values = [value]
    } else {
      values = try container.decode([String].self)
    }
  }
}

extension [String: OneOrMore] {
  fileprivate var values: [String: [String]] { mapValues(\.values) }
}

extension HttpRequest: JSONSchemaProviding {
  /// The schema of the payload of an `http` trigger.
  public static var jsonSchema: JSONValue { httpRequestSchema(body: Body.self) }
}

private func httpRequestSchema<Body>(body type: Body.Type) -> JSONValue {
  let texts: JSONValue = ["type": "object", "additionalProperties": ["type": "string"]]
  var properties: JSONObject = [
    "method": ["type": "string"], "path": ["type": "string"], "path_params": texts, "query_params": texts,
    "headers": texts,
  ]
  if var body = jsonSchema(for: type) {
    body["$schema"] = nil
    properties["body"] = body
  }
  return ["type": "object", "properties": .object(properties), "title": "HttpRequest"]
}

/// The answer to an ``HttpRequest``.
///
/// Without a header `content-type` the body is sent as JSON. With one, a body that is a string is sent as it is.
public struct HttpResponse<Body: Encodable & Sendable>: Sendable, Encodable {
  /// The status, 100 to 999; the engine sends 200 for others.
  public var statusCode: Int
  /// The headers.
  public var headers: [String: String]
  /// The body; without one the engine sends `{}`.
  public var body: Body?

  /// Creates an answer.
  public init(statusCode: Int = 200, headers: [String: String] = [:], body: Body? = nil) {
    self.statusCode = statusCode
    self.headers = headers
    self.body = body
  }

  private enum CodingKeys: String, CodingKey {
    case headers, body
    case statusCode = "status_code"
  }

  /// Encodes the result that the engine makes the answer from.
  ///
  /// - Throws: The encoder's errors.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(statusCode, forKey: .statusCode)
    try container.encode(headers, forKey: .headers)
    try container.encodeIfPresent(body, forKey: .body)
  }
}

extension HttpResponse: Equatable where Body: Equatable {}
extension HttpResponse: Hashable where Body: Hashable {}

/// ``HttpRequest`` under its name in the SDKs before 0.20.
public typealias ApiRequest = HttpRequest
/// ``HttpResponse`` under its name in the SDKs before 0.20.
public typealias ApiResponse = HttpResponse
