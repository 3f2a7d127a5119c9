import III
import Testing

@testable import IIIMockEngine

@Suite struct MalformedFrameTests {
  /// What a worker sends, and what the diagnostic says of it; nothing is answered.
  static let ignored: [(String, String, String)] = [
    ("not json", "frame", "not JSON, at byte 0"),
    ("null", "frame", "not a JSON object"),
    ("[]", "frame", "not a JSON object"),
    ("{}", "frame", "missing field `type`"),
    (#"{"type":5}"#, "frame", "field `type` is not a string"),
    (#"{"type":"nope"}"#, "frame", "unknown type `nope`"),
    (#"{"type":"Ping"}"#, "frame", "unknown type `Ping`"),
    (#"{"type":"ping","type":"ping"}"#, "ping", "field `type` occurs twice"),
    (#"{"type":"ping",}"#, "frame", "not JSON, at byte 15"),
    (#"{"type":"ping","x":01}"#, "frame", "not JSON, at byte 20"),
    ("{\"type\":\"ping\",\"x\":\"a\nb\"}", "frame", "not JSON, at byte 21"),
    ("\u{FEFF}{\"type\":\"ping\"}", "frame", "not JSON, at byte 0"),
    (#"{"type":"ping"}x"#, "frame", "not JSON, at byte 15"),
    (#"{"type":"invokefunction","function_id":"f"}"#, "invokefunction", "missing field `data`"),
    (#"{"type":"invokefunction","data":{}}"#, "invokefunction", "missing field `function_id`"),
    (#"{"type":"invokefunction","function_id":5,"data":{}}"#, "invokefunction", "field `function_id` is not a string"),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"data":2}"#, "invokefunction", "field `data` occurs twice"
    ),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"invocation_id":""}"#, "invokefunction",
      "field `invocation_id` is not a UUID"
    ),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"invocation_id":{}}"#, "invokefunction",
      "field `invocation_id` is not a string"
    ),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"traceparent":5}"#, "invokefunction",
      "field `traceparent` is not a string"
    ),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"action":"void"}"#, "invokefunction",
      "field `action` is not an object"
    ),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"action":{}}"#, "invokefunction",
      "field `action`: missing field `type`"
    ),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"action":{"type":"later"}}"#, "invokefunction",
      "field `action`: unknown type `later`, expected `enqueue` or `void`"
    ),
    (
      #"{"type":"invokefunction","function_id":"f","data":1,"action":{"type":"enqueue"}}"#, "invokefunction",
      "field `action`: missing field `queue`"
    ),
    (#"{"type":"registerfunction"}"#, "registerfunction", "missing field `id`"),
    (
      #"{"type":"registerfunction","id":"x","description":5}"#, "registerfunction",
      "field `description` is not a string"
    ),
    (
      #"{"type":"registerfunction","id":"x","invocation":"u"}"#, "registerfunction",
      "field `invocation` is not an object"
    ),
    (#"{"type":"registerfunction","id":"a","id":"b"}"#, "registerfunction", "field `id` occurs twice"),
    (#"{"type":"unregisterfunction","id":null}"#, "unregisterfunction", "field `id` is not a string"),
    (#"{"type":"registerservice","id":"s","name":null}"#, "registerservice", "field `name` is not a string"),
    (#"{"type":"invocationresult","function_id":"f"}"#, "invocationresult", "missing field `invocation_id`"),
  ]

  @Test(arguments: ignored) func isIgnoredWithADiagnostic(frame: String, kind: String, problem: String) throws {
    var bench = RouterBench()
    let worker = bench.connect("w")
    bench.send(worker, frame)
    #expect(bench.output.sent.isEmpty)
    let diagnostic = try #require(bench.output.diagnostics.first)
    #expect(diagnostic.kind == kind)
    #expect(diagnostic.problem == problem)
    #expect(diagnostic.worker.name == "w")
    bench.send(worker, #"{"type":"ping"}"#)
    #expect(bench.output.sent.map(\.text) == [#"{"type":"pong"}"#])
  }

  @Test(arguments: ["", "   ", "\n\t", #"{"type":"pong"}"#, #"{"type":"workerregistered","worker_id":5}"#])
  func isIgnoredSilently(frame: String) {
    var bench = RouterBench()
    let worker = bench.connect()
    bench.send(worker, frame)
    #expect(bench.output.sent.isEmpty && bench.output.diagnostics.isEmpty)
  }

  @Test(arguments: [
    #" \#u{20}{ "type" : "ping" }"#, #"{"x":1,"type":"ping"}"#, #"{"type":"\u0070ing"}"#, #"{"\u0074ype":"ping"}"#,
    #"{"type":"ping","x":1,"x":2,"id":5,"id":6}"#, #"{"type":"ping","x":"\ud83d\ude00\u0000"}"#,
  ]) func isAPingHoweverItIsWritten(frame: String) {
    var bench = RouterBench()
    let worker = bench.connect()
    bench.send(worker, frame.replacing(#"\#u{20}"#, with: " "))
    #expect(bench.output.sent.map(\.text) == [#"{"type":"pong"}"#])
  }

  @Test func missingDataComesWithAHint() throws {
    var bench = RouterBench()
    let worker = bench.connect("w")
    bench.send(worker, #"{"type":"invokefunction","function_id":"f"}"#)
    let diagnostic = try #require(bench.output.diagnostics.first)
    #expect(diagnostic.hint?.contains("as null") == true)
    #expect(diagnostic.description.contains("w (") && diagnostic.description.contains("missing field `data`"))
  }

  @Test func payloadsNeverStandInDiagnostics() {
    var bench = RouterBench()
    let worker = bench.connect("w")
    bench.send(worker, #"{"type":"invokefunction","function_id":5,"data":{"password":"hunter2"}}"#)
    bench.send(worker, #"{"password":"hunter2""#)
    #expect(!bench.output.events.contains { "\($0)".contains("hunter2") })
  }

  @Test(arguments: [(126, true), (127, false)]) func nesting(depth: Int, isRouted: Bool) {
    var bench = RouterBench()
    let worker = bench.connect(functions: "f")
    bench.call(worker, 1, "f", String(repeating: "[", count: depth) + String(repeating: "]", count: depth))
    #expect(bench.output.take(worker).count == (isRouted ? 1 : 0))
    #expect(bench.output.diagnostics.count == (isRouted ? 0 : 1))
  }
}
