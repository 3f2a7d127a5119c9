import TestSupport
import Testing

@testable import III
@testable import IIIMockEngine

@Suite struct ByteTableTests {
  @Test("a table behaves as a dictionary, and its numbers stay the same", arguments: 0..<20)
  func behavesAsItsModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = ByteTable<Int>(seed: seed)
    var model: [ByteKey: (number: UInt32, value: Int)] = [:]
    for step in 0..<3000 {
      let key = ByteKey(String(repeating: "k", count: random.below(20)) + "\(random.below(200))")
      switch random.next() % 3 {
      case 0: #expect(table.remove(key) == model.removeValue(forKey: key)?.value)
      default:
        let (number, old) = table.set(key, step)
        #expect(old == model[key]?.value && number == model[key]?.number ?? number)
        model[key] = (number, step)
      }
      #expect(table.count == model.count)
    }
    for (key, entry) in model {
      #expect(table.find(key) == entry.number && table[entry.number] == entry.value && table[key] == entry.value)
    }
    #expect(table.all.sorted() == model.values.map(\.value).sorted())
    #expect(table.find("absent" as ByteKey) == nil)
  }

  @Test("keys that are canonically equivalent are two keys") func canonicalEquivalents() {
    var table = ByteTable<Int>()
    table.set("caf\u{e9}", 1)
    table.set("cafe\u{301}", 2)
    #expect(table["caf\u{e9}"] == 1 && table["cafe\u{301}"] == 2 && table.count == 2)
  }
}

@Suite struct IDTableTests {
  @Test("a table behaves as a dictionary", arguments: 0..<20) func behavesAsItsModel(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = IDTable<Int>(seed: seed)
    var model: [UUID128: Int] = [:]
    for step in 0..<5000 {
      let key = UUID128(high: random.next() % 8, low: random.next() % 40)
      if random.next() % 2 == 0 {
        #expect(table.remove(key) == model.removeValue(forKey: key))
      } else {
        #expect(table.set(key, step) == model.updateValue(step, forKey: key))
      }
      #expect(table.count == model.count && table[key] == model[key])
    }
    for (key, value) in model { #expect(table[key] == value) }
  }

  @Test("a table that has shrunk has what was left in it") func shrinks() {
    var table = IDTable<UInt64>()
    for number in 0..<20_000 as Range<UInt64> { _ = table.set(UUID128(high: number, low: ~number), number) }
    for number in 0..<19_900 as Range<UInt64> { #expect(table.remove(UUID128(high: number, low: ~number)) == number) }
    for number in 19_900..<20_000 as Range<UInt64> { #expect(table[UUID128(high: number, low: ~number)] == number) }
    #expect(table.count == 100)
  }
}
