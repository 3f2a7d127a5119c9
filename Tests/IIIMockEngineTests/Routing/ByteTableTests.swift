import TestSupport
import Testing

@testable import III
@testable import IIIMockEngine

@Suite struct ByteTableTests {
  @Test(arguments: 0..<20) func behavesAsADictionary(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var table = ByteTable<Int>(seed: seed)
    var model: [String: Int] = [:]
    for step in 0..<3000 {
      let key = String(repeating: "k", count: Int(random.next() % 20)) + "\(random.next() % 200)"
      let bytes = Array(key.utf8)
      switch random.next() % 3 {
      case 0:
        #expect(bytes.withView { table.remove($0) } == model.removeValue(forKey: key))
      default:
        #expect(bytes.withView { table.set($0, step) } == model.updateValue(step, forKey: key))
      }
      #expect(table.count == model.count)
    }
    for (key, value) in model {
      #expect(Array(key.utf8).withView { bytes in table.find(bytes).map { table[$0] } } == value)
    }
    #expect(table.values.sorted() == model.values.sorted())
    #expect(Array("absent".utf8).withView { table.find($0) } == nil)
  }
}

@Suite struct IDTableTests {
  @Test(arguments: 0..<20) func behavesAsADictionary(seed: UInt64) {
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
      #expect(table.count == model.count)
    }
    #expect(Dictionary(uniqueKeysWithValues: table.all { _ in true }.map { ($0.id, $0.value) }) == model)
  }
}
