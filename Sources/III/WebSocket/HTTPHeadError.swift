/// Why bytes are not the head of a request or response.
package enum HTTPHeadError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The first line of HTTP/2's preface: such a client is disconnected without an answer, as the real engine does.
  case http2
  /// The head does not end within the limit, or has too many fields.
  case tooLarge
  case syntax(String)

  package var description: String {
    switch self {
    case .http2: "the client uses HTTP/2, which was not negotiated"
    case .tooLarge: "the head does not end within the limit, or has more than \(HTTPHeadParser.maxFields) headers"
    case .syntax(let text): text
    }
  }
}
