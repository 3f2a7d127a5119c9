/// How a stream ended that its owner did not close.
package enum StreamEnd: Equatable, Sendable {
  /// The peer has sent all it will.
  case eof
  /// Reading or writing failed.
  case failed(UVError)
}
