import III
import Testing
import UV

@Suite("Time source and a loop's timers")
struct TimeSourceTests {
  /// Runs `body` with the timers of a loop, on that loop, then stops it.
  private func withTimers(
    _ source: TimeSource, _ body: @escaping @Sendable (LoopTimers, Recorder) -> Void,
    then check: (Recorder) async -> Void
  ) async throws {
    let loop = try Loop(name: "timers")
    let recorder = Recorder()
    let timers = await withCheckedContinuation { (ready: CheckedContinuation<LoopBound<LoopTimers>, Never>) in
      loop.post {
        let timers = LoopTimers(on: loop, source: source)
        body(timers, recorder)
        ready.resume(returning: LoopBound(timers, on: loop))
      }
    }
    await check(recorder)
    loop.post { timers.value.close() }
    #expect(await loop.stop() == 0)
  }

  /// The timers that fired, in order.
  private final class Recorder: Sendable {
    private let fired = Lock<[String]>([])
    let done = AsyncStream<Void>.makeStream()

    func note(_ name: String) { fired.withLock { $0.append(name) } }
    var names: [String] { fired.withLock { $0 } }
    func finish() { done.continuation.finish() }
    func finished() async { for await _ in done.stream {} }
  }

  @Test("the system's clock fires in order of the deadlines, none early")
  func system() async throws {
    let start = TimeSource.system.now
    try await withTimers(.system) { timers, recorder in
      let now = timers.now
      timers.schedule(at: now + 4_000_000) {
        recorder.note("late")
        recorder.finish()
      }
      timers.schedule(at: now + 2_000_000) { recorder.note("early") }
      let cancelled = timers.schedule(at: now + 1_000_000) { recorder.note("cancelled") }
      #expect(timers.cancel(cancelled))
    } then: { recorder in
      await recorder.finished()
      #expect(recorder.names == ["early", "late"])
      #expect(TimeSource.system.now - start >= 4_000_000)
    }
  }

  @Test("a manual clock does not move by itself, and stops at each deadline while it advances")
  func manual() async throws {
    let source = TimeSource.manual()
    let start = source.now
    try await withTimers(source) { timers, recorder in
      timers.schedule(after: .seconds(10)) {
        recorder.note("10 s at \((timers.now - start) / 1_000_000_000)")
        timers.schedule(after: .seconds(5)) {
          recorder.note("15 s at \((timers.now - start) / 1_000_000_000)")
        }
        timers.schedule(after: .seconds(60)) { recorder.note("never") }
      }
      timers.schedule(after: .seconds(3)) { recorder.note("3 s at \((timers.now - start) / 1_000_000_000)") }
    } then: { recorder in
      await source.advance(by: .seconds(2))
      #expect(recorder.names == [])
      await source.advance(by: .seconds(18))
      #expect(recorder.names == ["3 s at 3", "10 s at 10", "15 s at 15"])
      #expect(source.now - start == 20_000_000_000)
    }
  }

  @Test("work that was posted before an advance runs before its timers")
  func posted() async throws {
    let source = TimeSource.manual()
    let loop = try Loop(name: "timers")
    let recorder = Recorder()
    loop.post {
      let timers = LoopTimers(on: loop, source: source)
      timers.schedule(after: .zero) { recorder.note("zero") }
      let bound = LoopBound(timers, on: loop)
      loop.post { bound.value.schedule(after: .seconds(1)) { recorder.note("one") } }
    }
    // The timers exist once this has run.
    await withCheckedContinuation { ready in _ = loop.post { ready.resume() } }
    await source.advance(by: .seconds(1))
    #expect(recorder.names == ["zero", "one"])
    _ = await loop.stop()
    await source.advance(by: .seconds(1))  // a loop that has ended is skipped
  }

  @Test("two loops with one manual clock fire in the order of the deadlines")
  func twoLoops() async throws {
    let source = TimeSource.manual()
    let recorder = Recorder()
    let loops = try (Loop(name: "a"), Loop(name: "b"))
    for (loop, name, deadlines) in [(loops.0, "a", [1, 3]), (loops.1, "b", [2, 4])] {
      await withCheckedContinuation { ready in
        _ = loop.post {
          let timers = LoopTimers(on: loop, source: source)
          for deadline in deadlines {
            timers.schedule(after: .seconds(deadline)) { recorder.note("\(name)\(deadline)") }
          }
          timers.schedule(after: .seconds(5)) { timers.close() }
          ready.resume()
        }
      }
    }
    await source.advance(by: .seconds(10))
    #expect(recorder.names == ["a1", "b2", "a3", "b4"])
    #expect(await loops.0.stop() == 0)
    #expect(await loops.1.stop() == 0)
  }

  @Test("durations are converted to whole units, rounded up and clamped")
  func spans() {
    #expect(Duration.seconds(-1).nanoseconds == 0)
    #expect(Duration.seconds(Int64.max).nanoseconds == .max)
    #expect(Duration(secondsComponent: 0, attosecondsComponent: 1).nanoseconds == 1)
    #expect(Duration.nanoseconds(1).milliseconds == 1)
    #expect(Duration.milliseconds(300).milliseconds == 300)
    #expect(UInt64.max.advanced(by: .seconds(1)) == .max)
  }
}
