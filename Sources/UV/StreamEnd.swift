/// How a stream ended that its owner did not close.
package enum StreamEnd: Equatable, Sendable {
  /// The peer ended its sending side.
  case eof
  /// Reading or writing failed.
  case failed(UVError)
}
