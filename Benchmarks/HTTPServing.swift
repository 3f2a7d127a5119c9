/// What HTTP costs: requests of keep-alive connections that a worker's function answers, beside plain invocations with as
/// many of them open, and beside a bare relay for the same requests; memory of idle connections; a large upload.
///
/// Both ends are in the other process. Costs are CPU time of the process of the engine, or of the floor, and how much of it the
/// system's calls take.
enum HTTPServing {
  /// Bytes of an answer's body, as many as a plain invocation has.
  static let body = 300

  static func run(_ arguments: inout Arguments) async {
    guard let path = arguments.value("--engine") else { fail("--engine is missing") }
    let seconds = arguments.number("--seconds", otherwise: 3.0)
    let connections = arguments.number("--connections", otherwise: 64)
    let idle = arguments.number("--idle", otherwise: 10_000)
    let megabytes = arguments.number("--megabytes", otherwise: 1024)
    let rate = arguments.number("--rate", otherwise: 256)
    arguments.finish()
    measure(path, connections: connections, idle: idle, seconds: seconds)
    if megabytes > 0 { await HTTPUpload.run(path, bytes: megabytes << 20, bytesPerSecond: rate * 1_000_000) }
  }

  private static func measure(_ path: String, connections: Int, idle: Int, seconds: Double) {
    var table = Table()
    table.add([
      "\(connections) open", "rate", "÷ invocations", "÷ floor", "goal", "CPU each", "÷ floor", "goal", "in the system",
    ])
    let loop = RawLoop()
    let relay = Relay(name: "engine", process: .engine(path), isEngine: true, on: loop)
    let plain = relay.pipelined(window: connections, seconds: seconds)
    relay.stop()
    table.add([
      "invocations", plain.rate.text(0) + " /s", "1.00", "", "", (plain.cpu ?? .nan).text(2) + " µs", "", "", "",
    ])
    let bare = HTTPRun(floorOn: loop)
    let floor = bare.serve(connections: connections, seconds: seconds)
    bare.stop()
    table.add([
      "GET, bare floor", floor.rate.text(0) + " /s", (floor.rate / plain.rate).text(2), "1.00", "",
      floor.cpu.text(2) + " µs", "1.00", "", floor.system.text(2) + " µs",
    ])
    let run = HTTPRun(path, on: loop)
    let served = run.serve(connections: connections, seconds: seconds)
    // Held against the floor and not against invocations: those of all callers leave and come in a few system calls, a
    // request needs two of its own. The goals are those of an invocation beside its floor: at this window 0.7 of the rate,
    // and 2.2 times the CPU.
    let (rate, cpu) = (served.rate / floor.rate, served.cpu / floor.cpu)
    table.add([
      "GET, answered by a worker", served.rate.text(0) + " /s", (served.rate / plain.rate).text(2), rate.text(2),
      Goal.atLeast(0.7).verdict(rate), served.cpu.text(2) + " µs", cpu.text(2), Goal.atMost(2.2).verdict(cpu),
      served.system.text(2) + " µs",
    ])
    table.print()
    let memory = run.memory(idle: idle)
    var second = Table()
    second.add(["memory of an idle keep-alive connection, \(idle.grouped) of them", "KiB", "goal"])
    second.add(["", memory.text(2), Goal.atMost(4).verdict(memory, digits: 0)])
    second.print()
    run.stop()
  }
}

/// An engine or the floor, with a worker that answers requests.
private final class HTTPRun {
  private let process: ChildProcess
  private let loop: RawLoop
  private let worker: RawWebSocket

  init(_ path: String, on loop: RawLoop) {
    self.loop = loop
    process = .engine(path)
    let worker = RouteWorker(loop: loop)
    self.worker = worker
    loop.connect(worker, port: process.port)
    loop.run(awaiting: "a worker to register a route") { worker.isReady }
  }

  init(floorOn loop: RawLoop) {
    self.loop = loop
    process = ChildProcess(CommandLine.arguments[0], ["floor", "--http"])
    worker = HTTPFloorWorker(loop: loop) { loop.stop() }
    loop.connect(worker, port: process.port)
    loop.run(awaiting: "the floor to accept a callee")
  }

  struct Served {
    /// Requests a second.
    let rate: Double
    /// Microseconds of CPU for one request.
    let cpu: Double
    /// How much of it the system's calls take.
    let system: Double
  }

