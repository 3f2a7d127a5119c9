/// The opening handshake of RFC 6455 §4; each side has its own file.
package enum Upgrade {
  /// The server's answer to a client's key; the key's form is not checked.
  package static func accept(key: String) -> String {
    Base64.encode(OpenSSL.sha1(Array(key.utf8) + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
  }

  /// A new key for a client: 16 random bytes.
  package static func newKey() -> String { Base64.encode(RandomSource.bytes(16)) }
}
