internal import COpenSSL

/// One TLS connection that converts bytes to bytes. It uses no socket, loop or clock.
///
/// `receive` takes bytes from the peer. After it, `shakeHands` continues the handshake until the session is open; then `read` returns
/// plaintext until there is none. After each of these, and after `write` and `shutDown`, `takeCiphertext` returns the bytes to be sent. A
/// failure becomes the state.
package final class TLSSession {
  package enum State: Equatable, Sendable {
    case handshaking, open
    /// The peer has announced that it sends nothing more.
    case closed
    case failed(TLSFailure)
  }

  package private(set) var state = State.handshaking

  package let role: TLSRole
  private let host: String?
  private let ssl: OpaquePointer
  /// `ssl` owns both.
  private let input: OpaquePointer
  private let output: OpaquePointer
  private let notes: UnsafeMutablePointer<copenssl_notes>
  private var greeting: [UInt8] = []
  private var hasShutDown = false

  private static let greetingCount = 8

  /// A client's session. The server's certificate must be valid for `host`, a name or an address.
  package convenience init(client context: TLSContext, host: String) throws(TLSFailure) {
    // The zone of an IPv6 address and the final dot of a name are never part of a certificate.
    var name = host.prefix { $0 != "%" }
    if name.hasSuffix(".") { name.removeLast() }
    try self.init(context, host: String(name))
    guard copenssl_expect_host(ssl, String(name)) == 1 else {
      throw TLSFailure("'\(host)' is not a host name or address that a certificate can contain")
    }
    SSL_set_connect_state(ssl)
  }

  /// A session of a server.
  package convenience init(server context: TLSContext) throws(TLSFailure) {
    try self.init(context, host: nil)
    SSL_set_accept_state(ssl)
  }

  private init(_ context: TLSContext, host: String?) throws(TLSFailure) {
    guard let ssl = SSL_new(context.pointer) else { throw TLSFailure("OpenSSL could not create a session") }
    guard let input = BIO_new(BIO_s_mem()) else {
      SSL_free(ssl)
      throw TLSFailure("OpenSSL could not create a buffer")
    }
    guard let output = BIO_new(BIO_s_mem()) else {
      BIO_free(input)
      SSL_free(ssl)
      throw TLSFailure("OpenSSL could not create a buffer")
    }
    SSL_set_bio(ssl, input, output)
    notes = .allocate(capacity: 1)
    notes.initialize(to: copenssl_notes())
    copenssl_set_notes(ssl, notes)
    self.role = context.role
    self.host = host
    self.ssl = ssl
    self.input = input
    self.output = output
  }

  deinit {
    SSL_free(ssl)
    notes.deallocate()
  }

  /// Whether the peer asked for a certificate that was not configured.
  package var wasCertificateWanted: Bool { notes.pointee.was_certificate_wanted != 0 }

  /// Whether any bytes have come from the peer.
  package var hasReceived: Bool { !greeting.isEmpty }

  /// Why the peer's first bytes are not TLS, if they are not: the peer may have ended before enough bytes came for a failure.
  package var doubt: String? { state == .handshaking ? TLSFailure.notTLS(role, greeting) : nil }

  /// Whether plaintext can be sent; a peer that has ended its side may still read.
  package var canWrite: Bool { (state == .open || state == .closed) && !hasShutDown }

  // MARK: Input from the peer

  /// Takes all of the ciphertext.
  package func receive(_ ciphertext: UnsafeRawBufferPointer) {
    guard let base = ciphertext.baseAddress, !ciphertext.isEmpty, isRunning else { return }
    if greeting.count < Self.greetingCount { greeting += ciphertext.prefix(Self.greetingCount - greeting.count) }
    var taken = 0
    guard BIO_write_ex(input, base, ciphertext.count, &taken) == 1, taken == ciphertext.count else {
      state = .failed(TLSFailure("there is no memory for what the \(role.peer) sends"))
      return
    }
  }

  /// Continues the handshake as far as possible; a client's first call begins it.
  package func shakeHands() {
    guard state == .handshaking else { return }
    ERR_clear_error()
    let result = SSL_do_handshake(ssl)
    if result == 1 {
      state = .open
    } else {
      settle(result)
    }
  }

  /// Fills `buffer` with plaintext and returns how many bytes there were. After it has returned 0, or when the session has left the state
  /// `open`, there are no more before the next `receive`.
  package func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    while state == .open, filled < buffer.count, let base = buffer.baseAddress {
      var count = 0
      ERR_clear_error()
      let result = SSL_read_ex(ssl, base + filled, buffer.count - filled, &count)
      filled += count
      if result != 1 {
        settle(result)
        break
      }
    }
    return filled
  }

  // MARK: Output to the peer

  /// Encrypts as much of `plaintext` as TLS accepts now and returns how much that was: all of it, or nothing while TLS itself waits for the
  /// peer. The same bytes must then come first in the next call.
  package func write(_ plaintext: UnsafeRawBufferPointer) -> Int {
    guard canWrite, let base = plaintext.baseAddress, !plaintext.isEmpty else { return 0 }
    var count = 0
    ERR_clear_error()
    let result = SSL_write_ex(ssl, base, plaintext.count, &count)
    if result != 1 { settle(result) }
    return count
  }

  /// Announces to the peer that nothing more will be sent.
  package func shutDown() {
    guard state == .open || state == .closed, !hasShutDown else { return }
    hasShutDown = true
    ERR_clear_error()
    SSL_shutdown(ssl)
    ERR_clear_error()
  }

  /// How many bytes wait to be sent to the peer. There may be some after a failure too: they report it to the peer.
  package var ciphertextCount: Int { copenssl_pending(output) }

  /// Moves the first waiting bytes into `buffer`, which must not be larger than their number.
  package func takeCiphertext(into buffer: UnsafeMutableRawBufferPointer) {
    guard let base = buffer.baseAddress, !buffer.isEmpty else { return }
    var taken = 0
    let result = BIO_read_ex(output, base, buffer.count, &taken)
    precondition(result == 1 && taken == buffer.count, "fewer bytes waited than were requested")
  }

  // MARK: Results of calls

  private var isRunning: Bool { state == .handshaking || state == .open }

  /// Handles a call that was not completed: it waits for the peer, the peer has ended, or it has failed.
  private func settle(_ result: Int32) {
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: break
    case SSL_ERROR_ZERO_RETURN: state = .closed
    default: state = .failed(failure())
    }
    ERR_clear_error()
  }

  private func failure() -> TLSFailure {
    // The certificate's text comes from the peer: characters that would break a log line are replaced.
    let names = String(cString: copenssl_noted_names(notes)).unicodeScalars.map {
      $0.value >= 0x20 && $0.value != 0x7F ? Character($0) : "?"
    }
    return TLSFailure(
      TLSFailure.Circumstances(
        role: role, host: host, greeting: greeting, names: String(names),
        verdict: SSL_get_verify_result(ssl), wasCertificateWanted: wasCertificateWanted,
        isHandshake: state == .handshaking))
  }
}
