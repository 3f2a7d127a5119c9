import III
import IIIMockEngine
import Testing

@Suite("What a handler knows of its invocation", .timeLimit(.minutes(5)))
struct InvocationContextTests {
  struct Seen: Codable, Equatable {
    var functionID: String
    var invocationID: String?
    var metadata: JSONValue?
    var traceparent: String?
    var baggage: String?
  }

  static let traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  static let caller = InvocationContext(
    functionID: "test", invocationID: "none", traceparent: traceparent, baggage: "k=v,x=y")

  @Sendable static func seen() -> Seen? {
    InvocationContext.current.map {
      Seen(
        functionID: $0.functionID, invocationID: $0.invocationID, metadata: $0.metadata, traceparent: $0.traceparent,
        baggage: $0.baggage)
    }
  }

  @Test("it is there in async and in blocking handlers, and outside of them it is not", arguments: ["async", "sync"])
  func visible(kind: String) async throws {
    #expect(InvocationContext.current == nil)
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      try worker.registerFunction("async") { (_: JSONValue) async in Self.seen() }
      try worker.registerFunction("sync") { (_: JSONValue) in Self.seen() }
      let value = try await worker.trigger(
        TriggerRequest(functionID: kind, metadata: ["tenant": 7]))
      let seen = try value.decoded(as: Seen.self)
      #expect(seen.functionID == kind)
      #expect(seen.invocationID?.count == 36)
      #expect(seen.metadata == ["tenant": 7])
      #expect(seen.traceparent == nil && seen.baggage == nil)
    }
  }

  @Test("calls made inside carry the trace on", arguments: ["async", "sync"])
  func carried(kind: String) async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let other = try await registerWorker(engine.url)
      try other.registerFunction("inner") { (_: JSONValue) in Self.seen() }
      try worker.registerFunction("async") { (_: JSONValue) async throws in try await worker.trigger("inner") }
      try worker.registerFunction("sync") { (_: JSONValue) throws in try worker.blocking.trigger("inner") }
      try await engine.waitForFunction("inner")
      let value = try await InvocationContext.$current.withValue(Self.caller) { try await worker.trigger(kind) }
      let seen = try value.decoded(as: Seen.self)
      #expect(seen.functionID == "inner")
      #expect(seen.invocationID != "none" && seen.metadata == nil)
      #expect(seen.traceparent == Self.traceparent)
      #expect(seen.baggage == "k=v,x=y")
      await other.shutdown()
    }
  }

  @Test("a call that nobody waits for carries the trace on too")
  func void() async throws {
    try await withMockEngine { engine in
      let worker = try await engine.registerWorker()
      let contexts = AsyncStream<Seen?>.makeStream()
      try worker.registerFunction("note") { (_: JSONValue) in _ = contexts.continuation.yield(Self.seen()) }
      try await InvocationContext.$current.withValue(Self.caller) {
        try await worker.trigger("note", payload: 1, action: .void())
      }
      for await seen in contexts.stream {
        #expect(seen?.functionID == "note" && seen?.traceparent == Self.traceparent)
        break
      }
    }
  }

  @Test("a test may make one")
  func made() {
    let seen = InvocationContext.$current.withValue(InvocationContext(functionID: "f", metadata: 1)) { Self.seen() }
    #expect(seen == Seen(functionID: "f", metadata: 1))
  }

  @Test("it prints as a line of a log, without what may be secret")
  func prints() {
    let context = InvocationContext(
      functionID: "f", invocationID: "i", metadata: ["token": "secret"], traceparent: "t", baggage: "k=secret")
    #expect("\(context)" == "f (invocation i, trace t)")
    #expect("\(InvocationContext(functionID: "f"))" == "f (no answer expected)")
  }
}
