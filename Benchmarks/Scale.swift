/// What an event costs in an engine that holds much, beside what it costs in one that holds a tenth.
///
/// Flat columns are the aim: 10,000 connected workers, 100,000 functions, 100,000 triggers and 1,000,000 open calls. Costs
/// are CPU time of the engine's process, so what else the machine does moves them little.
enum Scale {
  static func run(_ arguments: inout Arguments) {
    let path = arguments.value("--engine")
    let workers = arguments.number("--workers", otherwise: 10_000)
    arguments.finish()
    // Each engine, and this process, holds a descriptor for every worker.
    let room = raiseDescriptorLimit() - 200
    let full = max(100, min(workers, room) / 100 * 100)
    if full < workers {
      announce("the limit of open files is \(room + 200): \(full.grouped) workers instead of \(workers.grouped)")
    }
    let few = ScaleRun(workers: full / 10, engine: path)
    let fewRows = few.run()
    let many = ScaleRun(workers: full, engine: path)
    let manyRows = many.run()
    var table = Table()
    table.add(["", few.title, many.title, "ratio"])
    for (a, b) in zip(fewRows, manyRows) {
      table.add([
        a.name, a.value.text(a.digits) + " " + a.unit, b.value.text(b.digits) + " " + b.unit,
        (b.value / a.value).text(2),
      ])
    }
    table.print()
  }
}

/// One engine, filled step by step and emptied again.
final class ScaleRun {
  struct Row {
    let name: String
    let value: Double
    let unit: String
    let digits: Int
  }

  // What every worker has.
  private static let functionsEach = 10
  private static let triggersEach = 10
  private static let callsEach = 100
  /// Workers that act at once: what they send waits in this process's memory.
  private static let batch = 100

  private let count: Int
  private let loop = RawLoop()
  private let counts = ScaleWorker.Counts()
  private var departures = ScaleWorker.Counts()
  private let process: ChildProcess
  private var workers: [ScaleWorker] = []
  private var rows: [Row] = []
  private var calls = 0

  private var functions: Int { count * Self.functionsEach }
  var title: String { "\(count.grouped) workers" }

  init(workers: Int, engine: String?) {
    count = workers
    process = engine.map(ChildProcess.engine) ?? ChildProcess(CommandLine.arguments[0], ["engine"])
  }

  func run() -> [Row] {
    defer { process.stop() }
    oneLargeWorker()
    measure("connect a worker", count, "a worker", connect)
    register()
    list()
    openCalls()
    answeredCalls()
    leave()
    return rows
  }

  // MARK: Steps

