import Testing

@testable import IIIMockEngine

@Suite struct RecentItemsTests {
  @Test func theOldestMakeRoom() {
    var items = RecentItems<Int>(maxCount: 3)
    for n in 1...5 { items.append(n, bytes: 1) }
    #expect(items.all == [3, 4, 5] && items.count == 3 && items.oldest == 3 && items.bytes == 3)
    items.removeAll()
    #expect(items.all.isEmpty && items.bytes == 0)
    items.append(6, bytes: 1)
    #expect(items.all == [6])
  }

  @Test func bytesCountToo() {
    var items = RecentItems<String>(maxCount: 10, maxBytes: 100)
    for name in ["a", "b", "c"] { items.append(name, bytes: 40) }
    #expect(items.all == ["b", "c"] && items.bytes == 80)
    items.append("large", bytes: 101)
    #expect(items.all == ["b", "c"])
    items.append("full", bytes: 100)
    #expect(items.all == ["full"])
  }

  @Test func nothingIsKeptWhereNothingMayBe() {
    var items = RecentItems<Int>(maxCount: 0)
    items.append(1, bytes: 0)
    #expect(items.all.isEmpty)
  }

  @Test func manyPassThroughInOrder() {
    var items = RecentItems<Int>(maxCount: 100)
    for n in 0..<10_000 { items.append(n, bytes: 10) }
    #expect(items.all == Array(9_900..<10_000) && items.bytes == 1_000)
  }
}
