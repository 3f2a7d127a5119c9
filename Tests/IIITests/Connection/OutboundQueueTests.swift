import TestSupport
import Testing

@testable import III

@Suite("Calls that wait for a connection")
struct OutboundQueueTests {
  @Test("a FIFO agrees with an array", arguments: 0..<10 as Range<UInt64>)
  func fifo(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var fifo = FIFO<Int>()
    var model: [Int] = []
    for step in 0..<5_000 {
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<52:
        fifo.append(step)
        model.append(step)
      case 52..<98:
        let first = fifo.popFirst()
        #expect(first == (model.isEmpty ? nil : model.removeFirst()))
      case 98:
        fifo.removeAll { $0 % 3 == 0 }
        model.removeAll { $0 % 3 == 0 }
      default:
        let all = fifo.removeAll()
        #expect(all == model)
        model = []
      }
      #expect(fifo.count == model.count)
      #expect(fifo.first == model.first)
    }
  }

  @Test("the oldest leaves for the newest; those that were forgotten take no room")
  func queue() {
    var queue = OutboundQueue(capacity: 2)
    let ids = (0..<4).map { _ in UUID128.random() }
    func entry(_ index: Int) -> OutboundQueue.Entry { .init(call: ids[index], frame: []) }
    var pushedOut = [queue.append(entry(0))?.call, queue.append(entry(1))?.call]
    queue.forget(ids[0])
    #expect(queue.count == 1)
    pushedOut.append(queue.append(entry(2))?.call)
    pushedOut.append(queue.append(entry(3))?.call)
    #expect(pushedOut == [nil, nil, nil, ids[1]])
    let left = [queue.popFirst()?.call, queue.popFirst()?.call, queue.popFirst()?.call]
    #expect(left == [ids[2], ids[3], nil])
  }

  @Test("a capacity below zero is none")
  func noCapacity() {
    var queue = OutboundQueue(capacity: -1)
    let pushedOut = queue.append(.init(call: nil, frame: [1]))
    #expect(pushedOut?.frame == [1])
    #expect(queue.count == 0)
  }
}