  /// One worker that registers as many functions as all others will have together, and leaves.
  private func oneLargeWorker() {
    let worker = connectOne()
    measure("register a function, all of one worker", functions) {
      for number in 0..<functions { worker.send(#"{"type":"registerfunction","id":"large::\#(number)"}"#) }
      fence([worker])
    }
    measure("unregister a function of that worker", functions / 2) {
      for number in 0..<functions / 2 { worker.send(#"{"type":"unregisterfunction","id":"large::\#(number)"}"#) }
      fence([worker])
    }
    let monitor = watchDepartures()
    measure("that worker leaves, for each function", functions / 2) {
      worker.close()
      loop.run(awaiting: "a worker's end") { self.departures.calls == 1 }
    }
    monitor.close()
  }

  /// A worker that the engine tells of every worker that leaves; from now on `departures` counts its calls.
  private func watchDepartures() -> ScaleWorker {
    departures = ScaleWorker.Counts()
    let monitor = ScaleWorker(loop: loop, counts: departures, answersCalls: true)
    loop.connect(monitor, port: process.port)
    loop.run(awaiting: "a worker to be accepted") { self.departures.welcomes == 1 }
    monitor.send(#"{"type":"registerfunction","id":"departed"}"#)
    monitor.send(
      #"{"type":"registertrigger","id":"departed","trigger_type":"engine::workers-available","function_id":"departed","config":{}}"#
    )
    monitor.send(#"{"type":"ping"}"#)
    loop.flushDirty()
    loop.run(awaiting: "a pong") { self.departures.pongs == 1 }
    return monitor
  }

  private func connect() {
    while workers.count < count {
      let batch = min(Self.batch, count - workers.count)
      let expected = counts.welcomes + batch
      for _ in 0..<batch {
        let worker = ScaleWorker(loop: loop, counts: counts)
        workers.append(worker)
        loop.connect(worker, port: process.port)
      }
      loop.run(awaiting: "workers to be accepted") { self.counts.welcomes == expected }
    }
  }

  private func register() {
    measure("register a function", functions, "a function") {
      forEachBatch { index, worker in
        for number in 0..<Self.functionsEach {
          worker.send(#"{"type":"registerfunction","id":"\#(self.function(index * Self.functionsEach + number))"}"#)
        }
      }
    }
    let provider = connectOne()
    provider.send(#"{"type":"registertriggertype","id":"scale","description":"of the measurement"}"#)
    fence([provider])
    let expected = counts.triggers + count * Self.triggersEach
    measure("register a trigger", count * Self.triggersEach, "a trigger") {
      forEachBatch { index, worker in
        for number in 0..<Self.triggersEach {
          let number = index * Self.triggersEach + number
          worker.send(
            #"{"type":"registertrigger","id":"trigger-\#(number)","trigger_type":"scale","#
              + #""function_id":"\#(self.function(number))","config":{}}"#)
        }
      }
      loop.run(awaiting: "the provider to be told of triggers") { self.counts.triggers == expected }
    }
  }

  private func list() {
    let worker = connectOne()
    let total = functions
    measure("list functions, a row", total) {
      let expected = counts.results + 1
      calls += 1
      worker.call("engine::functions::list", id: calls)
      loop.flushDirty()
      loop.run(awaiting: "a listing") { self.counts.results == expected }
    }
    if counts.listing < total * 20 { fail("the listing has \(counts.listing) bytes, too few for \(total) functions") }
    worker.close()
  }

  private func openCalls() {
    let expected = counts.calls + count * Self.callsEach
    measure("open a call", count * Self.callsEach, "an open call") {
      forEachBatch { index, worker in
        for number in 0..<Self.callsEach {
          self.calls += 1
          worker.call(self.function(index * 37 + number * 101), id: self.calls)
        }
      }
      loop.run(awaiting: "calls to reach their callees") { self.counts.calls == expected }
    }
  }

  private func answeredCalls() {
    let callee = connectOne(answersCalls: true)
    callee.send(#"{"type":"registerfunction","id":"answers"}"#)
    fence([callee])
    let caller = connectOne()
    let total = 20_000
    measure("a call and its answer, beside the open ones", total) {
      let expected = counts.results + total
      for begin in stride(from: 0, to: total, by: 200) {
        let reached = expected - total + begin + 200
        for _ in 0..<200 {
          calls += 1
          caller.call("answers", id: calls)
        }
        loop.flushDirty()
        loop.run(awaiting: "answers") { self.counts.results == reached }
      }
    }
    caller.close()
    callee.close()
  }

  /// A tenth of the workers leaves, each with its functions, its triggers, and its calls in both directions; then all.
  private func leave() {
    let monitor = watchDepartures()
    let peak = residentBytes(of: process.pid)
    let leavers = workers.prefix(count / 10)
    measure("a worker leaves", leavers.count) {
      for worker in leavers { worker.close() }
      loop.run(awaiting: "workers to leave") { self.departures.calls == leavers.count }
    }
    for worker in workers.dropFirst(count / 10) { worker.close() }
    loop.run(awaiting: "all workers to leave") { self.departures.calls == self.count }
    monitor.close()
    func note(_ name: String, _ bytes: Int) {
      rows.append(Row(name: name, value: Double(bytes) / 1_048_576, unit: "MiB", digits: 1))
    }
    note("resident memory with everything", peak)
    note("resident memory when all have left", residentBytes(of: process.pid))
  }

  // MARK: Internals

  private func function(_ number: Int) -> String { "bench::scale::\(number % functions)" }

  private func connectOne(answersCalls: Bool = false) -> ScaleWorker {
    let worker = ScaleWorker(loop: loop, counts: counts, answersCalls: answersCalls)
    let expected = counts.welcomes + 1
    loop.connect(worker, port: process.port)
    loop.run(awaiting: "a worker to be accepted") { self.counts.welcomes == expected }
    return worker
  }

  /// Has every worker send something, some at a time; returns when the engine has read it.
  private func forEachBatch(_ body: (Int, ScaleWorker) -> Void) {
    for begin in stride(from: 0, to: count, by: Self.batch) {
      let batch = begin..<min(begin + Self.batch, count)
      for index in batch { body(index, workers[index]) }
      fence(Array(workers[batch]))
    }
  }

  /// Returns when the engine has read all that these workers sent: what comes after it is acknowledged.
  private func fence(_ workers: [ScaleWorker]) {
    let expected = counts.pongs + workers.count
    for worker in workers { worker.send(#"{"type":"ping"}"#) }
    loop.flushDirty()
    loop.run(awaiting: "pongs") { self.counts.pongs == expected }
  }

  /// Notes the engine's CPU time for each of `total` events, and how much memory each has taken.
  private func measure(_ name: String, _ total: Int, _ thing: String? = nil, _ body: () -> Void) {
    let memory = residentBytes(of: process.pid)
    let before = cpuNanoseconds(of: process.pid)
    let start = nanoseconds()
    body()
    let wall = nanoseconds() - start
    let used = before.flatMap { before in cpuNanoseconds(of: process.pid).map { $0 - before } } ?? wall
    rows.append(Row(name: name, value: Double(used) / 1000 / Double(total), unit: "µs", digits: 2))
    guard let thing else { return }
    let added = Double(residentBytes(of: process.pid) - memory) / Double(total)
    rows.append(Row(name: "memory of \(thing)", value: added, unit: "bytes", digits: 0))
  }
}
