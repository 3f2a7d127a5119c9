internal import III

/// The spans of a trace, each below its parent; those whose parent is not there are left out.
struct SpanTree {
  private let spans: [SpanRecord]
  private var children: [ByteKey: [Int]] = [:]
  private var roots: [Int] = []
  private var taken: Set<Int> = []

  /// Decoders refuse what is nested deeper than 127, and each level of spans is two.
  private static let maxLevels = 48

  init(_ spans: [SpanRecord]) {
    self.spans = spans
    for (index, span) in spans.enumerated() {
      if let parent = span.parentSpanID { children[parent, default: []].append(index) } else { roots.append(index) }
    }
  }

  /// What `engine::traces::tree` answers, in the order in which the spans came.
  static func json(of spans: [SpanRecord]) -> JSONValue {
    var tree = SpanTree(spans)
    return .array(tree.roots.map { tree.node($0, level: 1) })
  }

  private mutating func node(_ index: Int, level: Int) -> JSONValue {
    taken.insert(index)
    var json = spans[index].json
    let below = level == Self.maxLevels ? takeAll(below: index) : takeChildren(of: index)
    json["children"] = .array(
      below.map { child in
        guard level < Self.maxLevels else {
          var json = spans[child].json
          json["children"] = []
          return .object(json)
        }
        return node(child, level: level + 1)
      })
    return .object(json)
  }

  /// Span ids come from workers: one that is there twice must not lead in circles.
  private mutating func takeChildren(of index: Int) -> [Int] {
    (children[spans[index].spanID] ?? []).filter { taken.insert($0).inserted }
  }

  /// All that is below a span, side by side.
  private mutating func takeAll(below index: Int) -> [Int] {
    var found = takeChildren(of: index)
    var next = 0
    while next < found.count {
      found += takeChildren(of: found[next])
      next += 1
    }
    return found
  }
}
