/// What is wrong with a URL. The URL itself is left out, because it may contain a secret.
package struct WebSocketURLError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The problem; it continues "the URL …".
  package var problem: String

  init(_ problem: String) { self.problem = problem }

  package var description: String { "the URL \(problem)" }
}
