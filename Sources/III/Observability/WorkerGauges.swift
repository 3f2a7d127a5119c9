internal import UV

/// The gauges of a worker's process: CPU time, memory, uptime. Confined to the loop.
final class WorkerGauges {
  var workerID: String?
  private let workerName: String
  private let source: TimeSource
  private let began: UInt64
  /// The CPU time and the moment of the last sample, for the percentage.
  private var last: (cpu: Int64, time: UInt64)

  init(_ settings: TelemetrySettings, _ source: TimeSource) {
    workerName = settings.workerName
    self.source = source
    began = source.now
    last = (ProcessUsage.current().cpuMicroseconds, source.now)
  }

  /// The encoded gauges as of now; none before the engine has named the worker.
  func sample() -> [[UInt8]] {
    guard let workerID else { return [] }
    let usage = ProcessUsage.current()
    let now = source.now
    let elapsed = Double(now - min(last.time, now)) / 1000
    let percent = elapsed > 0 ? Double(usage.cpuMicroseconds - last.cpu) / elapsed * 100 : 0
    last = (usage.cpuMicroseconds, now)
    let uptime = Double(now - min(began, now)) / 1e9
    let attributes: JSONObject = ["worker.id": .string(workerID), "worker.name": .string(workerName)]
    let time = source.wallClock
    func gauge(_ name: String, _ unit: String, _ value: JSONValue) -> [UInt8] {
      OTLPEncoding.bytes(ofGauge: "iii.worker.\(name)", unit: unit, value, attributes, at: time)
    }
    var gauges = [
      gauge("cpu.percent", "%", .double(percent)),
      gauge("cpu.user_micros", "us", .int(usage.userMicroseconds)),
      gauge("cpu.system_micros", "us", .int(usage.systemMicroseconds)),
      gauge("memory.rss", "bytes", .int(usage.residentBytes)),
      gauge("uptime_seconds", "s", .double(uptime)),
    ]
    if let bytes = usage.virtualBytes { gauges.append(gauge("memory.vms", "bytes", .int(bytes))) }
    return gauges
  }
}
