import IIIMockEngine
import TestSupport
import Testing
import UV

@testable import III

@Suite("TLS: workers", .timeLimit(.minutes(5)))
struct SecureWorkerTests {
  /// The reason with which a worker fails after a single attempt.
  private func reason(
    _ server: TLSTestServer, host: String = "127.0.0.1", _ tls: TLSConfig, systemFile: String? = nil
  ) async throws -> String {
    var options = InitOptions(workerName: "secure")
    options.tls = tls
    options.reconnection = ReconnectionConfig(initialDelay: .milliseconds(1), maxRetries: 0)
    options.log = { _, _ in }
    let environment = Environment.test(systemFile.map { ["SSL_CERT_FILE": $0] } ?? [:])
    let address = "wss://\(host):\(await server.port)/?token=secret"
    let error = await #expect(throws: IIIConnectionError.self) {
      _ = try await registerWorker(address, options: options, environment: environment, host: nil)
    }
    await server.stop()
    #expect(error?.description.contains("secret") == false)
    return error?.reason ?? ""
  }

  /// Passes the port of a server with TLS before an engine.
  private func withSecureEngine(
    _ context: TLSContext, _ body: (TLSTestServer, MockEngine) async throws -> Void
  ) async throws {
    try await withMockEngine { engine in
      let port = try #require(engine.url.split(separator: ":").last.flatMap { UInt16($0) })
      let relay = try await TLSTestServer.start(context, .relay(to: port))
      try await body(relay, engine)
      await relay.stop()
    }
  }

  private func options(_ tls: TLSConfig, _ name: String = "secure") -> InitOptions {
    var options = InitOptions(workerName: name)
    options.tls = tls
    options.reconnection = ReconnectionConfig(initialDelay: .milliseconds(1), jitterFactor: 0)
    options.log = { _, _ in }
    return options
  }

  @Test("a worker behind TLS calls functions and serves its own", arguments: ["127.0.0.1", "localhost"])
  func calls(host: String) async throws {
    let authority = try TestAuthority()
    try await withSecureEngine(authority.server()) { relay, engine in
      let address = "wss://\(host):\(await relay.port)"
      let callee = try await registerWorker(address, options: options(authority.config(), "callee"))
      let caller = try await registerWorker(engine.url, options: InitOptions(workerName: "caller"))
      try callee.registerFunction("echo") { (value: JSONValue) in value }
      try await engine.waitForFunction("echo")
      let seven: Int = try await caller.trigger("echo", payload: 7)
      #expect(seven == 7)
      let own: String = try await callee.trigger("echo", payload: "own")
      #expect(own == "own")
      await callee.shutdown()
      await caller.shutdown()
    }
  }

  @Test("large payloads, and many calls at once, through TLS")
  func large() async throws {
    let authority = try TestAuthority()
    try await withSecureEngine(authority.server()) { relay, engine in
      let address = "wss://127.0.0.1:\(await relay.port)"
      let worker = try await registerWorker(address, options: options(authority.config()))
      try worker.registerFunction("echo") { (value: JSONValue) in value }
      try await engine.waitForFunction("echo")
      let payload = String(repeating: "x", count: 17 << 20)
      let echo: String = try await worker.trigger("echo", payload: payload)
      #expect(echo == payload)
      try await withThrowingTaskGroup(of: Void.self) { group in
        for task in 0..<32 {
          group.addTask {
            for call in 0..<20 {
              let sent = task * 1_000 + call
              let received: Int = try await worker.trigger("echo", payload: sent)
              #expect(received == sent)
            }
          }
        }
        try await group.waitForAll()
      }
      await worker.shutdown()
    }
  }

  @Test("a worker with a client certificate, and one without")
  func clientCertificate() async throws {
    let (authority, clients) = (try TestAuthority(), try TestAuthority("Clients"))
    let context = try authority.server(clients: clients)
    try await withSecureEngine(context) { relay, _ in
      let worker = try await registerWorker(
        "wss://127.0.0.1:\(await relay.port)", options: options(authority.config(clients.issue(nil))))
      #expect(worker.connectionState == .connected)
      await worker.shutdown()
      let reason = try await reason(relay, authority.config())
      #expect(reason.contains("asks for a client certificate, and none was given"), "\(reason)")
    }
  }

  @Test("SSL_CERT_FILE names the trusted authorities")
  func systemFile() async throws {
    let authority = try TestAuthority()
    try await withSecureEngine(authority.server()) { relay, _ in
      let address = "wss://127.0.0.1:\(await relay.port)"
      let environment = Environment.test(["SSL_CERT_FILE": authority.file])
      let worker = try await registerWorker(
        address, options: options(TLSConfig()), environment: environment, host: nil)
      #expect(worker.connectionState == .connected)
      await worker.shutdown()
      let reason = try await reason(relay, TLSConfig())
      #expect(reason.contains("not trusted"), "\(reason)")
    }
  }

  @Test("the error says why TLS failed")
  func reasons() async throws {
    let (authority, other) = (try TestAuthority(), try TestAuthority("Other"))
    let sound = try authority.server()
    let config = authority.config()
    func server(_ context: TLSContext, _ behaviour: TLSTestServer.Behaviour = .echo) async throws -> TLSTestServer {
      try await .start(context, behaviour)
    }
    var reason = try await reason(server(authority.server(authority.issue("DNS:engine.test"))), config)
    #expect(reason == "the server's certificate is not for '127.0.0.1': it is for DNS:engine.test")
    reason = try await self.reason(server(authority.server(authority.issue("IP:127.0.0.2"))), config)
    #expect(reason == "the server's certificate is not for '127.0.0.1': it is for IP Address:127.0.0.2")
    reason = try await self.reason(
      server(authority.server(authority.issue("DNS:engine.test"))), host: "localhost", config)
    #expect(reason.contains("certificate is not for 'localhost'"), "\(reason)")
    reason = try await self.reason(server(authority.server(authority.issue(until: -60))), config)
    #expect(reason.contains("has expired"), "\(reason)")
    reason = try await self.reason(server(sound), other.config())
    #expect(reason.contains("was issued by an authority that is not trusted here"), "\(reason)")
    reason = try await self.reason(server(sound, .bytes("HTTP/1.1 400 Bad Request\r\n\r\n")), config)
    #expect(reason.contains("answered in plain HTTP"), "\(reason)")
    reason = try await self.reason(server(sound, .bytes("*1\r\n")), config)
    #expect(reason == "the server does not speak TLS on this port")
    reason = try await self.reason(server(sound, .end), config)
    #expect(reason.contains("TLS handshake"), "\(reason)")
    #expect(reason.contains("perhaps it does not speak TLS on this port"), "\(reason)")
    reason = try await self.reason(server(sound, .cut(Array("HTTP/1.1 101 ".utf8))), config)
    #expect(reason == "the server ended the connection before it answered the WebSocket handshake")
    reason = try await self.reason(server(sound), config)
    #expect(reason.contains("the server's answer to the WebSocket handshake is not HTTP"), "\(reason)")
  }

  @Test("an engine without TLS on the port of a wss:// address")
  func plainEngine() async throws {
    try await withMockEngine { engine in
      let authority = try TestAuthority()
      let address = engine.url.replacing("ws://", with: "wss://")
      var options = options(authority.config())
      options.reconnection.maxRetries = 0
      let error = await #expect(throws: IIIConnectionError.self) {
        _ = try await registerWorker(address, options: options)
      }
      #expect(error?.reason?.contains("TLS") == true, "\(error?.reason ?? "")")
    }
  }

  @Test("files that cannot be used are reported at once")
  func files() async throws {
    let error = await #expect(throws: IIIConnectionError.self) {
      _ = try await registerWorker("wss://127.0.0.1:1", options: options(TLSConfig(caFile: "/no/such.pem")))
    }
    #expect(
      error?.description
        == "Cannot connect to wss://127.0.0.1:1: InitOptions.tls.caFile names '/no/such.pem', which does not exist")
  }

  @Test("a server that does not do the handshake is abandoned after the handshake's time-out")
  func stalled() async throws {
    let authority = try TestAuthority()
    let server = try await TLSTestServer.start(authority.server(), .silence)
    let time = TimeSource.manual()
    let host = LoopHost(on: try Loop(name: "manual"), source: time)
    let lines = Lock<[String]>([])
    var options = options(authority.config())
    options.log = { _, line in lines.withLock { $0.append(line) } }
    let (address, given) = ("wss://127.0.0.1:\(await server.port)", options)
    let task = Task { try await registerWorker(address, options: given, environment: .test(), host: host) }
    try await server.connection(1)
    // Each timer is set before the clock moves on.
    await host.fence()
    await time.advance(by: .seconds(10))
    await host.fence()
    await time.advance(by: .seconds(2))
    try await server.connection(2)
    #expect(lines.withLock { $0.contains { $0.contains("no answer to the TLS handshake within 10.0 seconds") } })
    task.cancel()
    await #expect(throws: CancellationError.self) { _ = try await task.value }
    await server.stop()
    host.loop.post { host.timers.close() }
    #expect(await host.loop.stop() == 0)
  }

  @Test("a connection that is cut and one that is ended have different reasons", arguments: [true, false])
  func ends(isCut: Bool) async throws {
    let authority = try TestAuthority()
    try await withSecureEngine(authority.server()) { relay, engine in
      var options = options(authority.config())
      let (said, continuation) = AsyncStream<String>.makeStream()
      options.log = { _, line in continuation.yield(line) }
      let worker = try await registerWorker("wss://127.0.0.1:\(await relay.port)", options: options)
      if isCut { await relay.cutOff() } else { await relay.finish() }
      for await line in said where line.contains("no connection") {
        #expect(line.contains(isCut ? "it was cut off" : "the engine ended it"), "\(line)")
        break
      }
      await worker.shutdown()
    }
  }
  @Test("calls that wait when the connection is cut are lost; the next connection serves")
  func lost() async throws {
    let authority = try TestAuthority()
    try await withSecureEngine(authority.server()) { relay, engine in
      let callee = try await registerWorker(engine.url)
      let turnstile = Turnstile()
      try callee.registerFunction("waits") { (_: JSONValue) in turnstile.pass() }
      try callee.registerFunction("double") { (n: Int) in 2 * n }
      try await engine.waitForFunction("double")
      let worker = try await registerWorker(
        "wss://127.0.0.1:\(await relay.port)", options: options(authority.config()))
      async let lost = #expect(throws: IIIInvocationError.self) { try await worker.trigger("waits") }
      #expect(try await turnstile.holds(1))
      await relay.cutOff()
      #expect(await lost?.code == "CONNECTION_LOST")
      let six: Int = try await worker.trigger("double", payload: 3)
      #expect(six == 6)
      turnstile.open()
      await worker.shutdown()
      await callee.shutdown()
    }
  }
}
