/// Which end of a TLS connection this is.
package enum TLSRole: Sendable {
  case client, server

  /// The other end, as messages name it.
  var peer: String { self == .client ? "server" : "client" }
}
