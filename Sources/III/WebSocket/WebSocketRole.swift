/// The side of a connection: a client masks what it sends, a server does not (RFC 6455 §5.1).
@usableFromInline package enum WebSocketRole: Sendable {
  case server, client
}
