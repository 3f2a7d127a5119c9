/// How a stream ended that was not closed by its owner.
package enum StreamEnd: Equatable, Sendable {
  /// The peer ended its sending side.
  case eof
  /// Reading or writing failed.
  case failed(UVError)
}
