internal import III

/// A request for a route, read once.
struct HTTPRequest {
  let method: String
  let version: HTTPVersion
  /// Not decoded; empty if the target has none.
  let path: String
  /// The text after the `?`.
  let query: String?
  let fields: HTTPRequestFields

  init(_ head: HTTPRequestHead, _ fields: HTTPRequestFields) {
    method = head.method
    version = head.version
    (path, query) = head.pathAndQuery
    self.fields = fields
  }
}

/// What the headers of a request say. The requests of a keep-alive connection nearly always have equal headers: then
/// they are read once.
final class HTTPRequestFields {
  private let headers: HTTPHeaders
  private let version: HTTPVersion
  let origin: String?
  /// Whether the body is read whole and parsed: the type contains the exact text, in any request.
  let isJSON: Bool
  let expectsContinue: Bool
  /// Whether the connection goes on after the request.
  let keepsAlive: Bool
  /// The headers as functions are given them: JSON.
  let input: [UInt8]

  init(_ head: HTTPRequestHead) {
    headers = head.headers
    version = head.version
    origin = headers["origin"]
    isJSON = headers.all("content-type").last?.contains("application/json") ?? false
    expectsContinue = headers["expect"]?.equalsIgnoringASCIICase("100-continue") ?? false
    keepsAlive =
      head.version == .http11
      ? !headers.lists("close", in: "connection") : headers.lists("keep-alive", in: "connection")
    input = HTTPRequestFields.input(headers)
  }

  /// Whether those of another request say the same.
  func isEqual(to head: HTTPRequestHead) -> Bool { head.version == version && head.headers == headers }

  /// Names in lower case; of a repeated name the last value; a value that is not visible ASCII is empty.
  private static func input(_ headers: HTTPHeaders) -> [UInt8] {
    var input = JSONObject()
    for field in headers.fields {
      let isVisible = field.value.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 }
      input[field.name.lowercased()] = .string(isVisible ? field.value : "")
    }
    return JSONValue.object(input).jsonBytes
  }
}

extension HTTPRequest {
  /// What middleware is given: JSON.
  struct MiddlewareInput: ComposedText {
    let request: HTTPRequest
    let route: HTTPRoute

    func compose(into sink: inout some FrameSink) {
      sink.append("{\"context\":{},\"phase\":\"preHandler\",\"request\":{\"headers\":")
      sink.append(request.fields.input)
      sink.append(member: ",\"method\":", quoting: request.method)
      sink.append(",\"path_params\":")
      route.writeParameters(of: request.path, into: &sink)
      sink.append(",\"query_params\":")
      request.writeQuery(into: &sink)
      sink.append("}}")
    }
  }

  /// What a condition is given, and the handler, which gets channels too: JSON.
  struct Input: ComposedText {
    let request: HTTPRequest
    let route: HTTPRoute
    /// JSON.
    let body: [UInt8]
    let channels: HTTPExchange.Channels?

    func compose(into sink: inout some FrameSink) {
      sink.append("{\"body\":")
      sink.append(body)
      sink.append(",\"headers\":")
      sink.append(request.fields.input)
      sink.append(",")
      sink.append(route.methodAndPath)
      sink.append(",\"path_params\":")
      route.writeParameters(of: request.path, into: &sink)
      sink.append(",\"query_params\":")
      request.writeQuery(into: &sink)
      if let channels {
        sink.append(",\"request_body\":")
        channels.request.writeReference(.read, into: &sink)
        sink.append(",\"response\":")
        channels.response.writeReference(.write, into: &sink)
      }
      sink.append(",\"trigger\":{")
      sink.append(route.methodAndPath)
      sink.append(",\"type\":\"http\"}}")
    }
  }

  private func writeQuery(into sink: inout some FrameSink) {
    guard let query, !query.isEmpty else { return sink.append("{}") }
    var items = JSONObject()
    for item in QueryItem.all(of: query) { items[item.name] = .string(item.value) }
    sink.append(JSONValue.object(items).jsonBytes)
  }
}
