internal import III

/// `NumberLists` whose lists have names; a list is there while something is in it.
struct NamedLists {
  private var names = ByteTable<Void>()
  private var lists = NumberLists()

  /// Whether memory is held for many more lists than there are: the owner builds them again.
  var isSparse: Bool { names.isSparse }

  mutating func insert(_ number: UInt32, into name: ByteKey) {
    lists.insert(number, into: names.find(name) ?? names.set(name, ()).number)
  }

  mutating func remove(_ number: UInt32, from name: ByteKey) {
    guard let list = names.find(name) else { return }
    lists.remove(number, from: list)
    if lists.count(of: list) == 0 { names.remove(list) }
  }

  /// The numbers of a list, in the order in which they were put in.
  func numbers(of name: ByteKey) -> [UInt32] { names.find(name).map { lists.numbers(of: $0).reversed() } ?? [] }

  func count(of name: ByteKey) -> Int { names.find(name).map { lists.count(of: $0) } ?? 0 }
}
