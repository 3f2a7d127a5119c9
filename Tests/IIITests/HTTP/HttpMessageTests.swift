import Testing

@testable import III

@Suite("Requests and answers of HTTP triggers")
struct HttpMessageTests {
  struct Order: Codable, Sendable, Equatable { var item: String }

  @Test("a request is read with one value for a name or several; absent members are empty")
  func request() throws {
    let request = try JSONValue(
      parsing:
        #"{"method":"POST","path":"orders/:id","path_params":{"id":"7"},"query_params":{"q":"a","r":["b","c"]},"headers":{"x-a":"1","x-b":["2"]},"body":{"item":"pear"}}"#
    ).decoded(as: HttpRequest<Order>.self)
    #expect(request.method == "POST" && request.path == "orders/:id" && request.pathParams == ["id": "7"])
    #expect(request.queryParams == ["q": ["a"], "r": ["b", "c"]] && request.query("r") == "b")
    #expect(request.header("X-A") == "1" && request.header("x-b") == "2" && request.header("x-c") == nil)
    #expect(request.body == Order(item: "pear"))
    let empty = try JSONValue(parsing: #"{"body":null}"#).decoded(as: ApiRequest<Order>.self)
    #expect(empty.method == "" && empty.headers == [:] && empty.queryParams == [:] && empty.body == nil)
    #expect(throws: DecodingError.self) {
      try JSONValue(parsing: #"{"body":{"item":1}}"#).decoded(as: HttpRequest<Order>.self)
    }
    #expect(throws: DecodingError.self) {
      try JSONValue(parsing: #"{"headers":{"a":1}}"#).decoded(as: HttpRequest<Order>.self)
    }
  }

  @Test("an answer has the form that the engine reads")
  func response() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("f") { (_: HttpRequest<Order>) async in HttpResponse(statusCode: 201, body: "x") }
      let registration = try await peer.receive("registerfunction")
      let properties = registration["request_format"]?["properties"]
      #expect(properties?["body"]?["properties"]?["item"] == ["type": "string"])
      #expect(properties?["method"] == ["type": "string"])
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"f","data":{}}"#
      )
      #expect(
        try await peer.receive().contains(#""result":{"status_code":201,"headers":{},"body":"x"}"#))
    }
    let none = ApiResponse<JSONValue>(statusCode: 204)
    #expect(try JSONValue(encoding: none).jsonString() == #"{"status_code":204,"headers":{}}"#)
  }

  @Test("a payload without channels is refused with the member's name")
  func withoutChannels() async throws {
    try await withWorker { worker, peer, _ in
      try worker.registerFunction("f", handler: http { _, response in try await response.write("x") })
      _ = try await peer.receive("registerfunction")
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"f","data":{}}"#
      )
      let error = try await peer.receive("invocationresult")["error"]
      #expect(error?["code"] == "invocation_failed")
      #expect(error?["message"]?.jsonString().contains("request_body") == true)
    }
  }
}
