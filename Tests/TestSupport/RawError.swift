package import UV

/// Why a raw peer cannot do what a test asked.
package enum RawError: Error, CustomStringConvertible {
  /// The connection ended before what was waited for came; the frames are those unread.
  case ended(RawEnd, unread: [RawFrame])
  /// The upgrade was answered with something else than 101.
  case refused(RawResponse)
  case notHTTP(String)
  case badAddress(String)
  case connect(UVError)
  case loopDidNotClose(Int)

  package var description: String {
    switch self {
    case .ended(let end, let unread): return "the connection ended (\(end)); unread: \(unread)"
    case .refused(let response): return "the upgrade was refused: \(response)"
    case .notHTTP(let line): return "not an HTTP answer: \(line)"
    case .badAddress(let address): return "not an address with a numeric host and a port: \(address)"
    case .connect(let error): return "connect: \(error)"
    case .loopDidNotClose(let code): return "the loop did not close: \(code)"
    }
  }
}

/// How a connection ended.
package enum RawEnd: Sendable, Equatable {
  /// The other side ended it; with the close frame that it sent before, if any.
  case byPeer(close: RawFrame?)
  /// A reset or another error, by its name.
  case failed(String)
  /// This side dropped it.
  case byUs

  /// The close frame that the other side sent before it ended the connection.
  package var close: RawFrame? { if case .byPeer(let close) = self { close } else { nil } }
}
