import III
import UV

/// What is done step by step on the fuzzer's loop: each step waits until something holds, a minute at most.
final class Steps {
  private let loop: Loop
  private let timers: LoopTimers
  /// Says who is late, for the words of a failure.
  var late: () -> String = { "" }

  private var isReached: (() -> Bool)?
  private var next: (() -> Void)?
  private var watchdog: TimerToken?
  private var done: ((FuzzFailure?) -> Void)?
  private var failure: FuzzFailure?

  init(on loop: Loop) {
    self.loop = loop
    timers = LoopTimers(on: loop, source: .system)
  }

  /// Does `first`; `done` is called when a step calls `finish`, or something has failed.
  func run(_ done: @escaping (FuzzFailure?) -> Void, _ first: () -> Void) {
    self.done = done
    if failure == nil { first() } else { finish() }
  }

  func wait(for what: String, _ isReached: @escaping () -> Bool, then next: @escaping () -> Void) {
    self.isReached = isReached
    self.next = next
    watchdog = timers.schedule(after: .seconds(60)) { [unowned self] in
      fail("waited a minute for \(what); late: \(late())")
    }
    check()
  }

  /// Something has changed.
  func check() {
    guard let isReached, let next, failure == nil, isReached() else { return }
    stopWaiting()
    // In a turn of its own: this one may be in the middle of a read.
    let resume = LoopBound(next, on: loop)
    loop.post { resume.value() }
  }

  func finish() {
    let done = done
    self.done = nil
    done?(failure)
  }

  func fail(_ reason: String) {
    guard failure == nil else { return }
    failure = FuzzFailure(reason)
    stopWaiting()
    finish()
  }

  func close() { timers.close() }

  private func stopWaiting() {
    if let watchdog { timers.cancel(watchdog) }
    watchdog = nil
    isReached = nil
    next = nil
  }
}
