import Testing
import UV

@Suite struct MonitorTests {
  /// Two threads pass a number back and forth.
  @Test func threadsWakeEachOther() async {
    let turns = Monitor(0)
    let end = await withCheckedContinuation { continuation in
      for parity in 0..<2 {
        _ = startDetachedThread(named: "turns") {
          while true {
            let turn = turns.wait { $0 % 2 == parity || $0 >= 1_000 ? $0 : nil }
            guard turn < 1_000 else { break }
            turns.withLock { $0 += 1 }
            turns.wakeAll()
          }
          if parity == 0 { continuation.resume(returning: turns.withLock { $0 }) }
        }
      }
    }
    #expect(end == 1_000)
  }

  @Test func aWaitEndsByTime() {
    let monitor = Monitor("value")
    var looks = 0
    let result = monitor.wait(nanoseconds: 1_000_000) { _ -> String? in
      looks += 1
      return nil
    } otherwise: { value in
      value = "late"
      return value
    }
    #expect(result == "late" && looks >= 2)
    #expect(
      monitor.wait(nanoseconds: 0) {
        $0
      } otherwise: { _ in
        ""
      } == "late")
  }

  @Test func aRendezvousKeepsTheFirstValue() async {
    let rendezvous = Rendezvous<Int>()
    let value = await withCheckedContinuation { continuation in
      _ = startDetachedThread(named: "waits") { continuation.resume(returning: rendezvous.wait()) }
      rendezvous.put(1)
      rendezvous.put(2)
    }
    #expect(value == 1)
    #expect(rendezvous.wait() == 1)
  }

  @Test func aLoopKnowsItsThread() async throws {
    #expect(!Loop.isOnAnyLoop)
    let loop = try Loop(name: "known")
    let isKnown = await withCheckedContinuation { continuation in
      loop.post { continuation.resume(returning: Loop.isOnAnyLoop) }
    }
    #expect(isKnown)
    #expect(await loop.stop() == 0)
  }
}
