import III
import Testing
import UV

/// The connection of a worker, and its end.
@Suite(Live.isOn, .timeLimit(.minutes(2))) struct LiveConnectionTests {
  private let quick = ReconnectionConfig(initialDelay: .milliseconds(10), maxDelay: .milliseconds(200), jitterFactor: 0)

  @Test("a worker whose connection is cut connects again, and its function can be called again")
  func reconnect() async throws {
    let relay = try await LiveRelay.start(to: try #require(Live.url))
    let options = InitOptions(workerName: "live behind a relay", reconnection: quick)
    let worker = try await registerWorker(relay.url, options: options)
    let id = Live.id("echo")
    try worker.registerFunction(id) { (n: Int) async in n }
    try await worker.fence()
    let states = worker.connectionStates
    try await Live.withWorker { caller in
      #expect(try await caller.trigger(id, payload: 1) == 1)
      for round in 0..<3 {
        await relay.cut()
        _ = try await first(of: states) { $0 != .connected }
        _ = try await first(of: states) { $0 == .connected }
        try await worker.fence()
        #expect(try await caller.trigger(id, payload: round, as: Int.self) == round)
      }
    }
    await worker.shutdown()
    await relay.stop()
  }

  @Test("a call in flight ends at once when its caller's connection is cut")
  func callsAreRejected() async throws {
    let relay = try await LiveRelay.start(to: try #require(Live.url))
    let caller = try await registerWorker(
      relay.url, options: InitOptions(workerName: "live behind a relay", reconnection: quick))
    try await Live.withWorker { callee in
      let id = Live.id("hang")
      let (begun, begin) = AsyncStream<Void>.makeStream()
      let held = AsyncStream<Void>.makeStream()
      try callee.registerFunction(id) { (_: JSONValue) async in
        begin.yield()
        for await _ in held.stream {}
      }
      try await callee.fence()
      let call = Task { try await caller.trigger(id, timeout: .seconds(100)) }
      _ = try await first(of: begun)
      await relay.cut()
      let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(error?.code == IIIErrorCode.connectionLost)
      held.continuation.finish()
    }
    await caller.shutdown()
    await relay.stop()
  }

  @Test("calls to a worker that is cut off fail, and do not wait for their time-out")
  func calleeIsLost() async throws {
    let relay = try await LiveRelay.start(to: try #require(Live.url))
    let callee = try await registerWorker(
      relay.url, options: InitOptions(workerName: "live behind a relay", reconnection: quick))
    try await Live.withWorker { caller in
      let id = Live.id("hang")
      let (begun, begin) = AsyncStream<Void>.makeStream()
      let held = AsyncStream<Void>.makeStream()
      try callee.registerFunction(id) { (_: JSONValue) async in
        begin.yield()
        for await _ in held.stream {}
      }
      try await callee.fence()
      let call = Task { try await caller.trigger(id, timeout: .seconds(100)) }
      _ = try await first(of: begun)
      await relay.cut()
      let error = await #expect(throws: IIIInvocationError.self) { try await call.value }
      #expect(error?.code == IIIErrorCode.invocationStopped)
      held.continuation.finish()
    }
    await callee.shutdown()
    await relay.stop()
  }

  @Test("after its shutdown a worker's functions are gone, and its calls fail")
  func shutdown() async throws {
    let worker = try await registerWorker(Live.url, options: InitOptions(workerName: "live short"))
    let id = Live.id("echo")
    try worker.registerFunction(id) { (n: Int) async in n }
    try await worker.fence()
    await worker.shutdown()
    let error = await #expect(throws: IIIInvocationError.self) { try await worker.trigger(id, payload: 1) }
    #expect(error?.code == IIIErrorCode.shutdown)
    try await Live.withWorker { caller in
      // The engine notices the end of a connection in its own time.
      var last: String?
      for _ in 0..<1000 where last != IIIErrorCode.functionNotFound {
        do { try await caller.trigger(id, payload: 1) } catch let error as IIIInvocationError { last = error.code }
      }
      #expect(last == IIIErrorCode.functionNotFound)
    }
  }
}

/// Passes connections on to an engine, and cuts them.
private actor LiveRelay {
  private let loop: Loop
  private let target: SocketAddress
  private var listener: TCPListener?
  private var streams: [TCPStream] = []
  private var attempts: [ObjectIdentifier: ConnectAttempt] = [:]

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init(_ loop: Loop, to target: SocketAddress) {
    self.loop = loop
    self.target = target
  }

  static func start(to url: String) async throws -> LiveRelay {
    let (host, port) = try parts(of: url)
    guard let target = SocketAddress(numericHost: host == "localhost" ? "127.0.0.1" : host, port: port) else {
      throw LiveRelayError(text: "\(url): the tests of connections need a numeric address")
    }
    let relay = LiveRelay(try Loop(name: "live relay"), to: target)
    try await relay.listen()
    return relay
  }

  private struct LiveRelayError: Error { let text: String }

  private static func parts(of url: String) throws -> (host: String, port: UInt16) {
    let place = url.drop { $0 != "/" }.drop { $0 == "/" }.prefix { $0 != "/" && $0 != "?" }
    guard url.hasPrefix("ws://"), let colon = place.lastIndex(of: ":"),
      let port = UInt16(place[place.index(after: colon)...])
    else { throw LiveRelayError(text: "\(url): the tests of connections need ws://HOST:PORT") }
    return (place[..<colon].filter { $0 != "[" && $0 != "]" }, port)
  }

  private func listen() throws {
    guard let address = SocketAddress(numericHost: "127.0.0.1", port: 0) else { return }
    listener = try TCPListener.listen(on: loop, at: address) { [self] stream in accepted(stream) }
  }

  nonisolated var url: String {
    get async { "ws://127.0.0.1:\(await port)" }
  }

  private var port: UInt16 { listener?.address.port ?? 0 }

  private func accepted(_ stream: TCPStream) {
    let key = ObjectIdentifier(stream)
    attempts[key] = TCPStream.connect(on: loop, to: target) { [self] result in
      attempts[key] = nil
      guard case .success(let other) = result else { return stream.reset() }
      join(stream, other)
      join(other, stream)
      streams += [stream, other]
      stream.startReading()
      other.startReading()
    }
  }

  private func join(_ one: TCPStream, _ other: TCPStream) {
    one.onRead = { bytes in other.write(UnsafeRawBufferPointer(bytes)) }
    // Each keeps the other until it is closed, which takes its closures away.
    one.onEnd = { _ in
      other.closeAfterFlush()
      one.close()
    }
  }

  /// Resets all connections.
  func cut() {
    for stream in streams where !stream.isClosed { stream.reset() }
    streams = []
  }

  func stop() async {
    listener?.close()
    listener = nil
    cut()
    _ = await loop.stop()
  }
}
