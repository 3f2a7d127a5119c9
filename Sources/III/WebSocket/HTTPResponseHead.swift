/// The status line and headers of a response.
package struct HTTPResponseHead: Equatable, Sendable {
  package var version: HTTPVersion
  package var status: Int
  /// May be empty.
  package var reason: String
  package var headers: HTTPHeaders

  package init(version: HTTPVersion = .http11, status: Int, reason: String = "", headers: HTTPHeaders = [:]) {
    self.version = version
    self.status = status
    self.reason = reason
    self.headers = headers
  }
}
