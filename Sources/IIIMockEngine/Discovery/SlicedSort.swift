/// A stable merge sort that stops after a number of steps and goes on later.
struct SlicedSort<Element> {
  /// In order once `run` has returned `true`.
  private(set) var elements: [Element] = []
  private let precedes: (Element, Element) -> Bool
  /// What the present pass has merged so far.
  private var merged: [Element] = []
  /// The length of the runs that are in order.
  private var width = 1
  /// The pair of runs that is being merged, and the next element of each.
  private var start = 0
  private var left = 0
  private var right = 1

  init(by precedes: @escaping (Element, Element) -> Bool) { self.precedes = precedes }

  /// Adds an element; not after the first `run`.
  mutating func append(_ element: Element) { elements.append(element) }

  /// Moves up to `steps` elements; returns whether all are in order.
  mutating func run(steps: Int) -> Bool {
    var steps = steps
    while width < elements.count {
      if start == 0 && merged.isEmpty { merged.reserveCapacity(elements.count) }
      while start < elements.count {
        let middle = min(start + width, elements.count)
        let end = min(start + 2 * width, elements.count)
        while left < middle || right < end {
          guard steps > 0 else { return false }
          steps -= 1
          let takesRight = left == middle || (right < end && precedes(elements[right], elements[left]))
          merged.append(elements[takesRight ? right : left])
          if takesRight { right += 1 } else { left += 1 }
        }
        start = end
        left = start
        right = min(start + width, elements.count)
      }
      swap(&elements, &merged)
      merged.removeAll(keepingCapacity: true)
      width *= 2
      start = 0
      left = 0
      right = min(width, elements.count)
    }
    merged = []
    return true
  }
}
