/// How a connection ended that its owner did not close.
package enum TransportEnd: Equatable, Sendable {
  /// The peer has sent all it will, and said so as far as the transport has words for it.
  case eof
  /// TCP ended without the end of TLS: the peer, or somebody between, cut it.
  case truncated
  /// Reading, writing or TLS failed; what happened, in words.
  case failed(String)
}
