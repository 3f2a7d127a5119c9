internal import III

/// What rows are sorted by: a text, and another one where texts are equal.
struct SortKey: Comparable {
  let text: ByteKey
  var tie: ByteKey?

  static func < (a: SortKey, b: SortKey) -> Bool {
    guard let tie = a.tie, let other = b.tie, a.text == b.text else { return a.text < b.text }
    return tie < other
  }
}

/// A stable merge sort of keys that stops after a number of steps and goes on later.
struct SlicedSort {
  /// The keys' positions. In order once `run` has returned `true`.
  private(set) var order: [Int32] = []
  private var keys: [SortKey] = []
  /// What the present pass has merged so far.
  private var merged: [Int32] = []
  /// The length of the runs that are in order.
  private var width = 1
  /// The pair of runs that is being merged, and the next position of each.
  private var start = 0
  private var left = 0
  private var right = 1

  /// Adds a key; not after the first `run`.
  mutating func append(_ key: SortKey) {
    order.append(Int32(truncatingIfNeeded: keys.count))
    keys.append(key)
  }

  /// Moves up to `steps` positions; returns whether all are in order.
  mutating func run(steps: Int) -> Bool {
    var steps = steps
    while width < order.count {
      if start == 0 && merged.isEmpty { merged.reserveCapacity(order.count) }
      while start < order.count {
        let middle = min(start + width, order.count)
        let end = min(start + 2 * width, order.count)
        while left < middle || right < end {
          guard steps > 0 else { return false }
          steps -= 1
          let takesRight =
            left == middle || (right < end && keys[Int(order[right])] < keys[Int(order[left])])
          merged.append(order[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
        start = end
        left = start
        right = min(start + width, order.count)
      }
      swap(&order, &merged)
      merged.removeAll(keepingCapacity: true)
      width *= 2
      start = 0
      left = 0
      right = min(width, order.count)
    }
    (keys, merged) = ([], [])
    return true
  }
}
