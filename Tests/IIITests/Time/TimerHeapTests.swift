import III
import TestSupport
import Testing

@Suite("Timer heap")
struct TimerHeapTests {
  @Test("is empty at first")
  func empty() {
    var heap = TimerHeap<Int>()
    #expect(heap.nextDeadline == nil)
    let due = heap.popDue(now: .max)
    #expect(due == nil)
  }

  @Test("returns no entry before its deadline")
  func notBefore() {
    var heap = TimerHeap<String>()
    heap.insert(at: 10, "a")
    let early = heap.popDue(now: 9)
    #expect(early == nil)
    let due = heap.popDue(now: 10)
    #expect(due == "a")
    #expect(heap.isEmpty)
  }

  @Test("equal deadlines leave in the order in which they came")
  func order() {
    var heap = TimerHeap<Int>()
    for value in 0..<100 { heap.insert(at: 7, value) }
    for value in 0..<100 {
      let due = heap.popDue(now: 7)
      #expect(due == value)
    }
  }

  @Test("a token is invalid after its entry has left, even if the slot is reused")
  func tokens() {
    var heap = TimerHeap<Int>()
    let first = heap.insert(at: 1, 1)
    var answers = [heap.cancel(first), heap.cancel(first)]
    let second = heap.insert(at: 2, 2)
    answers.append(heap.cancel(first))
    #expect(answers == [true, false, false])
    let due = heap.popDue(now: 2)
    #expect(due == 2)
    let isCancelled = heap.cancel(second)
    #expect(!isCancelled)
  }

  @Test("behaves like a naive model", arguments: 0..<20 as Range<UInt64>)
  func model(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var heap = TimerHeap<Int>()
    var model: [(deadline: UInt64, value: Int, token: TimerToken)] = []
    var gone: [TimerToken] = []
    var now: UInt64 = 0
    for step in 0..<2_000 {
      switch Int.random(in: 0..<10, using: &random) {
      case 0..<5:
        let deadline = now + UInt64.random(in: 0..<50, using: &random)
        model.append((deadline, step, heap.insert(at: deadline, step)))
      case 5..<7:
        guard let index = model.indices.randomElement(using: &random) else { continue }
        let entry = model.remove(at: index)
        let isCancelled = heap.cancel(entry.token)
        #expect(isCancelled)
        gone.append(entry.token)
      case 7:
        guard let token = gone.randomElement(using: &random) else { continue }
        let isCancelled = heap.cancel(token)
        #expect(!isCancelled)
      default:
        now += UInt64.random(in: 0..<20, using: &random)
        while let due = heap.popDue(now: now) {
          // The first of the earliest: entries are appended in order, so a stable search finds it.
          let expected = model.indices.min { model[$0].deadline < model[$1].deadline }
          guard let expected else {
            Issue.record("the heap had more than the model")
            return
          }
          #expect(model[expected].value == due)
          #expect(model[expected].deadline <= now)
          gone.append(model.remove(at: expected).token)
        }
        #expect(model.allSatisfy { $0.deadline > now })
      }
      #expect(heap.count == model.count)
      #expect(heap.nextDeadline == model.map(\.deadline).min())
    }
  }

  @Test("removes all entries at once")
  func removeAll() {
    var heap = TimerHeap<Int>()
    let tokens = (0..<10).map { heap.insert(at: UInt64($0), $0) }
    heap.removeAll()
    #expect(heap.isEmpty)
    let cancelled = tokens.filter { heap.cancel($0) }
    #expect(cancelled.isEmpty)
  }
}
