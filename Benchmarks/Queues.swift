#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What queues cost: jobs accepted, jobs delivered and acknowledged, in memory and on disk; memory of a job; groups of a
/// FIFO queue.
///
/// The caller keeps 256 enqueues without their receipt. Costs are CPU time of the engine's process.
enum Queues {
  private static let window = 256
  /// Bytes of a payload.
  static let payload = 300

  static func run(_ arguments: inout Arguments) {
    guard let path = arguments.value("--engine") else { fail("--engine is missing") }
    let jobs = arguments.number("--jobs", otherwise: 200_000)
    let many = arguments.number("--many", otherwise: 1_000_000)
    arguments.finish()
    var table = Table()
    table.add(["", "rate", "goal", "CPU a job"])
    for isDurable in [false, true] {
      let run = QueueRun(path, folder: isDurable ? QueueRun.newFolder() : nil)
      let place = isDurable ? "on disk" : "in memory"
      let (accepted, delivered) = (isDurable ? 60_000.0 : 250_000, isDurable ? 60_000.0 : 150_000)
      run.pause("q")
      table.add(cells("accepted, \(place)", run.enqueue(jobs, to: "q"), .atLeast(accepted)))
      table.add(cells("delivered and acknowledged, \(place)", run.deliver(jobs, of: "q"), .atLeast(delivered)))
      table.add(cells("both at once, \(place)", run.both(jobs, in: "q"), .none))
      run.stop()
    }
    for groups in [10, 10_000] {
      let run = QueueRun(path, folder: nil)
      run.pause("groups")
      table.add(cells("accepted, \(groups.grouped) groups", run.enqueue(jobs, to: "groups", groups: groups), .none))
      table.add(cells("delivered, \(groups.grouped) groups", run.deliver(jobs, of: "groups"), .none))
      run.stop()
    }
    table.print()
    let run = QueueRun(path, folder: nil)
    run.pause("q")
    let memory = run.memory(jobs: many)
    var second = Table()
    second.add(["memory of a job beyond its payload, \(many.grouped) jobs", "bytes", "goal"])
    second.add(["", memory.text(0), Goal.atMost(200).verdict(memory, digits: 0)])
    second.print()
    run.stop()
  }

  private static func cells(_ name: String, _ cost: QueueRun.Cost, _ goal: Goal) -> [String] {
    [name, cost.rate.text(0) + " /s", goal.verdict(cost.rate, digits: 0), cost.cpu.text(2) + " µs"]
  }

  /// Sends `count` enqueues, so many at a time without their receipt.
  fileprivate static var openEnqueues: Int { window }
}

/// An engine with a caller, and a worker that answers jobs.
private final class QueueRun {
  struct Cost {
    /// Jobs a second.
    var rate: Double
    /// Microseconds of the engine's CPU.
    var cpu: Double
  }

  private let process: ChildProcess
  private let loop = RawLoop()
  private let caller: QueuePeer
  private let worker: QueuePeer
  private let folder: String?
  private let file: String

  static func newFolder() -> String { "/tmp/iii-bench-\(processID)-\(nanoseconds())" }

