import III
import TestSupport
import Testing

@testable import IIIMockEngine

/// How listings are made: in slices, sorted, and small enough for the SDK that asked.
@Suite struct ListingTests {
  private static func rows(_ answer: JSONValue?, _ member: String = "functions") -> [JSONValue] {
    guard case .array(let rows)? = (answer?["result"] ?? answer?["data"])?[member] else { return [] }
    return rows
  }

  private static func register(_ count: Int, _ bench: inout RouterBench, _ peer: PeerID, more: String = "") {
    // In an order that is not that of the ids.
    for n in 0..<count {
      bench.send(peer, #"{"type":"registerfunction","id":"f::\#((n * 7919) % count)"\#(more)}"#)
    }
  }

  @Test("A long listing is answered in later turns, complete and in order")
  func slices() throws {
    var bench = RouterBench()
    let worker = bench.connect("w")
    Self.register(2_000, &bench, worker)
    let caller = bench.connect("c")
    let frame =
      #"{"type":"invokefunction","invocation_id":"\#(id(1))","function_id":"engine::functions::list","data":{}}"#

    bench.router.beginTurn(bench.output)
    Array(frame.utf8).withView { bench.router.receive($0, from: caller, bench.output) }
    Array(#"{"type":"ping"}"#.utf8).withView { bench.router.receive($0, from: caller, bench.output) }
    bench.router.emptyOutbox(bench.output)

    #expect(bench.output.take(caller) == [["type": "pong"]], "what comes behind a listing does not wait for it")
    bench.settle()
    let answer = try #require(bench.output.take(caller).first)
    #expect(Self.rows(answer).count == 2_000)
    let ids = Self.rows(answer).compactMap { if case .string(let id)? = $0["function_id"] { id } else { nil } }
    #expect(ids == ids.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    #expect(bench.router.lateReplies.isEmpty && bench.router.active(caller) == 0)
  }

  @Test("A listing shows what there was when it began, whatever changes meanwhile")
  func changesMeanwhile() throws {
    var bench = RouterBench()
    let worker = bench.connect("w")
    Self.register(1_000, &bench, worker)
    let caller = bench.connect("c")
    let frame =
      #"{"type":"invokefunction","invocation_id":"\#(id(1))","function_id":"engine::functions::list","data":{}}"#
    bench.router.beginTurn(bench.output)
    Array(frame.utf8).withView { bench.router.receive($0, from: caller, bench.output) }
    bench.disconnect(worker)
    #expect(Self.rows(bench.output.take(caller).first).count == 1_000)
  }

  @Test("Many long listings at once are all answered")
  func manyListings() throws {
    var bench = RouterBench()
    let worker = bench.connect("w")
    Self.register(600, &bench, worker)
    let caller = bench.connect("c")
    bench.router.beginTurn(bench.output)
    for n in 1...20 {
      let frame =
        #"{"type":"invokefunction","invocation_id":"\#(id(n))","function_id":"engine::functions::list","data":{"prefix":"f::\#(n)"}}"#
      Array(frame.utf8).withView { bench.router.receive($0, from: caller, bench.output) }
    }
    bench.settle()
    let answers = bench.output.take(caller)
    #expect(answers.count == 20 && answers.allSatisfy { !Self.rows($0).isEmpty })
  }

  @Test("Schemas are listed byte for byte as they were registered")
  func schemasAreNotParsed() throws {
    var bench = RouterBench(.current)
    let worker = bench.connect("w")
    bench.send(worker, #"{"type":"registerfunction","id":"f","request_format":{ "b":1.0, "a" : [1e2] }}"#)
    bench.call(worker, 1, "engine::functions::list")
    #expect(bench.output.sent.last?.text.contains(#""request_format":{ "b":1.0, "a" : [1e2] }"#) == true)
  }

  // MARK: Small SDKs

  private static let schema =
    #","request_format":{"title":"\#(String(repeating: "x", count: 2_700))"},"metadata":{"m":1}"#

  private static func python(_ bench: inout RouterBench, _ version: String) -> PeerID {
    let peer = bench.connect()
    bench.send(
      peer,
      #"{"type":"invokefunction","function_id":"engine::workers::register","data":{"name":"p","pid":1,"runtime":"python","version":"\#(version)"},"action":{"type":"void"}}"#
    )
    return peer
  }

  @Test("An SDK that takes 1 MiB gets long listings without schemas", arguments: [("0.13.0", true), ("0.25.0", false)])
  func smallSDK(version: String, isAbridged: Bool) throws {
    var bench = RouterBench(.current)
    let worker = bench.connect("w")
    Self.register(400, &bench, worker, more: Self.schema)
    let caller = Self.python(&bench, version)

    bench.call(caller, 1, "engine::functions::list")

    let text = try #require(bench.output.sent.last?.text)
    let row = Self.rows(bench.output.take(caller).first).first
    #expect((text.utf8.count <= 1 << 20) == isAbridged)
    #expect((row?["request_format"] == nil) == isAbridged && (row?["metadata"] == nil) == isAbridged)
    #expect(row?["worker_name"] == "w")
    #expect(bench.output.warnings.contains { $0.contains("without schemas") } == isAbridged)
    // What fits keeps its schemas.
    bench.call(caller, 2, "engine::functions::list", #"{"prefix":"f::39"}"#)
    #expect(Self.rows(bench.output.take(caller).first).first?["request_format"] != nil)
  }

  @Test("The event of changed functions is abridged for the SDK that needs it, and for no other")
  func smallSDKEvent() throws {
    var bench = RouterBench(.current)
    let worker = bench.connect("w")
    Self.register(400, &bench, worker, more: Self.schema)
    let old = Self.python(&bench, "0.13.0")
    let other = bench.connect("o")
    for (peer, name) in [(old, "old"), (other, "other")] {
      bench.send(peer, #"{"type":"registerfunction","id":"\#(name)"}"#)
      bench.send(
        peer,
        #"{"type":"registertrigger","id":"\#(name)","trigger_type":"engine::functions-available","function_id":"\#(name)","config":null}"#
      )
    }
    bench.advance(by: .seconds(5))
    let (small, large) = (bench.output.take(old).first, bench.output.take(other).first)
    #expect(Self.rows(small).count == Self.rows(large).count && Self.rows(large).count > 400)
    func find(_ event: JSONValue?) -> JSONValue? { Self.rows(event).first { $0["function_id"] == "f::1" } }
    #expect(find(small)?["request_format"] == nil && find(large)?["request_format"] != nil)
    #expect(bench.output.warnings.contains { $0.contains("without schemas") })
  }

  @Test("The log warns of a message that the engine makes itself and an old SDK refuses")
  func largeMessageOfTheEngine() throws {
    var bench = RouterBench(.current, adding: [ProbeWorker()])
    let caller = Self.python(&bench, "0.13.0")
    bench.call(caller, 1, "probe::echo", #""\#(String(repeating: "x", count: 1 << 20))""#)
    #expect(
      bench.output.events.contains {
        if case .largeMessage(let worker, _, _) = $0 { worker.name == "p" } else { false }
      })
  }

  // MARK: Parts

  @Test("A sort in slices ends in the order of a sort in one go", arguments: 0..<50)
  func slicedSort(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    let keys = (0..<Int.random(in: 0...300, using: &random)).map { _ in
      let text = "\(Int.random(in: 0...20, using: &random))"
      return SortKey(
        text: ByteKey(text), tie: seed % 2 == 0 ? nil : ByteKey("\(Int.random(in: 0...3, using: &random))"))
    }
    var sort = SlicedSort()
    for key in keys { sort.append(key) }
    while !sort.run(steps: Int.random(in: 1...100, using: &random)) {}
    let expected = keys.indices.sorted { a, b in
      (keys[a].text.text, keys[a].tie?.text ?? "", a) < (keys[b].text.text, keys[b].tie?.text ?? "", b)
    }
    #expect(sort.order.map(Int.init) == expected, "equal keys keep their order")
  }

  @Test("A search takes time that grows with the length of both texts", .timeLimit(.minutes(5)))
  func searchIsLinear() {
    let needle = String(repeating: "a", count: 80_000) + "b"
    let hay = String(repeating: "a", count: 2_000_000)
    #expect(!SearchText(needle).isIn(hay))
    #expect(SearchText(needle).isIn(hay + "B"))
  }

  @Test(
    "A search disregards case and finds a text anywhere",
    arguments: [
      ("", "", true), ("", "x", true), ("x", "", false), ("AbA", "xabABAx", true), ("abab", "abaabab", true),
      ("abab", "abaaba", false), ("É", "caf\u{e9}", true), ("zz", "z", false),
    ]) func search(needle: String, hay: String, isFound: Bool)
  {
    #expect(SearchText(needle).isIn(hay) == isFound)
  }
}
