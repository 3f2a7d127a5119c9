/// What is measured of an engine's process without a floor to set it beside: the goal is a figure.
struct EngineFigures {
  let path: String
  let name: String
  let loop: RawLoop

  /// Milliseconds from the start of the process to the first accepted worker, p50.
  func start(times: Int) -> Double {
    var samples: [UInt64] = []
    for _ in 0..<times {
      let before = nanoseconds()
      let process = ChildProcess.engine(path)
      let worker = RawWorker.connect(on: loop, port: process.port)
      samples.append(nanoseconds() - before)
      worker.close()
      process.stop()
    }
    return percentile(samples, 0.5) / 1e6
  }

  /// KiB that one connected worker with one function adds to the engine's resident memory.
  func memoryPerWorker(count: Int) -> Double {
    let process = ChildProcess.engine(path)
    // Calls first, until the journal uses all of its memory: that is no worker's.
    let relay = Relay(name: name, process: process, isEngine: true, on: loop)
    defer { relay.stop() }
    _ = relay.roundTrip(count: 6000)
    var workers: [RawWorker] = []
    // The first ones bring in what the engine needs once.
    for index in 0..<10 {
      workers.append(.connect(on: loop, port: process.port, function: "bench::idle::first::\(index)"))
    }
    let before = residentBytes(of: process.pid)
    var accepted = 0
    while accepted < count {
      let batch = min(100, count - accepted)  // no more at a time than a listener keeps waiting
      var waiting = batch
      for index in 0..<batch {
        let worker = RawWorker(loop: loop, function: "bench::idle::\(accepted + index)") { [loop] in
          waiting -= 1
          if waiting == 0 { loop.stop() }
        }
        workers.append(worker)
        loop.connect(worker, port: process.port)
      }
      loop.run(awaiting: "\(name) to accept \(count) workers")
      accepted += batch
    }
    let after = residentBytes(of: process.pid)
    for worker in workers { worker.close() }
    return before > 0 ? Double(after - before) / Double(count) / 1024 : .nan
  }
}

extension ChildProcess {
  static func engine(_ path: String) -> ChildProcess { ChildProcess(path, ["--port", "0", "--quiet"]) }
}
