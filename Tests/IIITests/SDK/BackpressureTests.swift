import TestSupport
import Testing
import UV

@testable import III

@Suite("Worker: an engine that reads slowly, or not at all")
struct BackpressureTests {
  /// A worker whose engine stops reading after the first bytes; the socket has refused some bytes.
  private func withStoppedEngine(_ body: (III, ScriptedPeer) async throws -> Void) async throws {
    try await withWorker {
      $0.maxUnsentBytes = 1 << 20
      $0.log = { _, _ in }
    } _: { worker, peer, _ in
      await peer.stopAtNextRead()
      try await body(worker, peer)
    }
  }

  /// Fills the socket and the queue before it.
  private func fill(_ worker: III) async throws {
    let payload = String(repeating: "x", count: 256 << 10)
    repeat {
      while !worker.gauge.isFull {
        do {
          try await worker.trigger("fill", payload: payload, action: .void(), timeout: .milliseconds(50))
        } catch is IIITimeoutError {}  // it became full after the check
      }
      // Posted calls are written in one turn of the loop, and refused at its end.
      for _ in 0..<2 { await worker.fence() }
    } while !worker.gauge.isFull
  }

  @Test("results far above the limit of waiting bytes all arrive when the engine reads again")
  func largeResults() async throws {
    try await withStoppedEngine { worker, peer in
      try worker.registerFunction("large") { (n: Int) async in String(repeating: "\(n)", count: 2 << 20) }
      try await peer.stopped()
      for n in 0..<10 {
        let id = UUID128(high: 0, low: UInt64(n))
        await peer.send(
          #"{"type":"invokefunction","invocation_id":"\#(id)","function_id":"large","data":\#(n)}"#)
      }
      await peer.startReading()
      var sizes: [String: Int] = [:]
      for _ in 0..<10 {
        let result = try await peer.receive("invocationresult")
        guard case .string(let id)? = result["invocation_id"], case .string(let text)? = result["result"] else {
          continue
        }
        sizes[id] = text.utf8.count
      }
      #expect(sizes.count == 10)
      #expect(sizes.values.allSatisfy { $0 == 2 << 20 })
    }
  }

  @Test("calls that have timed out while the engine did not read never reach it")
  func timedOutCalls() async throws {
    try await withStoppedEngine { worker, peer in
      try await fill(worker)
      for _ in 0..<20 {
        await #expect(throws: IIITimeoutError.self) {
          _ = try await worker.trigger("late", payload: 1, as: JSONValue.self, timeout: .milliseconds(1))
        }
      }
      await peer.startReading()
      async let last: JSONValue = worker.trigger("last", payload: 1)
      var functions: Set<String> = []
      while true {
        let call = try await peer.receive("invokefunction")
        if case .string(let id)? = call["function_id"] { functions.insert(id) }
        if call["function_id"] == "last" {
          await peer.answer(call, #","result":1"#)
          break
        }
      }
      #expect(try await last == 1)
      #expect(functions == ["fill", "last"])
    }
  }

  @Test("a call without a result waits no longer than its time-out, and ends when its task is cancelled")
  func handOver() async throws {
    try await withStoppedEngine { worker, _ in
      try await fill(worker)
      await #expect(throws: IIITimeoutError.self) {
        try await worker.trigger("void", payload: 1, action: .void(), timeout: .milliseconds(1))
      }
      let waiting = Task { try await worker.trigger("void", payload: 1, action: .void()) }
      waiting.cancel()
      await #expect(throws: CancellationError.self) { try await waiting.value }
    }
  }

  @Test("nothing is sent for a task that is already cancelled")
  func cancelledBefore() async throws {
    try await withWorker { worker, peer, _ in
      let gate = Gate()
      let task = Task {
        await gate.wait()
        await #expect(throws: CancellationError.self) { _ = try await worker.trigger("a", payload: 1) as JSONValue }
        await #expect(throws: CancellationError.self) { try await worker.trigger("b", payload: 1, action: .void()) }
      }
      task.cancel()
      gate.open()
      await task.value
      try await peer.fence()
      #expect(await peer.takeUnread() == [])
    }
  }
}
