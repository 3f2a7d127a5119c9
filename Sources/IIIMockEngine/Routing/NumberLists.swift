/// Doubly linked lists of the numbers that a table gave to its elements: what one peer has is found, and one element
/// taken out, without a look at what others have.
///
/// A number is in one list at most. Lists are numbered too: by the slot of a peer, or by the number of a trigger type.
struct NumberLists {
  private struct Link {
    var next: UInt32
    var previous: UInt32
  }

  private struct List {
    var first = NumberLists.end
    var count: UInt32 = 0
  }

  private static let end = UInt32.max
  /// So many are kept where they are empty: a list that fills and empties is not made each time.
  private static let keptLists = 64

  private var links: [Link] = []
  private var lists: [List] = []

  /// Puts a number at the front of a list.
  mutating func insert(_ number: UInt32, into list: UInt32) {
    while lists.count <= Int(list) { lists.append(List()) }
    while links.count <= Int(number) { links.append(Link(next: Self.end, previous: Self.end)) }
    // Read and written once each: every access is checked, and this happens with every call.
    let old = lists[Int(list)]
    lists[Int(list)] = List(first: number, count: old.count &+ 1)
    links[Int(number)] = Link(next: old.first, previous: Self.end)
    if old.first != Self.end { links[Int(old.first)].previous = number }
  }

  /// Takes a number out of the list that it is in.
  mutating func remove(_ number: UInt32, from list: UInt32) {
    let link = links[Int(number)]
    if link.next != Self.end { links[Int(link.next)].previous = link.previous }
    var rest = lists[Int(list)]
    if link.previous == Self.end {
      rest.first = link.next
    } else {
      links[Int(link.previous)].next = link.next
    }
    rest.count &-= 1
    lists[Int(list)] = rest
    if rest.count == 0 && lists.count > Self.keptLists && Int(list) == lists.count - 1 { dropEmptyLists() }
  }

  func count(of list: UInt32) -> Int { Int(list) < lists.count ? Int(lists[Int(list)].count) : 0 }

  /// A list's numbers; the one that was put in last comes first.
  func numbers(of list: UInt32) -> [UInt32] {
    guard Int(list) < lists.count else { return [] }
    var numbers: [UInt32] = []
    numbers.reserveCapacity(Int(lists[Int(list)].count))
    var number = lists[Int(list)].first
    while number != Self.end {
      numbers.append(number)
      number = links[Int(number)].next
    }
    return numbers
  }

  private mutating func dropEmptyLists() {
    while lists.count > Self.keptLists, lists.last?.count == 0 { lists.removeLast() }
    lists.releaseUnusedCapacity()
  }
}

extension Array {
  /// Gives memory back after most elements were removed.
  mutating func releaseUnusedCapacity() {
    guard capacity > 4096, count < capacity / 8 else { return }
    var smaller: [Element] = []
    smaller.reserveCapacity(count * 2)
    smaller.append(contentsOf: self)
    self = smaller
  }
}
