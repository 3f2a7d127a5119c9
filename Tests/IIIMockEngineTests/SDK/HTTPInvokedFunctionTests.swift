import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// Functions that a worker registers with a URL: the engine calls the URL for other workers.
@Suite("Functions of a worker that the engine calls over HTTP", .timeLimit(.minutes(5)))
struct HTTPInvokedFunctionTests {
  /// Registers a function with `change`d configuration, and calls it from another worker.
  private func call(
    _ payload: JSONValue, answering answer: RawHTTPServer.Answer = .response(status: 200, body: #"{"ok":true}"#),
    _ change: (inout HttpInvocationConfig) -> Void = { _ in }
  ) async throws -> (request: RawHTTPServer.Request?, result: Result<JSONValue, any Error>) {
    let server = try await RawHTTPServer.start { _ in answer }
    let file = try ConfigurationFile.parse(
      text: """
        workers:
          - name: iii-worker-manager
            config: { host: 127.0.0.1, port: 0 }
          - name: iii-http-functions
            config: { security: { require_https: false, block_private_ips: false } }
        """, path: "config.yaml", environment: Variables(["SECRET": "wire secret", "TOKEN": "t-1"]))
    #expect(file.warnings.isEmpty)
    let outcome = try await withMockEngine(MockEngine.Configuration(file)) { engine in
      let owner = try await registerWorker(engine.url, options: InitOptions(workerName: "owner"))
      let caller = try await registerWorker(engine.url, options: InitOptions(workerName: "caller"))
      var configuration = HttpInvocationConfig(url: "\(await server.url)/hook?x=1")
      change(&configuration)
      try owner.registerFunction("hook::f", invocation: configuration)
      try await engine.waitForFunction("hook::f")
      let result: Result<JSONValue, any Error>
      do {
        result = .success(try await caller.trigger("hook::f", payload: payload))
      } catch {
        result = .failure(error)
      }
      await caller.shutdown()
      await owner.shutdown()
      return result
    }
    let request = await server.requests.first { _ in true }
    await server.stop()
    return (request, outcome)
  }

  @Test("method, headers and token are those of the configuration, and the answer is the caller's result")
  func bearer() async throws {
    let (request, result) = try await call(["n": 1, "list": [1.0, nil]]) {
      $0.method = .put
      $0.headers = ["X-Team": "shop"]
      $0.auth = .bearer(tokenKey: "TOKEN")
    }
    #expect(try result.get() == ["ok": true])
    let sent = try #require(request)
    #expect(sent.line == "PUT /hook?x=1 HTTP/1.1")
    #expect(sent.header("x-team") == "shop" && sent.header("authorization") == "Bearer t-1")
    #expect(sent.header("content-type") == "application/json" && sent.header("x-iii-function-path") == "hook::f")
    let body = try JSONValue(parsing: sent.text)
    #expect(body["n"] == 1 && body["list"] == [1.0, nil])
  }

  @Test("without more than a URL the request is a POST without credentials")
  func plain() async throws {
    let (request, result) = try await call([1, 2], answering: .response(status: 200, body: "[3]"))
    #expect(try result.get() == [3])
    #expect(request?.line == "POST /hook?x=1 HTTP/1.1" && request?.text == "[1,2]")
    #expect(request?.header("authorization") == nil && request?.header("x-iii-signature") == nil)
  }

  @Test("a key goes in the header that the configuration names")
  func apiKey() async throws {
    let (request, result) = try await call(nil) { $0.auth = .apiKey(header: "X-Key", valueKey: "TOKEN") }
    #expect(try result.get() == ["ok": true])
    #expect(request?.header("x-key") == "t-1" && request?.header("authorization") == nil)
  }

  @Test("a secret signs the request, and is not sent")
  func hmac() async throws {
    let (request, result) = try await call([]) { $0.auth = .hmac(secretKey: "SECRET") }
    #expect(try result.get() == ["ok": true])
    let sent = try #require(request)
    let signature = try #require(sent.header("x-iii-signature"))
    #expect(signature.hasPrefix("sha256=") && signature.utf8.count == 7 + 64)
    #expect(!sent.headers.contains { $0.value.contains("wire secret") })
  }

  @Test("an error of the server is the caller's error")
  func failure() async throws {
    let answer = RawHTTPServer.Answer.response(status: 409, body: #"{"error":{"code":"TAKEN","message":"seat 7"}}"#)
    let (_, result) = try await call(nil, answering: answer)
    let error = #expect(throws: IIIInvocationError.self) { try result.get() }
    #expect(error?.code == "TAKEN" && error?.message == "seat 7" && error?.functionID == "hook::f")
  }
}