  /// Requests one after the other on each of some connections.
  func serve(connections count: Int, seconds: Double) -> Served {
    let clients = (0..<count).map { _ in RequestClient(loop: loop, path: "/bench") }
    for client in clients { loop.connect(client, port: process.httpPort) }
    let answered = { clients.reduce(0) { $0 + $1.answered } }
    loop.run(awaiting: "answers") { answered() >= count * 20 }  // warms up
    let cpu = cpuNanoseconds(of: process.pid) ?? 0
    let ticks = cpuTicks(of: process.pid)
    let (start, before) = (nanoseconds(), answered())
    let end = start + UInt64(seconds * 1e9)
    loop.run(awaiting: "answers") { nanoseconds() >= end }
    let (elapsed, served) = (nanoseconds() - start, answered() - before)
    let used = (cpuNanoseconds(of: process.pid) ?? 0) - cpu
    let now = cpuTicks(of: process.pid)
    for client in clients { client.close() }
    let each = Double(used) / Double(max(served, 1)) / 1000
    let (user, system) = (Double(now.user - ticks.user), Double(now.system - ticks.system))
    return Served(rate: Double(served) / Double(elapsed) * 1e9, cpu: each, system: each * system / (user + system))
  }

  /// KiB that an idle connection adds to the engine's memory, after one request.
  func memory(idle count: Int) -> Double {
    var clients: [RequestClient] = []
    func connect(_ count: Int) {
      var left = count
      while left > 0 {
        let batch = (0..<min(left, 100)).map { _ in RequestClient(loop: loop, path: "/bench", isOnce: true) }
        for client in batch { loop.connect(client, port: process.httpPort) }
        loop.run(awaiting: "idle connections") { batch.allSatisfy { $0.answered == 1 } }
        clients += batch
        left -= batch.count
      }
    }
    connect(200)
    let before = residentBytes(of: process.pid)
    connect(count)
    let after = residentBytes(of: process.pid)
    for client in clients { client.close() }
    return Double(after - before) / Double(count) / 1024
  }

  func stop() {
    worker.close()
    process.stop()
  }
}

/// A worker with one route, which answers at once.
private final class RouteWorker: RawWebSocket {
  private(set) var isReady = false

  private static let call = WireText(#"{"type":"invokefunction","invocation_id":""#)
  private static let filler = String(repeating: "x", count: HTTPServing.body - 2)

  init(loop: RawLoop) { super.init(loop: loop, role: .client) }

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    if Self.call.begins(bytes, count) {
      let id = String(
        decoding: UnsafeRawBufferPointer(start: bytes + Self.call.count, count: InvocationText.count), as: UTF8.self)
      send(
        #"{"type":"invocationresult","invocation_id":"\#(id)","function_id":"bench::http","result":{"body":"\#(Self.filler)"}}"#
      )
      return
    }
    let received = excerpt(bytes, count)
    if received.hasPrefix(#"{"type":"workerregistered""#) {
      send(#"{"type":"registerfunction","id":"bench::http"}"#)
      send(
        #"{"type":"registertrigger","id":"00000000-0000-4000-8000-000000000001","trigger_type":"http","#
          + #""function_id":"bench::http","config":{"api_path":"/bench","http_method":"GET"}}"#)
      send(#"{"type":"ping"}"#)  // registrations are not acknowledged: what comes after one is
    } else if received == #"{"type":"pong"}"# {
      isReady = true
    } else {
      fail("a worker received what it does not know: \(received)")
    }
  }
}

/// A keep-alive connection that requests a path again and again, or once.
private final class RequestClient: RawStream {
  private(set) var answered = 0
  private let request: [UInt8]
  private let isOnce: Bool

  init(loop: RawLoop, path: String, isOnce: Bool = false) {
    request = Array("GET \(path) HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    self.isOnce = isOnce
    super.init(loop: loop)
  }

  override func connected() { ask() }

  private func ask() { reserve(request.count).copyMemory(from: request, byteCount: request.count) }

  override func received(_ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    let answer = UnsafeRawBufferPointer(start: bytes, count: count)
    guard let end = HTTPFloor.endOfHead(answer) else { return 0 }
    let head = String(decoding: answer[..<end], as: UTF8.self)
    guard head.hasPrefix("HTTP/1.1 200"), let length = Self.contentLength(head) else { fail("answered: \(head)") }
    guard count >= end + length else { return 0 }
    answered += 1
    if !isOnce { ask() }
    return end + length
  }

  private static func contentLength(_ head: String) -> Int? {
    for line in head.split(separator: "\r\n") where line.hasPrefix("content-length: ") {
      return Int(line.dropFirst("content-length: ".count))
    }
    return nil
  }
}
