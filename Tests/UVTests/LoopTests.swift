import Testing
import UV

@Suite struct LoopTests {
  @Test func postsRunInOrderOnTheLoop() async throws {
    let loop = try Loop(name: "test")
    let seen = Lock<[Int]>([])
    for n in 0..<1000 {
      loop.post {
        #expect(loop.isOnLoop)
        seen.withLock { $0.append(n) }
      }
    }
    #expect(await loop.stop() == 0)
    #expect(seen.withLock { $0 } == Array(0..<1000))
    #expect(!loop.isOnLoop)
  }

  @Test func aStoppedLoopRefusesPosts() async throws {
    let loop = try Loop(name: "test")
    #expect(await loop.stop() == 0)
    #expect(!loop.post { Issue.record("ran after the end") })
    #expect(await loop.stop() == 0)
  }

  @Test func whatAPostPostsRunsBeforeTheEnd() async throws {
    let loop = try Loop(name: "test")
    let seen = Lock<[Int]>([])
    loop.post {
      loop.post { seen.withLock { $0.append(1) } }
    }
    #expect(await loop.stop() == 0)
    #expect(seen.withLock { $0 } == [1])
  }

  actor Counter {
    let loop: Loop
    var count = 0
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    init(_ loop: Loop) { self.loop = loop }
    func add() -> Bool {
      count += 1
      return loop.isOnLoop
    }
  }

  @Test func actorsLiveOnTheLoop() async throws {
    let loop = try Loop(name: "test")
    let counter = Counter(loop)
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 { group.addTask { await counter.add() } }
      for await onLoop in group { #expect(onLoop) }
    }
    #expect(await counter.count == 100)
    #expect(await loop.stop() == 0)
  }

  @Test func callsOfAnActorAfterTheEndDoNotHang() async throws {
    let loop = try Loop(name: "test")
    let counter = Counter(loop)
    await loop.stop()
    await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<100 { group.addTask { await counter.add() } }
      for await onLoop in group { #expect(onLoop) }
    }
    #expect(await counter.count == 100)
  }

  @Test func tasksThatPreferTheLoopStayThere() async throws {
    let loop = try Loop(name: "test")
    let task = Task(executorPreference: loop) {
      var onLoop = true
      for _ in 0..<10 {
        await Task.yield()
        onLoop = onLoop && loop.isOnLoop
      }
      return onLoop
    }
    #expect(await task.value)
    #expect(await loop.stop() == 0)
  }

  @Test func aTimerFiresNotBeforeItsTime() async throws {
    let loop = try Loop(name: "test")
    let start = monotonicNanoseconds()
    let fired: UInt64 = await withCheckedContinuation { continuation in
      loop.post {
        let timer = LoopTimer(on: loop)
        timer.start(afterNanoseconds: 5_000_001) { continuation.resume(returning: monotonicNanoseconds()) }
      }
    }
    #expect(fired - start >= 5_000_001)
    #expect(await loop.stop() == 0)
  }

  @Test func aStoppedTimerDoesNotFire() async throws {
    let loop = try Loop(name: "test")
    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
      loop.post {
        let stopped = LoopTimer(on: loop)
        let later = LoopTimer(on: loop)
        stopped.start(afterNanoseconds: 1_000_000) { Issue.record("fired") }
        stopped.stop()
        later.start(afterNanoseconds: 3_000_000) { continuation.resume() }
      }
    }
    #expect(await loop.stop() == 0)
  }
}
