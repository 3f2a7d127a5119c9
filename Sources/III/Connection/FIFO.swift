/// First in, first out, in one array: what was taken leaves a gap at the front until there are many.
package struct FIFO<Element> {
  private var elements: [Element?] = []
  private var head = 0

  package init() {}

  package var count: Int { elements.count - head }
  package var isEmpty: Bool { count == 0 }
  package var first: Element? { isEmpty ? nil : elements[head] }

  package mutating func append(_ element: Element) { elements.append(element) }

  package mutating func popFirst() -> Element? {
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

  /// Shows elements in their order, as long as `body` wants more.
  package func forEach(_ body: (Element) -> Bool) {
    for case let element? in elements[head...] where !body(element) { return }
  }

  /// All elements, in their order; the FIFO is empty afterwards.
  package mutating func removeAll() -> [Element] {
    let all = elements[head...].compactMap { $0 }
    elements = []
    head = 0
    return all
  }

  mutating func removeAll(where isUnwanted: (Element) -> Bool) {
    elements = elements[head...].filter { $0.map { !isUnwanted($0) } ?? false }
    head = 0
  }
}

extension FIFO: Sendable where Element: Sendable {}
