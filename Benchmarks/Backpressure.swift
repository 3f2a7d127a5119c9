import III
import UV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a worker needs while its engine reads nothing: the memory of calls that time out, and results far above what may wait.
enum Backpressure {
  private static let limit = 100 << 20

  static func run(_ arguments: inout Arguments) async {
    let seconds = arguments.number("--seconds", otherwise: 60.0)
    let callers = arguments.number("--callers", otherwise: 100)
    arguments.finish()
    let child = ChildProcess(CommandLine.arguments[0], ["engine"])
    do {
      try await stopped(child, seconds: seconds, callers: callers)
      try await largeResults("ws://127.0.0.1:\(child.port)")
    } catch {
      fail("\(error)")
    }
    child.stop()
  }

  /// Calls of 64 KiB, each with a time-out of a second, to an engine that is stopped.
  private static func stopped(_ child: ChildProcess, seconds: Double, callers: Int) async throws {
    let worker = try await registerWorker("ws://127.0.0.1:\(child.port)")
    kill(child.pid, SIGSTOP)
    let end = nanoseconds() + UInt64(seconds * 1e9)
    let payload = String(repeating: "x", count: 64 << 10)
    let before = residentBytes(of: processID)
    let (calls, peak) = await withTaskGroup(of: Int.self) { group in
      for _ in 0..<callers {
        group.addTask {
          var calls = 0
          while nanoseconds() < end {
            do { try await worker.trigger("bench::none", payload: payload, timeout: .seconds(1)) } catch {}
            calls += 1
          }
          return calls
        }
      }
      var (calls, peak) = (0, 0)
      for await more in group {
        calls += more
        peak = max(peak, residentBytes(of: processID))
      }
      return (calls, peak)
    }
    kill(child.pid, SIGCONT)
    await worker.shutdown()
    announce(
      "a stopped engine for \(Int(seconds)) s, \(callers) callers of 64 KiB: \(calls.grouped) calls timed out, resident memory "
        + "\(before >> 20) MiB before, \(peak >> 20) MiB at the end, at most \(limit >> 20) MiB allowed")
    if peak > limit { fail("calls that have timed out are kept") }
  }

  /// Ten results of 50 MiB at once.
  private static func largeResults(_ url: String) async throws {
    let callee = try await registerWorker(url)
    try callee.registerFunction("bench::large") { (count: Int) async in String(repeating: "x", count: count) }
    let caller = try await registerWorker(url)
    _ = try await callee.trigger("bench::large", payload: 1, as: String.self)
    let begin = nanoseconds()
    try await withThrowingTaskGroup(of: Int.self) { group in
      for _ in 0..<10 {
        group.addTask {
          try await caller.trigger("bench::large", payload: 50 << 20, as: String.self, timeout: .seconds(300)).utf8
            .count
        }
      }
      for try await count in group where count != 50 << 20 { fail("a result has \(count) bytes") }
    }
    announce("ten results of 50 MiB at once: all arrived within \((Double(nanoseconds() - begin) / 1e9).text(1)) s")
    await caller.shutdown()
    await callee.shutdown()
  }
}
