import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite("journal", .timeLimit(.minutes(5)))
struct JournalTests {
  static func call(_ function: String, _ data: String, id: String? = nil) -> String {
    let id = id.map { #""invocation_id":"\#($0)","# } ?? ""
    return #"{"type":"invokefunction",\#(id)"function_id":"\#(function)","data":\#(data)}"#
  }

  private static let uuid = "00000000-0000-4000-8000-000000000001"

  /// A worker that has registered `function`, and one that calls.
  private func withPeers(
    _ function: String = "math::add", _ settings: JournalSettings = JournalSettings(),
    _ body: (MockEngine, _ callee: RawPeer, _ caller: RawPeer) async throws -> Void
  ) async throws {
    var configuration = MockEngine.Configuration()
    configuration.journal = settings
    try await withMockEngine(configuration) { engine in
      let callee = try await RawPeer.open(engine.url)
      _ = try await callee.receiveText()
      await callee.send(#"{"type":"registerfunction","id":"\#(function)"}"#)
      try await engine.waitForFunction(function)
      let caller = try await RawPeer.open(engine.url)
      _ = try await caller.receiveText()
      try await body(engine, callee, caller)
    }
  }

  private func answer(_ callee: RawPeer, _ outcome: String = #""result":7"#) async throws -> String {
    let text = try await callee.receiveText()
    let id = try JSONValue(parsing: text)["invocation_id"] ?? .null
    await callee.send(#"{"type":"invocationresult","invocation_id":\#(id),"function_id":"f",\#(outcome)}"#)
    return text
  }

  // MARK: Frames

  @Test("a record takes one cache line, for a frame writes several of them")
  func recordSize() { #expect(MemoryLayout<JournalRecord>.stride == 64) }

  @Test("the four frames of a call are there as they were on the wire, each with its connection and its kind")
  func framesOfACall() async throws {
    try await withPeers { engine, callee, caller in
      let request = Self.call("math::add", #"{"a":1,"é":"ü"}"#, id: Self.uuid)
      await caller.send(request)
      let passedOn = try await answer(callee)
      let result = try await caller.receiveText()

      let all = await engine.journal.entries
      let frames = all.filter { $0.frame?.type == .invokeFunction || $0.frame?.type == .invocationResult }
      #expect(frames.map { $0.frame?.direction } == [.received, .sent, .received, .sent])
      #expect(frames.map { $0.connection?.number } == [2, 1, 1, 2])
      #expect(frames[0].frame?.text == request)
      #expect(frames[1].frame?.text == passedOn)
      #expect(frames[3].frame?.text == result)
      #expect(frames.map { $0.frame?.functionID } == ["math::add", "math::add", "f", "math::add"])
      #expect(frames.allSatisfy { $0.frame?.invocationID == Self.uuid })
      #expect(frames.map { $0.frame?.size } == frames.map { $0.frame?.text.utf8.count })
      #expect(frames[1].frame?.source == frames[0].number)
      #expect(frames[3].frame?.source == frames[2].number)
      #expect(frames[0].frame?.payload == ["a": 1, "é": "ü"])
      #expect(frames[3].frame?.payload == 7)
      #expect(frames[0].frame?.route == .worker(try #require(frames[1].connection?.worker)))
      #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.time <= $1.time })
    }
  }

  @Test("frames with trace headers, metadata and errors are there as they were on the wire")
  func framesThatAreKeptWhole() async throws {
    try await withPeers { engine, callee, caller in
      await caller.send(
        #"{"type":"invokefunction","invocation_id":"\#(Self.uuid)","function_id":"math::add","data":[],"metadata":{"m":1},"#
          + #""traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#)
      let passedOn = try await answer(callee, #""error":{"code":"E","message":"no"}"#)
      let result = try await caller.receiveText()
      let sent = await engine.journal.frames(direction: .sent).suffix(2)
      #expect(sent.map { $0.frame?.text } == [passedOn, result])
      let received = try #require(await engine.journal.frames(.invokeFunction, direction: .received).last)
      #expect(received.frame?.route == .worker(try #require(sent.first?.connection?.worker)))
      #expect(sent.map { $0.frame?.source } == [received.number, nil])
      let call = try #require(await engine.journal.invocations(of: "math::*").first)
      #expect(call.outcome == .failed(code: "E", message: "no"))
    }
  }

  @Test("a call whose payload the engine changes has a route and a source, and its result the name of its function")
  func changedPayload() async throws {
    try await withPeers { engine, callee, caller in
      await caller.send(Self.call("math::add", #"{"_caller_worker_id":"x","n":1}"#, id: Self.uuid))
      let onTheWire = [try await answer(callee), try await caller.receiveText()]
      let entries = await engine.journal.entries.suffix(4)
      let sent = entries.filter { $0.frame?.direction == .sent }
      #expect(sent.map { $0.frame?.text } == onTheWire)
      #expect(sent.map { $0.frame?.source } == entries.filter { $0.frame?.direction == .received }.map(\.number))
      #expect(entries.first?.frame?.route == .worker(try #require(sent.first?.connection?.worker)))
    }
  }

  @Test("pings, binary messages, and frames that were ignored with the reason are there")
  func otherFrames() async throws {
    try await withPeers { engine, callee, caller in
      await caller.send(RawFrame.ping([1, 2]))
      await caller.send(binary: [0xC3])
      await caller.send(#"{"type":"nonsense"}"#)
      try await caller.fence()
      let entries = await engine.journal.entries.filter { $0.connection?.number == 2 }
      let frames = entries.compactMap(\.frame)
      #expect(frames.filter { $0.form == .ping }.map(\.size) == [2, "fence 1".utf8.count])
      #expect(frames.filter { $0.form == .pong }.map(\.direction) == [.sent, .sent])
      #expect(frames.filter { $0.form == .binary }.map(\.size) == [1])
      guard let place = entries.firstIndex(where: { $0.frame?.text.contains("nonsense") ?? false }),
        case .ignored(let diagnostic) = entries[place + 1].event
      else {
        Issue.record("no entry says why the frame was ignored")
        return
      }
      #expect(diagnostic.problem.contains("nonsense"))
    }
  }

  @Test("what became of each call is there: a built-in worker, no function, denied")
  func routes() async throws {
    try await withPeers { engine, _, caller in
      engine.access.deny("math::add")
      for function in ["engine::workers::list", "math::addd", "math::add"] {
        await caller.send(Self.call(function, "{}"))
      }
      try await caller.fence()
      let calls = await engine.journal.frames(.invokeFunction, direction: .received)
      #expect(calls.map { $0.frame?.route } == [.builtIn, .notFound, .denied])
      let denials = await engine.journal.entries.filter { if case .denied = $0.event { true } else { false } }
      #expect(denials.count == 1)
    }
  }

  @Test("the filters of frames hold together: kind, function, worker, direction")
  func filters() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker(options: InitOptions(workerName: "orders"))
      try worker.registerFunction("orders::charge") { (n: Int) async in n }
      try await engine.waitForFunction("orders::charge")
      try await engine.waitForWorker(named: "orders")
      let _: Int = try await worker.trigger("orders::charge", payload: 1)
      #expect(await engine.journal.frames(.registerFunction, worker: "orders").count == 1)
      #expect(await engine.journal.frames(.registerFunction, worker: "other").isEmpty)
      #expect(await engine.journal.frames(.registerFunction, direction: .sent).isEmpty)
      #expect(await engine.journal.frames(function: "orders::*", direction: .sent).count == 2)
      let call = try #require(await engine.journal.invocations(of: "orders::charge").first)
      #expect(call.caller?.name == "orders" && call.callee?.name == "orders")
      #expect(call.payload == 1 && call.result == 1)
      #expect(try #require(call.duration) >= .zero)
      await worker.shutdown()
    }
  }

  @Test("a connection has an entry for its beginning and one for its end, which says why it ended")
  func connections() async throws {
    try await withPeers { engine, callee, caller in
      await caller.abort()
      try await engine.waitUntil("the end", within: .seconds(50)) {
        await engine.journal.entries.contains {
          if case .closed = $0.event { $0.connection?.number == 2 } else { false }
        }
      }
      _ = try await callee.close()
      await engine.shutdown()
      let entries = await engine.journal.entries
      let opened = entries.compactMap { if case .opened = $0.event { $0.connection?.number } else { nil } }
      let closed = entries.compactMap { entry -> String? in
        if case .closed(let reason) = entry.event { "\(entry.connection?.number ?? 0): \(reason)" } else { nil }
      }
      #expect(opened == [1, 2])
      #expect(closed == ["2: the connection was closed without a Close", "1: closed by the worker (1000)"])
      #expect(entries.allSatisfy { $0.connection == nil || $0.connection?.worker != nil })
    }
  }

  // MARK: Limits

  @Test("a full journal drops its oldest entries and says how many; counts stay right", arguments: [1, 3, 16, 100])
  func entryLimit(limit: Int) async throws {
    var settings = JournalSettings()
    settings.maxEntries = limit
    try await withPeers("math::add", settings) { engine, callee, caller in
      var onTheWire: [String] = []
      for number in 0..<200 {
        await caller.send(Self.call("math::add", "\(number)", id: Self.uuid))
        onTheWire += [try await answer(callee), try await caller.receiveText()]
      }
      let entries = await engine.journal.entries
      #expect(entries.count == limit)
      let sent = entries.filter { $0.frame?.direction == .sent }
      // The name that a result has for its caller is known from the call.
      if limit > 1 { #expect(sent.map { $0.frame?.text } == onTheWire.suffix(sent.count)) }
      // The frame that the first entry passes on is dropped, if it passes one on.
      #expect(sent.allSatisfy { $0.frame?.source == ($0.number == entries.first?.number ? nil : $0.number - 1) })
      #expect(await engine.journal.dropped == Int(try #require(entries.first).number) - 1)
      #expect(entries.last?.frame?.type == .invocationResult)
      #expect(zip(entries, entries.dropFirst()).allSatisfy { $0.number + 1 == $1.number })
      try await engine.verify("math::add", calledTimes: 200)
      #expect(await engine.journal.count(of: "math::*").ended == 200)
      await engine.journal.clear()
      try await engine.verify("math::add", calledTimes: 0)
      #expect(await engine.journal.entries.isEmpty)
      #expect(await engine.journal.dropped == 0)
    }
  }

  @Test("long frames are cut, and frames above the limit of bytes are dropped")
  func byteLimit() async throws {
    var settings = JournalSettings()
    settings.maxBytes = 64 << 10
    settings.maxFrameBytes = 8 << 10
    try await withPeers("math::add", settings) { engine, callee, caller in
      let long = "\"" + String(repeating: "x", count: 20_000) + "\""
      await caller.send(Self.call("math::add", long, id: Self.uuid))
      let passedOn = try await answer(callee, #""result":\#(long)"#)
      let result = try await caller.receiveText()
      let frames = await engine.journal.frames(function: "math::add").compactMap(\.frame)
        .filter { $0.type != .registerFunction }
      #expect(frames.map(\.isCut) == [true, true, true])
      #expect(frames.map(\.size).suffix(2) == [passedOn.utf8.count, result.utf8.count])
      #expect(passedOn.hasPrefix(frames[1].text) && result.hasPrefix(frames[2].text))
      #expect(frames.allSatisfy { $0.text.utf8.count == 8 << 10 && $0.size > 20_000 && $0.payload == nil })
      #expect(frames.first?.invocationID == Self.uuid)
      for _ in 0..<100 { await caller.send(Self.call("math::addd", "\"" + String(repeating: "y", count: 4000) + "\"")) }
      try await caller.fence()
      let kept = await engine.journal.entries
      #expect(kept.compactMap(\.frame).reduce(0) { $0 + $1.text.utf8.count } <= 64 << 10)
      #expect(await engine.journal.dropped > 50)
      try await engine.verify("math::add", calledTimes: 1)
    }
  }

  @Test("a frame may be cut anywhere: what is kept of it and of the one that passes it on is as it was on the wire")
  func cuts() async throws {
    let request = Self.call("math::add", #"{"a":1}"#, id: Self.uuid)
    let payload = request.utf8.count - #"{"a":1}}"#.utf8.count
    for limit in [-1, 0, 1, payload - 1, payload, payload + 1, payload + 2, request.utf8.count - 1, request.utf8.count]
    {
      var settings = JournalSettings()
      settings.maxFrameBytes = limit
      try await withPeers("math::add", settings) { engine, callee, caller in
        await caller.send(request)
        let onTheWire = [try await answer(callee), try await caller.receiveText()]
        let sent = await engine.journal.entries.compactMap(\.frame).suffix(4).filter { $0.direction == .sent }
        #expect(sent.map(\.size) == onTheWire.map(\.utf8.count), "\(limit) bytes")
        #expect(zip(onTheWire, sent).allSatisfy { $0.hasPrefix($1.text) }, "\(limit) bytes")
        #expect(sent.map(\.functionID) == ["math::add", "math::add"], "\(limit) bytes")
      }
    }
  }

  @Test("frames that are too long to be kept have their kind, function and call, however they were passed on")
  func longFrames() async throws {
    var settings = JournalSettings()
    settings.maxFrameBytes = 100
    try await withPeers("math::add", settings) { engine, callee, caller in
      let long = "\"" + String(repeating: "x", count: 1000) + "\""
      await caller.send(Self.call("math::add", long, id: Self.uuid).replacing("}", with: #","metadata":{"m":1}}"#))
      _ = try await answer(callee, #""error":{"code":"E","message":\#(long)}"#)
      _ = try await caller.receiveText()
      let sent = await engine.journal.entries.compactMap(\.frame).suffix(4).filter { $0.direction == .sent }
      #expect(sent.map(\.type) == [.invokeFunction, .invocationResult])
      #expect(sent.allSatisfy { $0.functionID == "math::add" && $0.invocationID == Self.uuid && $0.isCut })
      #expect(await engine.journal.invocations(of: "math::add").count == 1)
    }
  }

  @Test("the first entry still has its function if the frame that it passes on was dropped")
  func halfARecord() async throws {
    var settings = JournalSettings()
    (settings.maxEntries, settings.maxFrameBytes) = (2, 100)
    try await withPeers("math::add", settings) { engine, callee, caller in
      await caller.send(Self.call("math::add", "\"" + String(repeating: "x", count: 1000) + "\"", id: Self.uuid))
      _ = try await callee.receiveText()
      await callee.send(#"{"type":"registerfunction","id":"other"}"#)
      try await engine.waitForFunction("other")
      let call = try #require(await engine.journal.entries.first?.frame)
      #expect(call.functionID == "math::add" && call.invocationID == Self.uuid && call.text.utf8.count == 100)
    }
  }

  @Test("a negative number of entries turns the journal off")
  func negativeLimits() async throws {
    var settings = JournalSettings()
    (settings.maxEntries, settings.maxFrameBytes) = (-1, -1)
    try await withPeers("math::add", settings) { engine, callee, caller in
      await caller.send(Self.call("math::add", "1", id: Self.uuid))
      _ = try await answer(callee)
      _ = try await caller.receiveText()
      #expect(await engine.journal.entries.isEmpty)
      try await engine.verify("math::add", calledTimes: 1)
    }
  }

  @Test("a wait for entries goes on if the journal is cleared")
  func waitAfterClear() async throws {
    try await withPeers { engine, _, caller in
      await engine.journal.clear()
      async let next = engine.journal.next(after: 0)
      await caller.send(#"{"type":"nonsense"}"#)
      let first = try await next.first
      #expect(first?.frame?.text == #"{"type":"nonsense"}"#)
      #expect(await engine.journal.entries(after: .max).isEmpty)
    }
  }

  @Test("counts outlive the registration, also of calls that end after it")
  func countsOfFormerFunctions() async throws {
    try await withPeers { engine, callee, caller in
      await caller.send(Self.call("math::add", "1", id: Self.uuid))
      try await engine.waitForInvocation(of: "math::add")
      await callee.send(#"{"type":"unregisterfunction","id":"math::add"}"#)
      _ = try await answer(callee)
      _ = try await caller.receiveText()
      try await engine.waitForCompletion(of: "math::add")
      await callee.send(#"{"type":"registerfunction","id":"math::add"}"#)
      try await engine.waitForFunction("math::add")
      await caller.send(Self.call("math::add", "2", id: Self.uuid))
      _ = try await answer(callee)
      try await engine.waitForCompletion(of: "math::add", count: 2)
      await callee.abort()
      try await engine.waitForCompletion(of: "math::*", count: 2)
      try await engine.verify("math::add", calledTimes: 2)
      await engine.shutdown()
      try await engine.verify("math::add", calledTimes: 2)
    }
  }

  // MARK: Expectations

  @Test("a failed expectation says what was called instead, with payloads and without secrets")
  func nearMisses() async throws {
    try await withPeers("orders::charge") { engine, callee, caller in
      for data in [#"{"id":1,"password":"p4ss"}"#, #"{"id":2,"api_key":"k3y"}"#] {
        await caller.send(Self.call("orders::charge", data))
        _ = try await answer(callee)
      }
      try await engine.waitForCompletion(of: "orders::charge", count: 2)
      let misspelled = await #expect(throws: MockEngineError.self) {
        try await engine.verify("orders::chrage", calledTimes: 1)
      }
      #expect(
        misspelled?.description
          == "`orders::chrage` was never called, expected 1 time; `orders::charge` was called 2 times, payloads: "
          + #"{"id":1,"password":"[REDACTED]"}, {"id":2,"api_key":"[REDACTED]"}"#)
      let tooFew = await #expect(throws: MockEngineError.self) {
        try await engine.verify("orders::charge", calledTimes: 3)
      }
      #expect(
        tooFew?.description.hasPrefix("`orders::charge` was called 2 times, expected 3 times; payloads: {") == true)
      engine.access.deny("orders::charge")
      await caller.send(Self.call("orders::charge", "{}"))
      try await engine.waitForDenial(of: "orders::charge")
      let denied = await #expect(throws: MockEngineError.self) {
        try await engine.verify("orders::charge", called: 3...)
      }
      #expect(denied?.description.contains("expected at least 3 times") == true)
      #expect(denied?.description.contains("1 of its calls was denied") == true)
    }
  }

  @Test("waits for calls end when the calls come, and a wait that takes too long says what was called")
  func waits() async throws {
    try await withPeers("orders::charge") { engine, callee, caller in
      async let second: Void = engine.waitForInvocation(of: "orders::*", count: 2)
      async let ended: Void = engine.waitForCompletion(of: "orders::charge", count: 2)
      for number in 1...2 {
        await caller.send(Self.call("orders::charge", "\(number)"))
        _ = try await answer(callee)
      }
      try await second
      try await ended
      let error = await #expect(throws: MockEngineError.self) {
        try await engine.waitForInvocation(of: "orders::charge", count: 3, within: .milliseconds(1))
      }
      #expect(
        error?.description
          == "`orders::charge` was called 2 times, expected at least 3 times; payloads: 1, 2 within 0.001 seconds")
      let never = await #expect(throws: MockEngineError.self) {
        try await engine.waitUntil("a miracle", within: .milliseconds(1)) { false }
      }
      #expect(
        never?.description.hasPrefix("a miracle did not come true within 0.001 seconds; the last entries") == true)
      #expect(never?.description.contains("invocationresult") == true)
    }
  }

  @Test("waits end with the engine, and with their task")
  func waitsThatEnd() async throws {
    let engine = try await MockEngine.start()
    let task = Task { try await engine.waitForInvocation(of: "f", within: .seconds(60)) }
    task.cancel()
    await #expect(throws: CancellationError.self) { try await task.value }
    let left = Task { try await engine.waitUntil(within: .seconds(60)) { false } }
    let entries = Task { _ = try await engine.journal.next(after: 1_000) }
    await engine.shutdown()
    await #expect(throws: MockEngineError.stopped) { try await left.value }
    await #expect(throws: MockEngineError.stopped) { try await entries.value }
  }

  @Test("a wait for an entry ends with a connection that sends nothing")
  func waitForAConnection() async throws {
    try await withMockEngine { engine in
      let waiting = Task { try await engine.journal.next(after: 0) }
      let peer = try await RawPeer.connect(engine.url)
      #expect(try await waiting.value.first?.number == 1)
      await peer.abort()
    }
  }

  // MARK: Export

  @Test("JSON lines have an object for each entry, and no secrets")
  func jsonLines() async throws {
    try await withPeers { engine, callee, caller in
      await caller.send(
        Self.call(
          "math::add",
          #"{"Password":"s1","nested":[{"x-api-key":"s2","access_token":"s3","token":"s4","tokens":5,"id_token":{"a":"s5"}}]}"#
        ))
      _ = try await answer(callee, #""result":{"authorization":"s6","n":1}"#)
      try await engine.waitForCompletion(of: "math::add")
      let text = await engine.journal.jsonLines
      let lines = try text.split(separator: "\n").map { try JSONValue(parsing: String($0)) }
      #expect(lines.count == (await engine.journal.entries.count))
      for secret in ["s1", "s2", "s3", "s4", "s5", "s6"] { #expect(!text.contains("\"\(secret)\"")) }
      #expect(text.contains(#""tokens":5"#) && text.contains(#""reattach_token":"[REDACTED]""#))
      let call = try #require(lines.first { $0["type"] == "invokefunction" && $0["direction"] == "sent" })
      #expect(call["message"]?["function_id"] == "math::add")
      #expect(call["event"] == "frame" && call["connection"] == 1)
      #expect(lines.first?["event"] == "opened")
    }
  }

  @Test("the time of entries is that of the engine's clock")
  func time() async throws {
    let time = TimeSource.manual()
    let engine = try await MockEngine.start(MockEngine.Configuration(), time: time)
    let peer = try await RawPeer.open(engine.url)
    try await peer.fence()
    await time.advance(by: .seconds(90))
    try await peer.fence()
    let times = await engine.journal.frames().filter { $0.frame?.form == .ping }.map(\.time)
    #expect(times == [.zero, .seconds(90)])
    await engine.shutdown()
  }
}
