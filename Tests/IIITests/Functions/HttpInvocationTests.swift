import Testing

@testable import III

@Suite("Functions that the engine calls over HTTP")
struct HttpInvocationTests {
  @Test("a configuration has the form of the wire, with each kind of authentication")
  func encoding() throws {
    func json(_ value: some Encodable) throws -> String { try JSONValue(encoding: value).jsonString() }
    #expect(try json(HttpInvocationConfig(url: "http://x")) == #"{"url":"http://x","method":"POST"}"#)
    let all = HttpInvocationConfig(
      url: "http://x", method: .put, timeoutMs: 5, headers: ["H": "v"], auth: .hmac(secretKey: "S"))
    #expect(
      try json(all)
        == #"{"url":"http://x","method":"PUT","timeout_ms":5,"headers":{"H":"v"},"auth":{"type":"hmac","secret_key":"S"}}"#
    )
    #expect(try json(HttpAuthConfig.bearer(tokenKey: "T")) == #"{"type":"bearer","token_key":"T"}"#)
    #expect(
      try json(HttpAuthConfig.apiKey(header: "X-Key", valueKey: "V"))
        == #"{"type":"api_key","header":"X-Key","value_key":"V"}"#)
    for auth in [HttpAuthConfig.hmac(secretKey: "S"), .bearer(tokenKey: "T"), .apiKey(header: "H", valueKey: "V")] {
      let config = HttpInvocationConfig(url: "https://x", auth: auth)
      #expect(try JSONValue(encoding: config).decoded() == config)
    }
    #expect(try JSONValue(parsing: #"{"url":"x"}"#).decoded(as: HttpInvocationConfig.self).method == .post)
    #expect(throws: DecodingError.self) {
      try JSONValue(parsing: #"{"type":"basic"}"#).decoded(as: HttpAuthConfig.self)
    }
  }

  @Test("the engine is told where to call, and a call that it sends here is refused")
  func registration() async throws {
    try await withWorker { worker, peer, _ in
      let function = try worker.registerFunction(
        "a::http",
        invocation: HttpInvocationConfig(
          url: "http://x/y", timeoutMs: 5, headers: ["H": "v"], auth: .bearer(tokenKey: "TK")))
      #expect(
        try await peer.receive()
          == #"{"type":"registerfunction","id":"a::http","invocation":{"url":"http://x/y","method":"POST","timeout_ms":5,"headers":{"H":"v"},"auth":{"type":"bearer","token_key":"TK"}}}"#
      )
      #expect(throws: IIIRegistrationError.self) {
        try worker.registerFunction("a::http", invocation: HttpInvocationConfig(url: "http://z"))
      }
      await peer.send(
        #"{"type":"invokefunction","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"a::http","data":{},"traceparent":"t"}"#
      )
      #expect(
        try await peer.receive()
          == #"{"type":"invocationresult","invocation_id":"550e8400-e29b-41d4-a716-446655440000","function_id":"a::http","error":{"code":"function_not_invokable","message":"Function is HTTP-invoked and cannot be invoked locally"},"traceparent":"t"}"#
      )
      function.unregister()
      #expect(try await peer.receive() == #"{"type":"unregisterfunction","id":"a::http"}"#)
    }
  }

  @Test("it is registered again on the next connection")
  func replay() async throws {
    try await withWorker { worker, peer, engine in
      try worker.registerFunction("a::http", invocation: HttpInvocationConfig(url: "http://x"), description: "D")
      _ = try await peer.receive("registerfunction")
      await peer.drop()
      let again = try await engine.accept()
      #expect(
        try await again.receive("registerfunction")
          == [
            "type": "registerfunction", "id": "a::http", "description": "D",
            "invocation": ["url": "http://x", "method": "POST"],
          ])
      await again.drop()
    }
  }
}
