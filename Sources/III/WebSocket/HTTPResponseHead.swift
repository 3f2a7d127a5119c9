/// The status line and headers of a response.
package struct HTTPResponseHead: Equatable, Sendable {
  package var version: HTTPVersion
  package var status: Int
  /// May be empty.
  package var reason: String
  package var headers: HTTPHeaders
}
