import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct BackPressureTests {
  static let megabyte = 1 << 20

  /// A caller with `count` calls of a megabyte each for `slow::f`, whose worker does not read.
  func load(_ engine: MockEngine, _ count: Int) async throws -> (slow: RawPeer, caller: RawPeer) {
    let slow = try await RawPeer.open(engine.url, early: [.text(#"{"type":"registerfunction","id":"slow::f"}"#)])
    _ = try await slow.receiveText()
    try await engine.waitForFunction("slow::f")
    await slow.stopReading()
    let caller = try await RawPeer.open(engine.url)
    _ = try await caller.receiveText()
    let data = String(repeating: "x", count: Self.megabyte)
    for n in 0..<count {
      await caller.send(
        #"{"type":"invokefunction","invocation_id":"\#(id(n))","function_id":"slow::f","data":"\#(data)"}"#)
    }
    return (slow, caller)
  }

  @Test func aWorkerThatDoesNotReadLosesNothingAndHarmsNobody() async throws {
    let warned = AsyncStream<Int>.makeStream()
    var configuration = MockEngine.Configuration()
    configuration.onEvent = { event in
      if case .slowWorker(_, let bytes) = event { warned.continuation.yield(bytes) }
    }
    try await withMockEngine(configuration) { engine in
      let (slow, caller) = try await load(engine, 64)
      // The caller is read although what it sends piles up elsewhere, and others are served.
      try await caller.fence()
      let healthy = try await RawPeer.open(engine.url, early: [.text(#"{"type":"registerfunction","id":"fast::f"}"#)])
      _ = try await healthy.receiveText()
      try await engine.waitForFunction("fast::f")
      await caller.send(#"{"type":"invokefunction","invocation_id":"\#(id(99))","function_id":"fast::f","data":1}"#)
      _ = try await healthy.receiveText()
      await healthy.send(
        #"{"type":"invocationresult","invocation_id":"\#(id(99))","function_id":"fast::f","result":2}"#)
      #expect(try await caller.receiveText().contains(#""result":2"#))
      let waiting = await warned.stream.first { _ in true }
      #expect(waiting ?? 0 > 16 * Self.megabyte)
      // Then it reads: everything comes, in order.
      await slow.startReading()
      for n in 0..<64 {
        let text = try await slow.receiveText()
        #expect(text.utf8.count > Self.megabyte && text.contains(id(n)))
      }
      try await slow.fence()
    }
  }

  @Test func aboveTheLimitItIsDroppedAndItsCallersAreTold() async throws {
    var configuration = MockEngine.Configuration()
    configuration.maxUnsentBytes = 8 * Self.megabyte
    try await withMockEngine(configuration) { engine in
      let (slow, caller) = try await load(engine, 32)
      #expect(try await caller.receiveText().contains("invocation_stopped"))
      try await caller.fence()
      await slow.startReading()
      _ = try await slow.ended()
      let answers = await caller.takeUnread()
      #expect(answers.count == 31)
      #expect(
        answers.allSatisfy { $0.text.contains("invocation_stopped") || $0.text.contains("function_not_found") })
    }
  }
}
