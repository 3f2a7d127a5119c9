import Testing
import TestSupport
import UV

/// Work on the calling thread, while the loop's own thread waits for events.
@Suite struct GuestTests {
  /// Runs `work` as a guest of the loop, which must be about to wait: each attempt that was queued instead makes one more turn.
  private func asGuest(of loop: Loop, _ work: @escaping @Sendable () -> Void) async {
    let hasRun = Lock(false)
    while true {
      let isGuest = await withCheckedContinuation { continuation in
        let caller = currentThreadID()
        loop.postOrRun {
          let isGuest = currentThreadID() == caller
          if isGuest && !hasRun.withLock({ $0 }) {
            hasRun.withLock { $0 = true }
            work()
          }
          continuation.resume(returning: isGuest)
        }
      }
      if isGuest { return }
    }
  }

  @Test("a loop that waits for events runs work on the calling thread, which counts as the loop's")
  func callingThread() async throws {
    let loop = try Loop(name: "test", admitsGuests: true)
    await asGuest(of: loop) { #expect(loop.isOnLoop) }
    #expect(!loop.isOnLoop)
    #expect(await loop.stop() == 0)
  }

  @Test("a loop that admits no guests runs work on its own thread")
  func noGuests() async throws {
    try await withTestLoop { loop in
      for _ in 0..<100 {
        let caller = currentThreadID()
        let isGuest = await withCheckedContinuation { continuation in
          loop.postOrRun { continuation.resume(returning: currentThreadID() == caller) }
        }
        #expect(!isGuest)
      }
    }
  }

  @Test("where much work came at once, the next is queued, to leave with others; after little it is a guest's again")
  func crowd() async throws {
    let loop = try Loop(name: "test", admitsGuests: true)
    for _ in 0..<20 {
      let gate = Rendezvous<Bool>()
      loop.post { _ = gate.wait() }
      for _ in 0..<8 { loop.post {} }
      await withCheckedContinuation { continuation in
        loop.post { continuation.resume() }
        gate.put(true)
      }
      let isGuest = await withCheckedContinuation { continuation in
        let caller = currentThreadID()
        loop.postOrRun { continuation.resume(returning: currentThreadID() == caller) }
      }
      #expect(!isGuest)
    }
    await asGuest(of: loop) { #expect(loop.isOnLoop) }
    #expect(await loop.stop() == 0)
  }

  @Test("guests, posts and the loop's thread never run at the same time, and each thread's work runs in its order")
  func exclusive() async throws {
    final class Seen: @unchecked Sendable {
      // Sendable: used on the loop only; that uses exclude each other is what is tested.
      var counts = [Int](repeating: 0, count: 4)
      var isInOrder = true
      var isUsed = false
    }
    let loop = try Loop(name: "test", admitsGuests: true)
    let seen = Seen()
    let count = 5000
    try await withThrowingTaskGroup(of: Void.self) { group in
      for thread in 0..<4 {
        group.addTask {
          try await onThread {
            for number in 0..<count {
              let work = { @Sendable in
                seen.isInOrder = seen.isInOrder && !seen.isUsed && seen.counts[thread] == number
                seen.isUsed = true
                seen.counts[thread] += 1
                seen.isUsed = false
              }
              _ = number % 7 == 3 ? loop.post(work) : loop.postOrRun(work)
            }
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(await loop.stop() == 0)
    #expect(seen.counts == [count, count, count, count] && seen.isInOrder)
  }

  @Test("timers and posts of a guest wake the loop's thread")
  func wakes() async throws {
    let loop = try Loop(name: "test", admitsGuests: true)
    await withCheckedContinuation { continuation in
      Task {
        await asGuest(of: loop) {
          let timer = LoopTimer(on: loop)
          timer.start(afterNanoseconds: 1_000_000) { continuation.resume() }
        }
      }
    }
    await withCheckedContinuation { continuation in
      Task { await asGuest(of: loop) { loop.post { continuation.resume() } } }
    }
    #expect(await loop.stop() == 0)
  }

  @Test("what a guest writes leaves although the loop's thread still waits, and a slow reader gets all of it")
  func writes() async throws {
    let loop = try Loop(name: "test", admitsGuests: true)
    let total = 8 << 20
    let sender = try await connect(loop)
    await asGuest(of: loop) {
      sender.value.stream.withWriteSpace(total) { $0.initializeMemory(as: UInt8.self, repeating: 7) }
    }
    #expect(await received(total, from: sender, on: loop) == total)
    #expect(await loop.stop() == 0)
  }

  @Test("a guest that writes to a closed connection gets no signal: the stream ends")
  func closedConnection() async throws {
    let loop = try Loop(name: "test", admitsGuests: true)
    let sender = try await connect(loop)
    await asGuest(of: loop) { sender.value.peer?.reset() }
    let hasEnded = Lock(false)
    await asGuest(of: loop) { sender.value.stream.onEnd = { _ in hasEnded.withLock { $0 = true } } }
    // The stream does not read, so only a write notices the end.
    while !hasEnded.withLock({ $0 }) {
      await asGuest(of: loop) { sender.value.stream.withWriteSpace(1) { $0[0] = 1 } }
    }
    #expect(await loop.stop() == 0)
  }

  // MARK: Connections

  private final class Ends {
    let stream: TCPStream
    var peer: TCPStream?
    init(_ stream: TCPStream) { self.stream = stream }
  }

  /// A connection of the loop with itself.
  private func connect(_ loop: Loop) async throws -> LoopBound<Ends> {
    try await withCheckedThrowingContinuation { continuation in
      loop.post {
        do {
          var ends: Ends?
          var accepted: TCPStream?
          func resume() {
            guard let ends, let accepted else { return }
            ends.peer = accepted
            continuation.resume(returning: LoopBound(ends, on: loop))
          }
          let listener = try TCPListener.listen(on: loop, at: TCPStreamTests.loopback()) { stream in
            accepted = stream
            resume()
          }
          _ = TCPStream.connect(on: loop, to: listener.address) { result in
            switch result {
            case .success(let stream):
              ends = Ends(stream)
              resume()
            case .failure(let error): continuation.resume(throwing: error)
            }
          }
        } catch { continuation.resume(throwing: error) }
      }
    }
  }

  private func received(_ total: Int, from sender: LoopBound<Ends>, on loop: Loop) async -> Int {
    await withCheckedContinuation { continuation in
      loop.post {
        var count = 0
        sender.value.peer?.onRead = { bytes in
          count += bytes.count
          if count >= total { continuation.resume(returning: count) }
        }
        sender.value.peer?.startReading()
      }
    }
  }
}
