/// The opening handshake of RFC 6455 §4; each side has its own file.
package enum Upgrade {
  /// What a server answers to a client's key, whatever its form.
  package static func accept(key: String) -> String {
    Base64.encode(OpenSSL.sha1(Array(key.utf8) + Array("258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8)))
  }

  /// A new key of a client: 16 random bytes.
  package static func newKey() -> String { Base64.encode(RandomSource.bytes(16)) }
}
