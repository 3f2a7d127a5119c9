/// How long a quiet peer's calls take while another peer floods the engine: alone, then with each kind of flood.
enum Flood {
  /// What the flooding peer sends.
  private struct Kind {
    let name: String
    var target = "/"
    /// Sent once, before the flood.
    var first: [UInt8] = []
    /// A block of frames, sent again and again.
    let frames: [UInt8]
  }

  private static let goal = Goal.atMost(20)

  static func run(_ arguments: inout Arguments) {
    let path = arguments.value("--engine")
    let seconds = arguments.number("--seconds", otherwise: 3.0)
    let functions = arguments.number("--functions", otherwise: 100)
    arguments.finish()
    let loop = RawLoop()
    let process = path.map(ChildProcess.engine) ?? ChildProcess(CommandLine.arguments[0], ["engine"])
    let quiet = Relay(name: "engine", process: process, isEngine: true, on: loop)
    // Something to list.
    let workers = (0..<functions).map { RawWorker.connect(on: loop, port: process.port, function: "flood::idle\($0)") }
    let idle = quiet.latencies(seconds: seconds)
    var table = Table()
    table.add(["quiet peer, calls of 300 bytes", "p50", "p99", "p50 ÷ idle", "goal", "flood"])
    table.add(["idle", text(idle, 0.5), text(idle, 0.99), "1.0", "", ""])
    for kind in kinds {
      let flooder = RawFlooder(port: process.port, target: kind.target, first: kind.first, frames: kind.frames)
      let before = (bytes: flooder.bytesSent, time: nanoseconds())
      let latencies = quiet.latencies(seconds: seconds)
      let rate = Double(flooder.bytesSent - before.bytes) / Double(nanoseconds() - before.time) * 1e3
      flooder.stop()
      let ratio = percentile(latencies, 0.5) / percentile(idle, 0.5)
      table.add([
        kind.name, text(latencies, 0.5), text(latencies, 0.99), ratio.text(1), goal.verdict(ratio, digits: 0),
        rate.text(1) + " MB/s",
      ])
    }
    announce()
    table.print()
    for worker in workers { worker.close() }
    quiet.stop()
  }

  private static func text(_ latencies: [UInt64], _ share: Double) -> String {
    (percentile(latencies, share) / 1e6).text(2) + " ms"
  }

  private static var kinds: [Kind] {
    let list =
      #"{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-000000000001","#
      + #""function_id":"engine::functions::list","data":{}}"#
    let record =
      #"{"timeUnixNano":"1700000000000000000","severityNumber":9,"severityText":"INFO","#
      + #""body":{"stringValue":"an order was charged"},"attributes":[{"key":"order","value":{"intValue":"7"}}]}"#
    let logs =
      #"LOGS{"resourceLogs":[{"scopeLogs":[{"logRecords":["#
      + Array(repeating: record, count: 100).joined(separator: ",") + "]}]}]}"
    let empty =
      #"LOGS{"resourceLogs":[{"scopeLogs":[{"logRecords":["#
      + Array(repeating: "{}", count: 50_000).joined(separator: ",") + "]}]}]}"
    let big =
      #"{"type":"invokefunction","function_id":"flood::big","data":""# + String(repeating: "x", count: 1 << 20) + #""}"#
    return [
      Kind(name: "pings", frames: block { _ in frame("ping", opcode: RawWebSocket.ping) }),
      Kind(name: "ping messages", frames: block { _ in frame(#"{"type":"ping"}"#) }),
      Kind(
        name: "registrations", frames: block { frame(#"{"type":"registerfunction","id":"flood::function\#($0)"}"#) }),
      Kind(name: "{} frames", frames: block { _ in frame("{}") }),
      Kind(name: "lists", frames: block { _ in frame(list) }),
      Kind(
        name: "calls of 1 MiB", first: frame(#"{"type":"registerfunction","id":"flood::big"}"#), frames: frame(big)),
      Kind(name: "/otel, 100 log records", target: "/otel", frames: block { _ in frame(logs, opcode: 2) }),
      Kind(name: "/otel, 50,000 × {}", target: "/otel", frames: frame(empty, opcode: 2)),
      Kind(name: "/otel, pings", target: "/otel", frames: block { _ in frame("ping", opcode: RawWebSocket.ping) }),
    ]
  }

  /// 256 KiB of frames.
  private static func block(_ make: (Int) -> [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    var number = 0
    while bytes.count < 256 << 10 {
      bytes += make(number)
      number += 1
    }
    return bytes
  }

  /// A client's frame. Its mask is zero, which changes nothing for the engine.
  private static func frame(_ text: String, opcode: UInt8 = RawWebSocket.text) -> [UInt8] {
    let payload = Array(text.utf8)
    var header: [UInt8] = [0x80 | opcode]
    if payload.count < 126 {
      header.append(0x80 | UInt8(payload.count))
    } else if payload.count < 65_536 {
      header += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
    } else {
      header.append(0x80 | 127)
      for shift in stride(from: 56, through: 0, by: -8) {
        header.append(UInt8(truncatingIfNeeded: payload.count >> shift))
      }
    }
    return header + [0, 0, 0, 0] + payload
  }
}
