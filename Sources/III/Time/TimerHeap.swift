/// A binary heap of timers, ordered by deadline; equal deadlines leave in the order in which they came.
///
/// Deadlines are nanoseconds of the owner's clock. Once the heap has grown, an entry costs no allocation: slots are reused, and a
/// generation number distinguishes the token of an earlier entry from that of the current one.
@usableFromInline package struct TimerHeap<Payload> {
  @usableFromInline struct Node {
    @usableFromInline var deadline: UInt64
    @usableFromInline var order: UInt64
    @usableFromInline var slot: UInt32

    @inlinable init(deadline: UInt64, order: UInt64, slot: UInt32) {
      self.deadline = deadline
      self.order = order
      self.slot = slot
    }

    @inlinable func precedes(_ other: Node) -> Bool {
      deadline != other.deadline ? deadline < other.deadline : order < other.order
    }
  }

  @usableFromInline struct Slot {
    @usableFromInline var payload: Payload?
    @usableFromInline var position: Int
    @usableFromInline var generation: UInt32

    @inlinable init(payload: Payload?, position: Int, generation: UInt32) {
      self.payload = payload
      self.position = position
      self.generation = generation
    }
  }

  @usableFromInline var heap: [Node] = []
  @usableFromInline var slots: [Slot] = []
  @usableFromInline var free: [UInt32] = []
  @usableFromInline var inserted: UInt64 = 0

  @inlinable package init() {}

  @inlinable package var count: Int { heap.count }
  @inlinable package var isEmpty: Bool { heap.isEmpty }

  /// The earliest deadline; `nil` if the heap is empty.
  @inlinable package var nextDeadline: UInt64? { heap.first?.deadline }

  @discardableResult
  @inlinable package mutating func insert(at deadline: UInt64, _ payload: Payload) -> TimerToken {
    let slot: UInt32
    if let reused = free.popLast() {
      slot = reused
      slots[Int(slot)].payload = payload
    } else {
      slot = UInt32(slots.count)
      slots.append(Slot(payload: payload, position: 0, generation: 0))
    }
    inserted += 1
    heap.append(Node(deadline: deadline, order: inserted, slot: slot))
    siftUp(heap.count - 1)
    return TimerToken(slot: slot, generation: slots[Int(slot)].generation)
  }

  /// Removes the entry; returns `false` if it has fired or was cancelled before.
  @discardableResult
  @inlinable package mutating func cancel(_ token: TimerToken) -> Bool { take(token) != nil }

  /// Removes and returns an entry; `nil` if it has fired or was cancelled before.
  @inlinable package mutating func take(_ token: TimerToken) -> Payload? {
    let index = Int(token.slot)
    guard index < slots.count, slots[index].generation == token.generation, slots[index].payload != nil else {
      return nil
    }
    return remove(at: slots[index].position)
  }

  /// Removes and returns the earliest entry whose deadline is not after `now`.
  @inlinable package mutating func popDue(now: UInt64) -> Payload? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    return remove(at: 0)
  }

  @inlinable package mutating func removeAll() {
    while !heap.isEmpty { _ = remove(at: heap.count - 1) }
  }

  @inlinable mutating func remove(at position: Int) -> Payload? {
    let slot = Int(heap[position].slot)
    let payload = slots[slot].payload
    slots[slot].payload = nil
    slots[slot].generation &+= 1
    free.append(UInt32(slot))
    let last = heap.removeLast()
    if position < heap.count {
      heap[position] = last
      siftDown(position)
      siftUp(position)
    }
    return payload
  }

  @inlinable mutating func siftUp(_ start: Int) {
    var position = start
    let node = heap[position]
    while position > 0 {
      let parent = (position - 1) / 2
      guard node.precedes(heap[parent]) else { break }
      place(heap[parent], at: position)
      position = parent
    }
    place(node, at: position)
  }

  @inlinable mutating func siftDown(_ start: Int) {
    var position = start
    let node = heap[position]
    while true {
      var child = 2 * position + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(node) else { break }
      place(heap[child], at: position)
      position = child
    }
    place(node, at: position)
  }

  @inlinable mutating func place(_ node: Node, at position: Int) {
    heap[position] = node
    slots[Int(node.slot)].position = position
  }
}
