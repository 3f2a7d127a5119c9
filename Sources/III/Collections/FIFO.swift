/// A queue in one array: first in, first out; inlinable, so that other modules use it without generic code at run time. Removed elements leave a gap at the front, which is closed when it is large.
@usableFromInline package struct FIFO<Element> {
  @usableFromInline var elements: [Element?] = []
  @usableFromInline var head = 0

  @inlinable package init() {}

  @inlinable package var count: Int { elements.count - head }
  @inlinable package var isEmpty: Bool { count == 0 }
  @inlinable package var first: Element? { isEmpty ? nil : elements[head] }

  @inlinable package mutating func append(_ element: Element) { elements.append(element) }

  /// Puts an element before all others, for example one that was taken too early.
  @inlinable package mutating func prepend(_ element: Element) {
    if head == 0 {
      let gap = 16 + elements.count / 2
      elements.insert(contentsOf: repeatElement(nil, count: gap), at: 0)
      head = gap
    }
    head -= 1
    elements[head] = element
  }

  @inlinable package mutating func popFirst() -> Element? {
    guard !isEmpty else { return nil }
    let element = elements[head]
    elements[head] = nil
    head += 1
    if head == elements.count {
      elements.removeAll(keepingCapacity: elements.count <= 1024)
      head = 0
    } else if head >= 64 && head * 2 >= elements.count {
      elements.removeFirst(head)
      head = 0
    }
    return element
  }

  /// Removes and returns the newest element.
  @inlinable package mutating func popLast() -> Element? {
    guard !isEmpty else { return nil }
    return elements.removeLast()
  }

  /// Passes the elements to `body` in their order, until `body` returns `false`.
  @inlinable package func forEach(_ body: (Element) -> Bool) {
    for case let element? in elements[head...] where !body(element) { return }
  }

  /// Removes and returns all elements, in their order.
  @inlinable package mutating func removeAll() -> [Element] {
    let all = elements[head...].compactMap { $0 }
    elements = []
    head = 0
    return all
  }

  @inlinable package mutating func removeAll(where isRemoved: (Element) -> Bool) {
    elements = elements[head...].filter { $0.map { !isRemoved($0) } ?? false }
    head = 0
  }
}

extension FIFO: Sendable where Element: Sendable {}
