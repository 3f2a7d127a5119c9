/// Makes the node tree of a text from its events, within limits for depth and size.
struct YAMLComposer {
  /// The greatest depth.
  static let maxDepth = 64
  /// The most nodes of the whole tree; an alias counts as all nodes of its anchor.
  static let maxNodes = 100_000

  /// A finished node, its size and depth.
  private struct Composed {
    var node: YAMLNode
    var count = 1
    var depth = 0
  }

  private let events: YAMLEvents
  private var anchors: [String: Composed] = [:]

  /// The root of the one document of a text; `nil` if it has none.
  static func root(of text: Interpolation) throws(ConfigurationFault) -> YAMLNode? {
    var composer = YAMLComposer(events: try YAMLEvents(text))
    return try composer.document()
  }

  private init(events: YAMLEvents) {
    self.events = events
  }

  private mutating func document() throws(ConfigurationFault) -> YAMLNode? {
    var root: Composed?
    while true {
      let event = try events.next()
      switch event.kind {
      case .streamEnd: return root?.node
      case .streamStart, .documentEnd: continue
      case .documentStart:
        guard root == nil else {
          throw ConfigurationFault(
            "more than one document in the file", at: event.position,
            hint: "keep one, and the others in files of their own; `---` begins a document")
        }
        root = try composed(try events.next(), depth: 0)
      default: throw ConfigurationFault("this is no YAML document", at: event.position)
      }
    }
  }

  private mutating func composed(_ event: YAMLEvent, depth: Int) throws(ConfigurationFault) -> Composed {
    guard depth <= Self.maxDepth else {
      throw ConfigurationFault("nested deeper than \(Self.maxDepth) levels", at: event.position)
    }
    var result: Composed
    switch event.kind {
    case .scalar(let text, let isPlain):
      let content = YAMLScalar.content(text, isPlain: isPlain, tag: event.tag)
      result = Composed(node: YAMLNode(content: content, position: event.position, variable: event.variable))
    case .sequenceStart: result = try sequence(event, depth)
    case .mappingStart: result = try mapping(event, depth)
    case .alias(let name): return try alias(name, event, depth)
    default: throw ConfigurationFault("a value is missing", at: event.position)
    }
    if let anchor = event.anchor { anchors[anchor] = result }
    return result
  }

  private mutating func sequence(_ start: YAMLEvent, _ depth: Int) throws(ConfigurationFault) -> Composed {
    var whole = Composed(node: YAMLNode(content: .null, position: start.position))
    var elements: [YAMLNode] = []
    while true {
      let event = try events.next()
      if event.kind == .sequenceEnd { break }
      let element = try composed(event, depth: depth + 1)
      try add(element, to: &whole)
      elements.append(element.node)
    }
    whole.node.content = .sequence(elements)
    return whole
  }

  private mutating func mapping(_ start: YAMLEvent, _ depth: Int) throws(ConfigurationFault) -> Composed {
    var whole = Composed(node: YAMLNode(content: .null, position: start.position))
    var members: [YAMLNode.Member] = []
    var places: [String: SourcePosition] = [:]
    while true {
      let event = try events.next()
      if event.kind == .mappingEnd { break }
      let key = try key(event)
      if let first = places.updateValue(event.position, forKey: key) {
        throw ConfigurationFault(
          "duplicate field `\(key)`", at: event.position, hint: "the field is at \(first) already; keep one of the two")
      }
      let value = try composed(try events.next(), depth: depth + 1)
      try add(value, to: &whole)
      members.append(.init(key: key, position: event.position, value: value.node))
    }
    whole.node.content = .mapping(members)
    return whole
  }

  /// A key: a scalar, taken as it is written.
  private mutating func key(_ event: YAMLEvent) throws(ConfigurationFault) -> String {
    if case .scalar(let text, _) = event.kind {
      if let anchor = event.anchor {
        let node = YAMLNode(content: .string(text), position: event.position, variable: event.variable)
        anchors[anchor] = Composed(node: node)
      }
      return text
    }
    throw ConfigurationFault(
      "a key is a plain text, this is something else", at: event.position,
      hint: "put text that contains { } [ ] or starts with * in quotes")
  }

  private func alias(_ name: String, _ event: YAMLEvent, _ depth: Int) throws(ConfigurationFault) -> Composed {
    guard var result = anchors[name] else {
      throw ConfigurationFault(
        "unknown anchor `\(name)`", at: event.position,
        hint: "`&\(name)` must come before `*\(name)`; put text that starts with * in quotes")
    }
    guard depth + result.depth <= Self.maxDepth else {
      throw ConfigurationFault("nested deeper than \(Self.maxDepth) levels by aliases", at: event.position)
    }
    result.node.position = event.position
    return result
  }

  private func add(_ part: Composed, to whole: inout Composed) throws(ConfigurationFault) {
    whole.count += part.count
    whole.depth = max(whole.depth, part.depth + 1)
    guard whole.count <= Self.maxNodes else {
      throw ConfigurationFault(
        "more than \(Self.maxNodes) values, aliases counted as what they stand for", at: part.node.position)
    }
  }
}
