internal import III

/// The routes of the HTTP worker, as a tree of path segments: finding one costs the length of the path.
struct HTTPRoutes {
  /// What a request's path and method lead to.
  enum Match {
    case route(HTTPRoute)
    /// The path is there with these methods only.
    case otherMethods([String])
    case none
  }

  private final class Node {
    /// `nil` while there are none: nearly all nodes are the last of a path.
    var exact: ByteTable<Node>?
    var any: Node?
    var rest: Node?
    /// One for each method.
    var routes: [HTTPRoute] = []

    var isEmpty: Bool { exact == nil && any == nil && rest == nil && routes.isEmpty }

    func route(_ method: String) -> HTTPRoute? { routes.first { ByteKey.isSame($0.method, method) } }

    func child(_ text: String) -> Node? { exact.flatMap { $0[ByteKey(text)] } }

    func child(_ text: ByteView) -> Node? {
      guard let number = exact?.find(text) else { return nil }
      return exact?[number]
    }

    func addChild(_ text: String) -> Node {
      if let child = child(text) { return child }
      let child = Node()
      var children = exact ?? ByteTable()
      children.set(ByteKey(text), child)
      exact = children
      return child
    }

    func removeChild(_ text: String) {
      exact?.remove(ByteKey(text))
      if exact?.count == 0 { exact = nil }
    }
  }

  private let root = Node()

  /// Adds a route; one with the same method and path, of whichever worker, is replaced.
  ///
  /// - Throws: Another route differs in the names of its parameters only.
  func add(_ route: HTTPRoute) throws(InvocationFailure) {
    guard route.isServed else { return }
    if let old = node(of: route)?.route(route.method), old.trigger.id != route.trigger.id,
      old.segments != route.segments
    {
      throw HTTPRoute.refusal(
        "Route '\(route.method) \(route.apiPath)' conflicts with already-registered route '\(old.method) \(old.apiPath)': "
          + "routes with identical structure but different path-parameter names are not supported")
    }
    var node = root
    for segment in route.segments {
      switch segment {
      case .exactly(let text): node = node.addChild(text)
      case .any:
        let next = node.any ?? Node()
        node.any = next
        node = next
      case .rest:
        let next = node.rest ?? Node()
        node.rest = next
        node = next
      }
    }
    node.routes.removeAll { $0.method == route.method }
    node.routes.append(route)
  }

  /// Removes a trigger's route, unless another trigger has taken it over.
  func remove(_ route: HTTPRoute) {
    var path: [(parent: Node, segment: HTTPRoute.Segment)] = []
    var node = root
    for segment in route.segments {
      guard let next = child(of: node, segment) else { return }
      path.append((node, segment))
      node = next
    }
    guard let current = node.route(route.method), current.trigger.sequence == route.trigger.sequence else {
      return
    }
    node.routes.removeAll { $0 === current }
    while node.isEmpty, let (parent, segment) = path.popLast() {
      switch segment {
      case .exactly(let text): parent.removeChild(text)
      case .any: parent.any = nil
      case .rest: parent.rest = nil
      }
      node = parent
    }
  }

  private func node(of route: HTTPRoute) -> Node? {
    route.segments.reduce(root as Node?) { node, segment in node.flatMap { child(of: $0, segment) } }
  }

  private func child(of node: Node, _ segment: HTTPRoute.Segment) -> Node? {
    switch segment {
    case .exactly(let text): node.child(text)
    case .any: node.any
    case .rest: node.rest
    }
  }

  /// - Parameter path: The request's path, not decoded.
  func find(_ path: String, method: String) -> Match {
    guard path.utf8.first == UInt8(ascii: "/"), let node = ByteKey(path).withBytes({ search(root, $0) }) else {
      return .none
    }
    if let route = node.route(method) { return .route(route) }
    return .otherMethods(HTTPRoute.methods.filter { node.route($0) != nil })
  }

  /// An exact segment goes before a parameter, and that before the rest of a path; where one leads nowhere, the next is
  /// tried.
  ///
  /// - Parameter path: The rest of the path, with its slash; empty at its end.
  private func search(_ node: Node, _ path: ByteView) -> Node? {
    if path.isEmpty { return node.routes.isEmpty ? nil : node }
    let tail = path.dropFirst(1)
    let first = tail.prefix(tail.unsafeBytes.firstIndex(of: UInt8(ascii: "/")) ?? tail.count)
    let next = tail.dropFirst(first.count)
    if let child = node.child(first), let found = search(child, next) { return found }
    if !first.isEmpty, let child = node.any, let found = search(child, next) { return found }
    if let child = node.rest, !next.isEmpty || !first.isEmpty { return child }
    return nil
  }
}