  init(_ path: String, folder: String?) {
    self.folder = folder
    file = QueueRun.newFolder() + ".yaml"
    let store = folder.map { "{store_method: file_based, file_path: \"\($0)\"}" } ?? "{store_method: in_memory}"
    writeFile(
      file,
      """
      workers:
        - name: iii-queue
          config:
            queue_configs:
              q: {concurrency: 256}
              groups: {concurrency: 256, type: fifo, message_group_field: g}
            adapter: {name: builtin, config: \(store)}

      """)
    process = ChildProcess(path, ["--port", "0", "--quiet", "--config", file])
    worker = QueuePeer(loop: loop)
    caller = QueuePeer(loop: loop)
    for peer in [worker, caller] { loop.connect(peer, port: process.port) }
    loop.run(awaiting: "workers to be accepted") { self.worker.isWelcome && self.caller.isWelcome }
    worker.send(#"{"type":"registerfunction","id":"bench::job"}"#)
    fence(worker)
  }

  func pause(_ queue: String) { control("pause", queue) }

  private func control(_ function: String, _ queue: String) {
    let expected = caller.results + 1
    caller.send(
      #"{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-000000000001","function_id":"mock::queues::\#(function)","data":{"queue":"\#(queue)"}}"#
    )
    loop.flushDirty()
    loop.run(awaiting: "a queue's control") { self.caller.results == expected }
  }

  func enqueue(_ count: Int, to queue: String, groups: Int = 1) -> Cost {
    measure(count) {
      let end = caller.results + count
      var sent = 0
      while caller.results < end {
        let open = sent - (count - (end - caller.results))
        let more = min(Queues.openEnqueues - open, count - sent)
        for _ in 0..<max(more, 0) {
          caller.enqueue(sent, group: sent % groups, to: queue)
          sent += 1
        }
        loop.flushDirty()
        let reached = min(caller.results + Queues.openEnqueues / 4, end)
        loop.run(awaiting: "receipts") { self.caller.results >= reached }
      }
    }
  }

  func deliver(_ count: Int, of queue: String) -> Cost {
    measure(count) {
      let end = worker.jobs + count
      control("resume", queue)
      loop.run(awaiting: "deliveries") { self.worker.jobs == end }
      fence(worker)
    }
  }

  func both(_ count: Int, in queue: String) -> Cost {
    measure(count) {
      let end = worker.jobs + count
      _ = enqueue(count, to: queue)
      loop.run(awaiting: "deliveries") { self.worker.jobs == end }
      fence(worker)
    }
  }

  /// Bytes that a waiting job adds to the engine's memory, without those of its payload.
  func memory(jobs: Int) -> Double {
    _ = enqueue(10_000, to: "q")
    let before = residentBytes(of: process.pid)
    _ = enqueue(jobs, to: "q")
    return Double(residentBytes(of: process.pid) - before) / Double(jobs) - Double(Queues.payload)
  }

  private func measure(_ count: Int, _ body: () -> Void) -> Cost {
    let cpu = cpuNanoseconds(of: process.pid) ?? 0
    let start = nanoseconds()
    body()
    let wall = nanoseconds() - start
    let used = (cpuNanoseconds(of: process.pid) ?? 0) - cpu
    return Cost(rate: Double(count) / Double(wall) * 1e9, cpu: Double(used) / Double(count) / 1000)
  }

  private func fence(_ peer: QueuePeer) {
    let expected = peer.pongs + 1
    peer.send(#"{"type":"ping"}"#)
    loop.flushDirty()
    loop.run(awaiting: "a pong") { peer.pongs == expected }
  }

  func stop() {
    caller.close()
    worker.close()
    process.stop()
    removeFile(file)
    if let folder {
      for name in ["iii-store.sqlite", "iii-store.sqlite-wal", "iii-store.sqlite-shm"] {
        removeFile("\(folder)/\(name)")
      }
      removeFile(folder)
    }
  }
}

/// A peer that counts receipts, and answers every job at once.
private final class QueuePeer: RawWebSocket {
  private(set) var isWelcome = false
  private(set) var pongs = 0
  private(set) var results = 0
  private(set) var jobs = 0

  init(loop: RawLoop) { super.init(loop: loop, role: .client) }

  private static let job = WireText(#"{"type":"invokefunction","invocation_id":""#)
  private static let result = WireText(#"{"type":"invocationresult","#)
  private static let acknowledgement = WireText(#"{"type":"pong"}"#)
  private static let welcome = WireText(#"{"type":"workerregistered","#)
  private static let enqueueHead = #"{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-"#
  private static let receipt = WireText(#"","function_id":"bench::job","result":{"messageReceiptId""#)
  private static let receiptStart = answerHead.utf8.count + InvocationText.count
  private static let answerHead = #"{"type":"invocationresult","invocation_id":""#

  private var templates: [String: [UInt8]] = [:]
  private var templateKey = ""
  private var template: [UInt8] = []
  private var answer = Array(
    (answerHead + String(repeating: "0", count: InvocationText.count) + #"","function_id":"bench::job","result":1}"#)
      .utf8)

  override func message(_ bytes: UnsafeMutableRawPointer, _ count: Int, _ opcode: UInt8) {
    if Self.job.begins(bytes, count) {
      jobs += 1
      answer.withUnsafeMutableBytes {
        guard let start = $0.baseAddress else { return }
        memcpy(start + Self.answerHead.utf8.count, bytes + Self.job.count, InvocationText.count)
        send(UnsafeRawPointer(start), $0.count)
      }
    } else if Self.result.begins(bytes, count) {
      results += 1
      // A receipt is known by its place; only other results are looked through.
      let isReceipt =
        count > Self.receiptStart && Self.receipt.begins(bytes + Self.receiptStart, count - Self.receiptStart)
      if !isReceipt, excerpt(bytes, count).contains(#""error""#) { fail("refused: \(excerpt(bytes, count))") }
    } else if Self.acknowledgement.begins(bytes, count) {
      pongs += 1
    } else if Self.welcome.begins(bytes, count) {
      isWelcome = true
    } else {
      fail("a peer received what it does not know: \(excerpt(bytes, count))")
    }
  }

  /// Sends an enqueue with the number in its id. Its cost must not show beside the engine's, so only its digits change.
  func enqueue(_ number: Int, group: Int, to queue: String) {
    let key = "\(queue) \(group)"
    if templateKey != key {
      templateKey = key
      template = templates[key] ?? Self.template(group: group, queue: queue)
      templates[key] = template
    }
    template.withUnsafeMutableBytes { memory in
      guard let start = memory.baseAddress else { return }
      var number = number
      for place in stride(from: Self.enqueueHead.utf8.count + 11, through: Self.enqueueHead.utf8.count, by: -1) {
        let digit = UInt8(number & 15)
        memory[place] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
        number >>= 4
      }
      send(UnsafeRawPointer(start), memory.count)
    }
  }

  private static func template(group: Int, queue: String) -> [UInt8] {
    let data = #"{"g":"\#(group)","t":""#
    let text = String(repeating: "x", count: Queues.payload - data.utf8.count - 2)
    return Array(
      (enqueueHead + "000000000000"
        + #"","function_id":"bench::job","data":\#(data)\#(text)"},"action":{"type":"enqueue","queue":"\#(queue)"}}"#)
        .utf8)
  }
}
