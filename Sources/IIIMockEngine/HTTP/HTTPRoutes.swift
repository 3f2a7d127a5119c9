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
    var exact: [ByteKey: Node] = [:]
    var any: Node?
    var rest: Node?
    var routes: [ByteKey: HTTPRoute] = [:]

    var isEmpty: Bool { exact.isEmpty && any == nil && rest == nil && routes.isEmpty }
  }

  private let root = Node()

  /// Adds a route; one with the same method and path, of whichever worker, is replaced.
  ///
  /// - Throws: Another route differs in the names of its parameters only.
  func add(_ route: HTTPRoute) throws(InvocationFailure) {
    guard route.isServed else { return }
    if let old = node(of: route)?.routes[ByteKey(route.method)], old.trigger.id != route.trigger.id,
      old.segments != route.segments
    {
      throw HTTPRoute.refusal(
        "Route '\(route.method) \(route.apiPath)' conflicts with already-registered route '\(old.method) \(old.apiPath)': "
          + "routes with identical structure but different path-parameter names are not supported")
    }
    var node = root
    for segment in route.segments {
      switch segment {
      case .exactly(let text): node = node.exact.value(ByteKey(text), orAdd: Node())
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
    node.routes[ByteKey(route.method)] = route
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
    guard let current = node.routes[ByteKey(route.method)], current.trigger.sequence == route.trigger.sequence else {
      return
    }
    node.routes[ByteKey(route.method)] = nil
    while node.isEmpty, let (parent, segment) = path.popLast() {
      switch segment {
      case .exactly(let text): parent.exact[ByteKey(text)] = nil
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
    case .exactly(let text): node.exact[ByteKey(text)]
    case .any: node.any
    case .rest: node.rest
    }
  }

  /// - Parameter path: The request's path, not decoded.
  func find(_ path: String, method: String) -> Match {
    guard path.utf8.first == UInt8(ascii: "/") else { return .none }
    guard let node = search(root, HTTPRoute.split(path)[...]) else { return .none }
    if let route = node.routes[ByteKey(method)] { return .route(route) }
    return .otherMethods(HTTPRoute.methods.filter { node.routes[ByteKey($0)] != nil })
  }

  /// An exact segment goes before a parameter, and that before the rest of a path; where one leads nowhere, the next is
  /// tried.
  private func search(_ node: Node, _ path: ArraySlice<String>) -> Node? {
    guard let first = path.first else { return node.routes.isEmpty ? nil : node }
    if let next = node.exact[ByteKey(first)], let found = search(next, path.dropFirst()) { return found }
    if !first.isEmpty, let next = node.any, let found = search(next, path.dropFirst()) { return found }
    if let next = node.rest, path.count > 1 || !first.isEmpty { return next }
    return nil
  }
}

extension Dictionary {
  fileprivate mutating func value(_ key: Key, orAdd new: @autoclosure () -> Value) -> Value {
    if let value = self[key] { return value }
    let value = new()
    self[key] = value
    return value
  }
}
