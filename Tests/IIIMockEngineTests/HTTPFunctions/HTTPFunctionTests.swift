import III
import TestSupport
import Testing
import UV

@testable import IIIMockEngine

/// Functions that the engine calls over HTTP, with a server that answers byte for byte.
@Suite(.timeLimit(.minutes(5))) struct HTTPFunctionTests {
  private func withServer(
    _ configuration: MockEngine.Configuration = MockEngine.Configuration(),
    _ answer: @escaping @Sendable (RawHTTPServer.Request) -> RawHTTPServer.Answer,
    _ body: (_ engine: MockEngine, _ worker: RawPeer, _ server: RawHTTPServer) async throws -> Void
  ) async throws {
    let server = try await RawHTTPServer.start(answer)
    try await withMockEngine(configuration) { engine in
      let worker = try await RawPeer.open(engine.url)
      _ = try await worker.receiveText()
      try await body(engine, worker, server)
      await worker.abort()
    }
    await server.stop()
  }

  /// Registers a function that is called at a URL, and waits until the engine has read it.
  private func register(
    _ id: String, at url: String, _ more: JSONObject = [:], by worker: RawPeer
  ) async throws {
    var invocation: JSONObject = ["url": .string(url)]
    for (name, value) in more { invocation[name] = .some(value) }
    let frame: JSONValue = [
      "type": "registerfunction", "id": .string(id), "invocation": .object(invocation),
    ]
    await worker.send(frame.jsonString())
    try await worker.fence()
  }

  private func failure(_ engine: MockEngine, _ id: String) async -> String {
    let error = await #expect(throws: IIIInvocationError.self) { try await engine.call(id, ["a": 1]) }
    return error.map { "\($0.code): \($0.message)" } ?? ""
  }

  @Test("a call posts its payload with the engine's headers, and the answer is its result")
  func call() async throws {
    try await withServer { _ in
      .response(status: 200, body: #"{"z":1, "a":[true, 1.0]}"#)
    } _: {
      engine, worker, server in
      try await register("ext::f", at: "\(await server.url)/deep/path?x=1", by: worker)
      let caller = try await engine.registerWorker()
      #expect(try await caller.ask("ext::f", ["b": 1, "a": 1.0]) == ["z": 1, "a": [true, 1.0]])
      let request = try #require(await server.requests.first { _ in true })
      #expect(request.line == "POST /deep/path?x=1 HTTP/1.1")
      #expect(request.header("content-type") == "application/json")
      #expect(request.header("x-iii-function-path") == "ext::f")
      #expect(request.header("x-iii-invocation-id")?.count == 36)
      #expect(request.header("x-iii-timestamp").flatMap { Int($0) } != nil)
      let sent = try JSONValue(parsing: request.text)
      #expect(sent["b"] == 1 && sent["a"] == 1.0)
      #expect(sent["_caller_worker_id"]?.stringValue?.count == 36)
      // Calls of the engine itself pass the payload on as it is, and so do arrays.
      try await engine.call("ext::f", ["n": 1])
      #expect(await server.requests.first { _ in true }?.text == #"{"n":1}"#)
      _ = try await caller.ask("ext::f", [1, 2])
      #expect(await server.requests.first { _ in true }?.text == "[1,2]")
    }
  }

  @Test("method and headers are those of the registration, and a connection is used again")
  func methods() async throws {
    try await withServer { _ in
      .response(status: 204)
    } _: { engine, worker, server in
      for method in ["PUT", "GET", "DELETE"] {
        try await register(
          "ext::\(method)", at: await server.url,
          ["method": .string(method), "headers": ["X-A": "b", "X-Empty": "", "content-type": "text/x"]], by: worker)
        #expect(try await engine.call("ext::\(method)", ["a": 1]) == .null)
        let request = try #require(await server.requests.first { _ in true })
        #expect(request.line == "\(method) / HTTP/1.1")
        #expect(request.text == #"{"a":1}"#)
        #expect(request.header("x-a") == "b" && request.header("x-empty") == "")
        #expect(request.headers.filter { $0.name == "content-type" }.map(\.value) == ["text/x"])
        #expect(request.header("expect") == nil)
      }
      #expect(await server.connectionCount == 1)
    }
  }

  @Test("a redirect is not followed, and other failures are named")
  func failures() async throws {
    try await withServer { request in
      switch request.line.split(separator: " ")[1].split(separator: "?")[0] {
      case "/redirect": .response(status: 302, headers: "location: /followed\r\n")
      case "/error": .response(status: 500, body: #"{"error":{"code":"DOWN","message":"later"}}"#)
      case "/text": .response(status: 200, body: "not json")
      case "/garbage": .last("this is not HTTP\r\n\r\n")
      case "/cut": .last("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"a\":")
      default: .last("")
      }
    } _: { engine, worker, server in
      let url = await server.url
      for path in ["redirect", "error", "text", "garbage", "cut", "nothing"] {
        try await register(path, at: "\(url)/\(path)?token=secret", by: worker)
      }
      #expect(await failure(engine, "redirect") == "http_error: HTTP 302 Found")
      #expect(await failure(engine, "error") == "DOWN: later")
      #expect(await failure(engine, "text") == "invalid_response: expected ident at line 1 column 2")
      let garbage = await failure(engine, "garbage")
      #expect(garbage.hasPrefix("http_request_failed: error sending request for url (\(url)/garbage): "), "\(garbage)")
      let cut = await failure(engine, "cut")
      #expect(cut.hasPrefix("http_response_failed: error decoding response body: "), "\(cut)")
      #expect(await failure(engine, "nothing").hasPrefix("http_request_failed: "))
      await server.stop()
      let down = await failure(engine, "redirect")
      #expect(down.contains("client error (Connect): tcp connect error"), "\(down)")
      #expect(!down.contains("secret"))
    }
  }

  @Test("an answer that is too long, or whose head is, is given up")
  func limits() async throws {
    try await withServer { request in
      let isHead = request.line.contains("/head")
      let line = "x-filler: \(String(repeating: "y", count: 8000))\r\n"
      let head = "HTTP/1.1 200 OK\r\n" + (isHead ? String(repeating: line, count: 40) : "")
      if isHead { return .bytes(Array(head.utf8)) }
      let body = [UInt8](repeating: 0x20, count: HTTPClient.maxBody + 1)
      return .bytes(Array("\(head)transfer-encoding: chunked\r\n\r\n\(String(body.count, radix: 16))\r\n".utf8) + body)
    } _: { engine, worker, server in
      try await register("body", at: "\(await server.url)/body", by: worker)
      try await register("head", at: "\(await server.url)/head", by: worker)
      #expect(
        await failure(engine, "body")
          == "http_response_failed: error decoding response body: the body is longer than \(HTTPClient.maxBody) bytes")
      #expect(await failure(engine, "head").hasSuffix("the head of the answer is longer than 262144 bytes"))
    }
  }

  @Test("a call ends when its time is over, and its connection is closed")
  func timeout() async throws {
    try await withServer { _ in
      .silence
    } _: { engine, worker, server in
      try await register("slow", at: await server.url, ["timeout_ms": 300], by: worker)
      let text = await failure(engine, "slow")
      #expect(text.hasSuffix("operation timed out"), "\(text)")
      _ = await server.endings.first { _ in true }
    }
  }

  @Test("a request is given up when the worker that waits for its answer leaves")
  func callerLeaves() async throws {
    try await withServer { _ in
      .silence
    } _: { engine, worker, server in
      try await register("slow", at: await server.url, by: worker)
      let caller = try await RawPeer.open(engine.url)
      _ = try await caller.receiveText()
      await caller.send(
        #"{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-000000000001","function_id":"slow","data":{}}"#
      )
      _ = await server.requests.first { _ in true }
      await caller.abort()
      _ = await server.endings.first { _ in true }
    }
  }

  @Test("private addresses are refused at each call, also those that a name resolves to")
  func privateAddresses() async throws {
    var configuration = MockEngine.Configuration()
    configuration.httpFunctionTargets.blocksPrivateAddresses = true
    try await withServer(configuration) { _ in
      .response(status: 200)
    } _: { engine, worker, server in
      let port = await server.port
      // Names are looked up at the call; one that is known to be this machine is refused at once.
      try await register("numeric", at: "http://127.0.0.1:\(port)/", by: worker)
      try await register("local", at: "http://localhost:\(port)/", by: worker)
      for id in ["numeric", "local"] {
        #expect(await failure(engine, id) == "function_not_found: Function \(id) not found")
      }
      try await register("unknown", at: "http://no-such-host.invalid:\(port)/", by: worker)
      #expect(await failure(engine, "unknown") == "url_validation_failed: DNS lookup failed")
    }
  }

  @Test("the address of a connection is checked when it is opened")
  func connectedAddress() async throws {
    let server = try await RawHTTPServer.start { _ in .response(status: 200) }
    let url = try #require(HTTPTargetURL("http://public.test:\(await server.port)/"))
    let end: HTTPClient.End? = try await withTestLoop { loop in
      await withCheckedContinuation { continuation in
        loop.post {
          guard let client = HTTPClient(on: loop, authorities: nil),
            let address = SocketAddress(numericHost: "127.0.0.1", port: 0)
          else { return continuation.resume(returning: nil) }
          let request = HTTPClient.Request(
            url: url, method: "POST", headers: [], body: [], addresses: [address],
            allows: { !AddressKind.isPrivate($0.bytes) })
          let transfer = client.start(request) { end in
            client.close()
            continuation.resume(returning: end)
          }
          if transfer == nil { continuation.resume(returning: nil) }
        }
      }
    }
    #expect(end == .addressRefused)
    #expect(await server.connectionCount == 0)
    await server.stop()
  }

  @Test(
    "only its owner unregisters a function, a failed registration leaves the older one, and it goes with its worker")
  func ownership() async throws {
    try await withServer { _ in
      .response(status: 200, body: "\"reached\"")
    } _: { engine, worker, server in
      let url = await server.url
      try await register("mine", at: url, by: worker)
      let other = try await RawPeer.open(engine.url)
      _ = try await other.receiveText()
      await other.send(#"{"type":"unregisterfunction","id":"mine"}"#)
      try await other.fence()
      try await register("mine", at: "not a url", by: worker)
      #expect(try await engine.call("mine") == "reached")
      #expect(await engine.diagnostics.last?.problem.contains("Invalid URL; function 'mine' is not registered") == true)
      await worker.send(#"{"type":"unregisterfunction","id":"mine"}"#)
      try await worker.fence()
      #expect(await failure(engine, "mine").hasPrefix("function_not_found"))
      try await register("theirs", at: url, by: other)
      let listed: JSONValue = try await engine.call("engine::functions::list", ["prefix": "theirs"])
      #expect(listed["functions"]?[0]?["function_id"] == "theirs")
      try await other.close()
      try await worker.fence()
      #expect(await failure(engine, "theirs").hasPrefix("function_not_found"))
    }
  }

  @Test("a thousand calls at once are all answered, over a bounded number of connections")
  func many() async throws {
    try await withServer { request in
      .response(status: 200, body: request.text)
    } _: { engine, worker, server in
      try await register("echo", at: await server.url, by: worker)
      let caller = try await engine.registerWorker()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<1000 {
          group.addTask {
            let answer: JSONValue = try await caller.trigger("echo", payload: ["n": .int(Int64(number))] as JSONValue)
            #expect(answer["n"] == .int(Int64(number)))
          }
        }
        try await group.waitForAll()
      }
      #expect(await server.connectionCount <= 512)
    }
  }

  @Test("an engine without iii-http-functions says so, and registers nothing")
  func off() async throws {
    var configuration = MockEngine.Configuration()
    configuration.builtIns.remove(.httpFunctions)
    try await withServer(configuration) { _ in
      .silence
    } _: { engine, worker, server in
      try await register("f", at: await server.url, by: worker)
      #expect(await engine.diagnostics.last?.problem.contains("HTTP functions module not loaded") == true)
      #expect(await failure(engine, "f").hasPrefix("function_not_found"))
    }
  }
}
