import III
import Testing

@testable import IIIMockEngine

@Suite struct RouterRegistrationTests {
  @Test func theNewestRegistrationWinsAndOnlyItsOwnerRemovesIt() throws {
    var bench = RouterBench()
    let first = bench.connect(functions: "f")
    let second = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.send(first, #"{"type":"unregisterfunction","id":"f"}"#)
    bench.call(caller, 1, "f")
    #expect(bench.output.take(second).count == 1)
    bench.disconnect(second)
    _ = bench.output.take(caller)
    bench.call(caller, 2, "f")
    #expect(bench.output.take(caller).first?["error"]?["code"] == "function_not_found")
    bench.send(first, #"{"type":"registerfunction","id":"f"}"#)
    bench.call(caller, 3, "f")
    #expect(bench.output.take(first).count == 1)
  }

  @Test func callsInFlightStayWithTheReplacedCallee() throws {
    var bench = RouterBench()
    let first = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.call(caller, 1, "f")
    _ = bench.connect(functions: "f")
    bench.answer(first, id(1), #","result":"old""#)
    #expect(bench.output.take(caller).first?["result"] == "old")
  }

  @Test func aBuiltInCanBeReplacedAndIsGoneAfterwards() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "engine::functions::list")
    bench.call(worker, 1, "engine::functions::list")
    #expect(bench.output.take(worker).first?["type"] == "invokefunction")
    bench.send(worker, #"{"type":"unregisterfunction","id":"engine::functions::list"}"#)
    bench.call(worker, 2, "engine::functions::list")
    #expect(bench.output.take(worker).last?["error"]?["code"] == "function_not_found")
  }

  @Test func anHTTPInvokedFunctionIsNotRegisteredAndTheOlderOneStays() throws {
    var bench = RouterBench()
    let worker = bench.connect("w", functions: "f")
    bench.send(worker, #"{"type":"registerfunction","id":"f","invocation":{"url":"http://127.0.0.1/"}}"#)
    bench.call(worker, 1, "f")
    #expect(bench.output.take(worker).count == 1)
    #expect(bench.output.diagnostics.first?.kind == "registerfunction")
  }

  @Test func idsAreComparedWithoutTheirEscapes() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: #"caf\u00e9"#)
    bench.call(worker, 1, "café")
    #expect(bench.output.take(worker).first?["function_id"] == "café")
  }

  @Test func eventsTellWhoRegisteredWhat() throws {
    var bench = RouterBench()
    let worker = bench.connect("w", functions: "f", "f")
    bench.disconnect(worker)
    let label = bench.output.events.compactMap { if case .workerNamed(let label) = $0 { label } else { nil } }.first
    let named = try #require(label)
    #expect(named.name == "w")
    #expect(
      Array(bench.output.events.suffix(4)) == [
        .functionRegistered(id: "f", worker: named, replaced: false),
        .functionRegistered(id: "f", worker: named, replaced: true),
        .functionUnregistered(id: "f", worker: named), .workerDisconnected(named, reason: "test"),
      ])
  }

  @Test func aReattachNeedsTheRightToken() throws {
    var bench = RouterBench(.current)
    let old = bench.connect("w", functions: "f")
    let new = bench.connect()
    let record = try #require(bench.router.workers[old])
    for token in ["", #","reattach_token":"\#(id(9))""#] {
      bench.send(new, #"{"type":"reattach","previous_worker_id":"\#(record.id)"\#(token)}"#)
      #expect(bench.output.dropped.isEmpty)
    }
    bench.send(
      new,
      #"{"type":"reattach","previous_worker_id":"\#(record.id)","reattach_token":"\#(record.reattachToken)"}"#)
    #expect(bench.output.dropped == [old])
    #expect(bench.router.functions.entry("f") == nil)
    bench.send(old, #"{"type":"ping"}"#)
    #expect(bench.router.workers.count == 1)
  }

  @Test func aPlaceIsUsedAgainUnderAnotherID() throws {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    let caller = bench.connect()
    bench.disconnect(worker)
    let next = bench.connect()
    #expect(next.slot == worker.slot && next != worker)
    bench.call(caller, 1, "f")
    #expect(bench.output.take(next).isEmpty)
  }
}
