/// What is wrong with a URL. The URL itself is not shown: it may hold a secret.
package struct WebSocketURLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// Continues "the URL …".
  package var problem: String

  init(_ problem: String) { self.problem = problem }

  package var description: String { "the URL \(problem)" }
}
