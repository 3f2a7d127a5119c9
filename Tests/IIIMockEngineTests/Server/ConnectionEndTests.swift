import III
import TestSupport
import Testing

@testable import IIIMockEngine

@Suite struct ConnectionEndTests {
  /// A worker that owns `f`.
  func worker(_ engine: MockEngine) async throws -> RawPeer {
    let peer = try await RawPeer.open(engine.url, early: [.text(#"{"type":"registerfunction","id":"f"}"#)])
    _ = try await peer.receiveText()
    try await engine.waitForFunction("f")
    return peer
  }

  /// What a new caller hears of `f`.
  func call(_ engine: MockEngine) async throws -> String {
    let caller = try await RawPeer.open(engine.url)
    _ = try await caller.receiveText()
    await caller.send(#"{"type":"invokefunction","invocation_id":"\#(id(1))","function_id":"f","data":{}}"#)
    return try await caller.receiveText()
  }

  @Test(arguments: [1000, 1001, 4000, nil] as [UInt16?]) func aCloseIsAnsweredAndEndsTheWorker(code: UInt16?)
    async throws
  {
    try await withMockEngine { engine in
      let peer = try await worker(engine)
      await peer.send(RawFrame.close(code, reason: code == nil ? "" : "bye"))
      await peer.send(#"{"type":"registerfunction","id":"after"}"#)
      let close = try #require(try await peer.ended().close)
      #expect(close.closeCode == code && close.payload.count == (code == nil ? 0 : 2))
      #expect(try await call(engine).contains("function_not_found"))
    }
  }

  @Test(arguments: [
    (RawFrame(opcode: 1, payload: Array("{}".utf8), isMasked: false), 1002),
    (RawFrame(opcode: 1, payload: [], reserved: 4), 1002), (RawFrame(opcode: 3, payload: []), 1002),
    (RawFrame(opcode: 1, payload: [0xFF]), 1007), (RawFrame(opcode: 9, payload: [], isFinal: false), 1002),
    (RawFrame(opcode: 0, payload: []), 1002), (RawFrame(opcode: 8, payload: [3]), 1002),
    (RawFrame(opcode: 9, payload: Array(repeating: 1, count: 126)), 1002),
  ]) func aBrokenFrameIsToldInACloseAndEndsTheWorker(frame: RawFrame, code: Int) async throws {
    try await withMockEngine { engine in
      let peer = try await worker(engine)
      await peer.send(frame)
      let close = try #require(try await peer.ended().close)
      #expect(close.closeCode == UInt16(code) && close.payload.count > 2)
      #expect(try await call(engine).contains("function_not_found"))
      #expect(await engine.diagnostics.last?.problem.hasPrefix("WebSocket protocol: ") == true)
    }
  }

  @Test(arguments: [0, 1, 2]) func aLostConnectionEndsTheWorker(how: Int) async throws {
    try await withMockEngine { engine in
      let peer = try await worker(engine)
      let caller = try await RawPeer.open(engine.url)
      _ = try await caller.receiveText()
      await caller.send(#"{"type":"invokefunction","invocation_id":"\#(id(7))","function_id":"f","data":{}}"#)
      _ = try await peer.receiveText()
      switch how {
      case 0: await peer.abort()
      case 1: await peer.reset()
      default: await peer.halfClose()
      }
      #expect(
        try await caller.receiveText()
          == #"{"type":"invocationresult","invocation_id":"\#(id(7))","function_id":"f","error":{"code":"invocation_stopped","message":"Invocation stopped"}}"#
      )
      #expect(try await call(engine).contains("Function f not found"))
    }
  }

  @Test func shutdownDropsWorkersWithoutAClose() async throws {
    let engine = try await MockEngine.start()
    let peer = try await worker(engine)
    #expect(await engine.shutdownReportingLeaks() == 0)
    switch try await peer.ended() {
    case .byPeer(let close): #expect(close == nil)
    case .failed(let reason): #expect(reason == "ECONNRESET")
    case .byUs: Issue.record("the peer did not end it")
    }
  }

  @Test func aReattachedWorkerReplacesItsOldConnection() async throws {
    try await withMockEngine { engine in
      let old = try await RawPeer.open(engine.url)
      let hello = try JSONValue(parsing: try await old.receiveText())
      let new = try await RawPeer.open(engine.url)
      _ = try await new.receiveText()
      let (worker, token) = (hello["worker_id"]?.text ?? "", hello["reattach_token"]?.text ?? "")
      await new.send(#"{"type":"reattach","previous_worker_id":"\#(worker)","reattach_token":"\#(token)"}"#)
      #expect(try await old.ended() == .byPeer(close: nil))
      try await new.fence()
    }
  }
}
