import III
import Testing

@testable import IIIMockEngine

/// `engine::channels::create`, up to where a channel is made.
@Suite struct ChannelCreationTests {
  @Test(arguments: [
    ("{}", 64), (#"{"buffer_size":null,"other":1}"#, 64), (#"{"buffer_size":0}"#, 1), (#"{"buffer_size":1}"#, 1),
    (#"{"buffer_size":1024}"#, 1024), (#"{"buffer_size":1025}"#, 1024),
    (#"{"buffer_size":18446744073709551615}"#, 1024),
  ]) func capacities(input: String, capacity: Int) throws {
    var bench = RouterBench()
    let caller = bench.connect()
    bench.call(caller, 1, "engine::channels::create", input)
    #expect(try bench.builtIn(ChannelsWorker.self).all.map(\.capacity) == [capacity])
    let answer = try #require(bench.output.take(caller).first)
    guard case .object(let frame) = answer, case .object(let refs)? = frame["result"] else {
      Issue.record("\(answer)")
      return
    }
    #expect(refs.map(\.key) == ["reader", "writer"])
  }

  @Test(arguments: [
    ("null", "invalid type: null, expected struct CreateChannelInput"),
    (#"{"buffer_size":-1}"#, "invalid value: integer `-1`, expected usize"),
    (#"{"buffer_size":18446744073709551616}"#, "invalid type: floating point `1.8446744073709552e+19`, expected usize"),
    (#"{"buffer_size":{}}"#, "invalid type: map, expected usize"),
  ]) func refusals(input: String, reason: String) throws {
    var bench = RouterBench()
    let caller = bench.connect()
    bench.call(caller, 1, "engine::channels::create", input)
    #expect(try bench.builtIn(ChannelsWorker.self).all.isEmpty)
    let wanted = "Failed to deserialize input for engine::channels::create: \(reason)"
    #expect(bench.output.sent.last?.text.contains(#""code":"deserialization_error","message":"\#(wanted)""#) == true)
  }

  @Test func anEngineHasTenFunctionsOfItsOwn() throws {
    var bench = RouterBench()
    let caller = bench.connect()
    bench.call(caller, 1, "engine::workers::info", #"{"name":"iii-engine-functions"}"#)
    let answer = try #require(bench.output.take(caller).first)
    guard case .object(let frame) = answer, case .object(let info)? = frame["result"],
      case .array(let functions)? = info["functions"], case .object(let first)? = functions.first
    else {
      Issue.record("\(answer)")
      return
    }
    #expect(functions.count == 10)
    #expect(first["function_id"] == "engine::channels::create")
    #expect(first["description"] == "Create a streaming channel pair")
  }
}
