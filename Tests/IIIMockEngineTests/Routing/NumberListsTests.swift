import TestSupport
import Testing

@testable import III
@testable import IIIMockEngine

@Suite struct NumberListsTests {
  @Test("lists behave as arrays to whose front numbers are added", arguments: 0..<10)
  func behaveAsTheirModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var lists = NumberLists()
    var model = [[UInt32]](repeating: [], count: 90)
    for _ in 0..<4000 {
      let number = UInt32(random.below(150))
      if let list = model.firstIndex(where: { $0.contains(number) }) {
        lists.remove(number, from: UInt32(list))
        model[list].removeAll { $0 == number }
      } else {
        let list = random.below(90)
        lists.insert(number, into: UInt32(list))
        model[list].insert(number, at: 0)
      }
      let list = random.below(90)
      #expect(lists.numbers(of: UInt32(list)) == model[list] && lists.count(of: UInt32(list)) == model[list].count)
    }
  }
}

@Suite struct InvocationTableTests {
  private static func peer(_ number: Int) -> PeerID {
    number == 0 ? .none : PeerID(slot: UInt32(number), generation: 1)
  }

  @Test("the calls of a peer are removed in the order of their beginning, and no others", arguments: 0..<10)
  func behavesAsItsModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    let name = FunctionName("f")
    var table = InvocationTable()
    var model: [(id: UUID128, caller: PeerID, callee: PeerID)] = []
    for _ in 0..<3000 {
      let id = UUID128(high: 0, low: UInt64(random.below(100)))
      switch random.below(20) {
      case 0:
        let peer = Self.peer(1 + random.below(5))
        let ended = table.removeAll(of: peer)
        #expect(ended.map(\.id) == model.filter { $0.caller == peer || $0.callee == peer }.map(\.id))
        model.removeAll { $0.caller == peer || $0.callee == peer }
      case 1...8:
        #expect(table.remove(id)?.id == model.first { $0.id == id }?.id)
        model.removeAll { $0.id == id }
      default:
        let (caller, callee) = (Self.peer(random.below(6)), Self.peer(1 + random.below(5)))
        let displaced = table.insert(id, caller: caller, callee: callee, name: name, trace: nil, at: 0)
        let expected = model.first { $0.id == id }
        #expect(displaced?.id == expected?.id && displaced?.caller == expected?.caller)
        model.removeAll { $0.id == id }
        model.append((id, caller, callee))
      }
      #expect(table.count == model.count)
    }
  }
}

@Suite struct SlotTableTests {
  @Test("no id is given twice, and slots at the end are dropped", arguments: 0..<10) func ids(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = SlotTable<PeerID>()
    var present: [PeerID] = []
    var past: Set<PeerID> = []
    for _ in 0..<3000 {
      if random.below(2) == 0 || present.isEmpty {
        let id = table.insert { $0 }
        #expect(!past.contains(id) && !present.contains(id))
        present.append(id)
      } else {
        let id = present.remove(at: random.below(present.count))
        #expect(table.remove(id) == id && table.remove(id) == nil)
        past.insert(id)
      }
      #expect(table.count == present.count && table.capacity == (present.map { Int($0.slot) + 1 }.max() ?? 0))
    }
    for id in present { #expect(table[id] == id) }
    for id in past { #expect(table[id] == nil) }
  }
}
