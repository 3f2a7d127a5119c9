import Testing
import UV

@testable import III

@Suite("Worker: connecting")
struct ConnectingTests {
  @Test("headers of the options are sent with the upgrade")
  func headers() async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine, ["III_TOKEN": "secret"]) { options in
      options.headers = ["X-A": "b", "X-Bad": "a\r\nX-Evil: 1", "bad name": "x", "Upgrade": "h2c"]
    }
    let request = try #require(await engine.accept().request)
    #expect(request.headers["x-a"] == "b")
    #expect(request.headers["x-evil"] == nil)
    #expect(request.headers.all("upgrade") == ["websocket"])
    #expect(request.headers["authorization"] == "Bearer secret")
    #expect(request.headers["sec-websocket-extensions"] == nil)
    await worker.shutdown()
  }

  @Test("the user's own header replaces the token of the environment")
  func token() async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine, ["III_TOKEN": "secret"]) { $0.headers = ["authorization": "Basic x"] }
    let request = try #require(await engine.accept().request)
    #expect(request.headers.all("authorization") == ["Basic x"])
    await worker.shutdown()
  }

  @Test("the request has the path and the query of the address")
  func target() async throws {
    let engine = try await ScriptedEngine.start()
    let address = await engine.url + "/base?token=t"
    let worker = try await registerWorker(address, options: InitOptions(), environment: .test(), host: nil)
    let peer = try await engine.accept()
    #expect(await peer.request?.target == "/base?token=t")
    #expect(worker.address == address)
    await worker.shutdown()
  }

  @Test("the address is the argument, else III_URL, else the default")
  func address() async throws {
    let engine = try await ScriptedEngine.start()
    let environment = Environment.test(["III_URL": await engine.url])
    let worker = try await registerWorker(nil, options: InitOptions(), environment: environment, host: nil)
    #expect(worker.address == (await engine.url))
    await worker.shutdown()
    #expect(defaultEngineURL == "ws://127.0.0.1:49134")
  }

  @Test("the worker is connected once the socket is open; its id arrives later")
  func workerID() async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine)
    #expect(worker.connectionState == .connected)
    #expect(worker.workerID == nil)
    let peer = try await engine.accept()
    await peer.send(#"{"type":"workerregistered","worker_id":"w1"}"#)
    try await peer.fence()
    #expect(worker.workerID == "w1")
    await worker.shutdown()
  }

  @Test("the worker sends its metadata in exactly one message", arguments: [nil, "docker"])
  func introduction(isolation: String?) async throws {
    let engine = try await ScriptedEngine.start()
    let variables = ["LANG": "de_DE.UTF-8"].merging(isolation.map { ["III_ISOLATION": $0] } ?? [:]) { $1 }
    let worker = try await connect(engine, variables) { $0.workerName = nil }
    let peer = try await engine.accept()
    let text = try await peer.receive()
    let expected =
      #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"runtime":"swift","#
      + #""version":"\#(WorkerMetadata.version)","name":"host:7","os":"Linux 6.1 (x86_64)","pid":7,"#
      + #""isolation":\#(isolation.map { "\"\($0)\"" } ?? "null"),"telemetry":{"language":"de_DE","#
      + #""project_name":"tests","framework":"iii-swift"}},"action":{"type":"void"}}"#
    #expect(text == expected)
    try await peer.fence()
    #expect(await peer.takeUnread() == [])
    await worker.shutdown()
  }

  @Test(
    "every end of a connection leads to a new one",
    arguments: ["1000", "1001", "1011", "none", "drop", "reset"])
  func reconnects(how: String) async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine)
    var states = worker.connectionStates.makeAsyncIterator()
    #expect(await states.next() == .connected)
    let peer = try await engine.accept()
    _ = try await peer.receive()
    switch how {
    case "drop": await peer.drop()
    case "reset": await peer.reset()
    default: await peer.close(UInt16(how))
    }
    #expect(await states.next() == .reconnecting)
    #expect(await states.next() == .connected)
    _ = try await engine.accept()
    await worker.shutdown()
    #expect(await states.next() == .disconnected)
    #expect(await states.next() == nil)
  }

  @Test(
    "a failed handshake is retried",
    arguments: [.status(503), .bytes("no HTTP\r\n\r\n"), .drop, .bytes("HTTP/1.1 101 Yes\r\n\r\n")]
      as [ScriptedEngine.Answer])
  func badHandshakes(answer: ScriptedEngine.Answer) async throws {
    let engine = try await ScriptedEngine.start(answering: [answer, answer])
    let worker = try await connect(engine)
    #expect(worker.connectionState == .connected)
    try await engine.dial(3)
    await worker.shutdown()
  }

  @Test("a worker whose engine refuses new connections for a while is reconnecting, and then connected")
  func refusedReconnection() async throws {
    let engine = try await ScriptedEngine.start(answering: [.accept, .status(503), .status(503)])
    let worker = try await connect(engine)
    var states = worker.connectionStates.makeAsyncIterator()
    #expect(await states.next() == .connected)
    let peer = try await engine.accept()
    _ = try await peer.receive()
    await peer.drop()
    #expect(await states.next() == .reconnecting)
    #expect(await states.next() == .connected)
    #expect(await engine.dialled == 4)
    await worker.shutdown()
  }

  @Test("an engine that never answers the handshake is abandoned after 10 s, and retried")
  func silentHandshake() async throws {
    let engine = try await ScriptedEngine.start(answering: [.silence])
    let time = TimeSource.manual()
    let host = LoopHost(on: try Loop(name: "manual"), source: time)
    async let worker = connect(engine, host: host)
    try await engine.dial(1)
    await host.fence()
    await time.advance(by: .seconds(10))
    await time.advance(by: .seconds(1))
    _ = try await engine.accept()
    await (try worker).shutdown()
    host.loop.post { host.timers.close() }
    #expect(await host.loop.stop() == 0)
  }

  @Test("when all retries are used up registerWorker throws at once")
  func failed() async throws {
    let engine = try await ScriptedEngine.start()
    await engine.stopListening()
    let error = await #expect(throws: IIIConnectionError.self) {
      _ = try await connect(engine) { options in
        options.reconnection = ReconnectionConfig(
          initialDelay: .milliseconds(1), maxDelay: .milliseconds(2), maxRetries: 3)
        options.connectTimeout = .seconds(1_000)
      }
    }
    let address = await engine.url
    #expect(error?.description.hasPrefix("Connection to \(address) failed after max retries: ") == true)
    #expect(error?.reason?.contains("ECONNREFUSED") == true)
  }

  @Test("registerWorker throws if there is no connection in time, and the worker is shut down")
  func connectTimeout() async throws {
    let engine = try await ScriptedEngine.start(answering: [.status(503)])
    let url = await engine.url
    let time = TimeSource.manual()
    let host = LoopHost(on: try Loop(name: "manual"), source: time)
    let (failures, note) = AsyncStream<String>.makeStream()
    let connecting = Task {
      await #expect(throws: IIIConnectionError.self) {
        _ = try await connect(engine, host: host) { options in
          options.connectTimeout = .milliseconds(300)
          options.reconnection = ReconnectionConfig(initialDelay: .seconds(10), jitterFactor: 0)
          options.log = { _, line in note.yield(line) }
        }
      }
    }
    _ = await failures.first { $0.contains("503") }
    await host.fence()
    await time.advance(by: .milliseconds(300))
    let thrown = await connecting.value
    #expect(thrown?.description.hasPrefix("No connection to \(url) within 0.3 seconds: ") == true)
    #expect(thrown?.reason?.contains("503") == true, "\(thrown?.description ?? "")")
    #expect(!III.active.contains { $0.address == url })
    host.loop.post { host.timers.close() }
    #expect(await host.loop.stop() == 0)
  }

  @Test("a worker that connects in the background is returned at once and connects later")
  func inBackground() async throws {
    let engine = try await ScriptedEngine.start(answering: [.silence])
    let worker = try await connect(engine) { options in
      options.connection = .inBackground
      options.keepAlive.handshakeTimeout = .seconds(1)
    }
    async let call: Int = worker.trigger("f")
    let peer = try await engine.accept()
    let sent = try await peer.receive("invokefunction")
    let request = sent["function_id"] == "f" ? sent : try await peer.receive("invokefunction")
    await peer.answer(request, #","result":1"#)
    #expect(try await call == 1)
    await worker.shutdown()
  }

  @Test("a worker is active until it is shut down, whether or not it is referenced")
  func active() async throws {
    let engine = try await ScriptedEngine.start()
    let url = await engine.url
    _ = try await connect(engine)
    let worker = try #require(III.active.first { $0.address == url })
    await worker.shutdown()
    #expect(!III.active.contains { $0.address == url })
  }

  @Test("a cancelled registerWorker shuts its worker down")
  func cancelled() async throws {
    let engine = try await ScriptedEngine.start(answering: [.silence])
    let task = Task { try await connect(engine) }
    try await engine.dial(1)
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
  }

  @Test(
    "invalid addresses are refused",
    arguments: [
      ("http://localhost", "scheme"), ("localhost", "scheme"), ("ws://:80", "host"),
      ("ws://user:pw@localhost", "credentials"), ("ws://localhost:99999", "port"),
    ])
  func badAddresses(address: String, word: String) async throws {
    let error = await #expect(throws: IIIConnectionError.self) { _ = try await registerWorker(address) }
    #expect(error?.description.contains(word) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("pw") == false)
  }

  @Test("a name is looked up, and all of its addresses are tried")
  func localhost() async throws {
    let engine = try await ScriptedEngine.start()
    let url = await engine.url
    let port = url.split(separator: ":").last ?? ""
    let worker = try await registerWorker(
      "ws://localhost:\(port)", options: InitOptions(), environment: .test(), host: nil)
    _ = try await engine.accept()
    await worker.shutdown()
  }

  @Test("a blank namespace is refused before the worker connects")
  func blankNamespace() async throws {
    let error = await #expect(throws: IIIRegistrationError.self) {
      var options = InitOptions()
      options.namespace = "  "
      _ = try await registerWorker("ws://127.0.0.1:1", options: options)
    }
    #expect(error?.description.hasPrefix("namespace is empty: InitOptions.namespace") == true)
  }

  @Test("listeners are called with every state, in order, until they are cancelled")
  func listeners() async throws {
    let engine = try await ScriptedEngine.start()
    let worker = try await connect(engine)
    let (heard, continuation) = AsyncStream<IIIConnectionState>.makeStream()
    let listener = worker.addConnectionStateListener { continuation.yield($0) }
    let peer = try await engine.accept()
    _ = try await peer.receive()  // a socket that is closed with unread bytes is reset
    await peer.drop()
    var states = heard.makeAsyncIterator()
    #expect(await states.next() == .reconnecting)
    #expect(await states.next() == .connected)
    listener.cancel()
    listener.cancel()
    await worker.shutdown()
    continuation.finish()
    #expect(await states.next() == nil)
  }

  @Test("two workers of one process are independent")
  func twoWorkers() async throws {
    let engine = try await ScriptedEngine.start()
    let first = try await connect(engine)
    let second = try await connect(engine)
    try first.registerFunction("same") { (_: JSONValue) async in 1 }
    try second.registerFunction("same") { (_: JSONValue) async in 2 }
    await first.shutdown()
    #expect(second.connectionState == .connected)
    await second.shutdown()
  }
}
