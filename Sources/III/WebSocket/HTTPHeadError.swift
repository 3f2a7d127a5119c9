/// Why bytes are no head of a request or response.
package enum HTTPHeadError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The first line of HTTP/2's preface: such a client is disconnected without a byte, as the real engine does.
  case http2
  /// No end within the limit, or too many fields.
  case tooLarge
  case syntax(String)

  package var description: String {
    switch self {
    case .http2: "the client speaks HTTP/2 without having asked"
    case .tooLarge: "the head has no end within the limit, or more than \(HTTPHeadParser.maxFields) headers"
    case .syntax(let text): text
    }
  }
}
