import Testing

@testable import III
@testable import IIIMockEngine

/// Ids are bytes: texts that `String` takes for equal name different things.
@Suite struct RouterKeyTests {
  static let composed = "caf\u{e9}"
  static let decomposed = "cafe\u{301}"
  static let both = [composed, decomposed]

  /// The result of a built-in function.
  private func result(
    _ bench: inout RouterBench, _ peer: PeerID, _ function: String, _ data: String
  ) -> JSONValue? {
    bench.call(peer, 900, function, data)
    return bench.output.take(peer).last?["result"]
  }

  /// A listing's ids, as bytes.
  private func ids(_ listing: JSONValue?, _ list: String, _ member: String = "id") -> [ByteKey] {
    guard case .array(let rows)? = listing?[list] else { return [] }
    return rows.compactMap { if case .string(let text)? = $0[member] { ByteKey(text) } else { nil } }
  }

  @Test("both of two equivalent trigger types are listed, and each provider hears of its triggers")
  func triggerTypes() {
    var bench = RouterBench()
    let providers = Self.both.map { text in
      let provider = bench.connect()
      bench.send(provider, #"{"type":"registertriggertype","id":"t-\#(text)","description":"d"}"#)
      return provider
    }
    let owner = bench.connect(functions: "f")
    for text in Self.both {
      bench.send(
        owner,
        #"{"type":"registertrigger","id":"x-\#(text)","trigger_type":"t-\#(text)","function_id":"f","config":{}}"#)
    }
    for (provider, text) in zip(providers, Self.both) {
      let told = bench.output.take(provider).compactMap { message in
        if case .string(let id)? = message["id"] { ByteKey(id) } else { nil }
      }
      #expect(told == [ByteKey("x-\(text)")])
    }
    let listed = ids(result(&bench, owner, "engine::triggers::list", "{}"), "triggers")
    #expect(Set(listed).isSuperset(of: Self.both.map { ByteKey("t-\($0)") }))
    for text in Self.both {
      let filter = #"{"trigger_type":"t-\#(text)"}"#
      let found = ids(
        result(&bench, owner, "engine::registered-triggers::list", filter), "registered_triggers")
      #expect(found == [ByteKey("x-\(text)")])
    }
  }

  @Test("unregistering one of two equivalent triggers leaves the other") func triggers() {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    bench.send(worker, #"{"type":"registertriggertype","id":"t","description":"d"}"#)
    for text in Self.both {
      bench.send(
        worker, #"{"type":"registertrigger","id":"y-\#(text)","trigger_type":"t","function_id":"f","config":{}}"#)
    }
    bench.send(worker, #"{"type":"unregistertrigger","id":"y-\#(Self.composed)","trigger_type":"t"}"#)
    let left = ids(result(&bench, worker, "engine::registered-triggers::list", "{}"), "registered_triggers")
    #expect(left == [ByteKey("y-\(Self.decomposed)")])
  }

  @Test("filters, records and prefixes tell equivalent ids apart") func filters() {
    var bench = RouterBench()
    let peers = Self.both.map { text in
      let peer = bench.connect(text, functions: "f-\(text)")
      bench.send(peer, #"{"type":"registertriggertype","id":"t-\#(text)","description":"d"}"#)
      bench.send(
        peer,
        #"{"type":"registertrigger","id":"y-\#(text)","trigger_type":"t-\#(text)","function_id":"f-\#(text)","config":{}}"#
      )
      return peer
    }
    for text in Self.both {
      for filter in [#"{"worker":"\#(text)"}"#, #"{"prefix":"f-\#(text)"}"#] {
        let found = ids(result(&bench, peers[0], "engine::functions::list", filter), "functions", "function_id")
        #expect(found == [ByteKey("f-\(text)")], "\(filter)")
      }
      let types = ids(
        result(&bench, peers[0], "engine::triggers::list", #"{"worker":"\#(text)"}"#), "triggers")
      #expect(types == [ByteKey("t-\(text)")])
      for filter in [#"{"worker":"\#(text)"}"#, #"{"function_id":"f-\#(text)"}"#] {
        let found = ids(
          result(&bench, peers[0], "engine::registered-triggers::list", filter), "registered_triggers")
        #expect(found == [ByteKey("y-\(text)")], "\(filter)")
      }
      let worker = result(&bench, peers[0], "engine::workers::info", #"{"name":"\#(text)"}"#)
      #expect(ids(worker, "functions", "function_id") == [ByteKey("f-\(text)")])
      #expect(ids(worker, "registered_triggers") == [ByteKey("y-\(text)")])
      let function = result(&bench, peers[0], "engine::functions::info", #"{"function_id":"f-\#(text)"}"#)
      #expect(ids(function, "registered_triggers") == [ByteKey("y-\(text)")])
    }
  }

  @Test("a combining character after `engine::` does not make a function visible") func internalPrefix() {
    var bench = RouterBench()
    let worker = bench.connect(functions: "engine::\u{301}x", "visible")
    let listed = ids(result(&bench, worker, "engine::functions::list", "{}"), "functions", "function_id")
    #expect(listed == ["visible"])
  }

  @Test("a function whose id is replaced by an equivalent one is a change of the functions") func changes() {
    var bench = RouterBench()
    let worker = bench.connect(functions: Self.composed, "heard")
    bench.send(
      worker,
      #"{"type":"registertrigger","id":"a","trigger_type":"engine::functions-available","function_id":"heard","config":{}}"#
    )
    bench.advance(by: .seconds(5))
    _ = bench.output.take(worker)
    bench.send(worker, #"{"type":"unregisterfunction","id":"\#(Self.composed)"}"#)
    bench.send(worker, #"{"type":"registerfunction","id":"\#(Self.decomposed)"}"#)
    bench.advance(by: .seconds(5))
    #expect(bench.output.take(worker).count == 1)
    // What cancels out is no change.
    bench.send(worker, #"{"type":"unregisterfunction","id":"\#(Self.decomposed)"}"#)
    bench.send(worker, #"{"type":"registerfunction","id":"\#(Self.decomposed)"}"#)
    bench.advance(by: .seconds(5))
    #expect(bench.output.take(worker).isEmpty)
  }
}
