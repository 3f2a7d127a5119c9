import Testing

@testable import III

@Suite("TLS: sessions", .timeLimit(.minutes(5)))
struct TLSSessionTests {
  private static func reason(_ session: TLSSession) -> String? {
    if case .failed(let failure) = session.state { failure.text } else { nil }
  }

  @Test("a handshake, data in both directions, and the end of the session", arguments: [1, 7, .max], [false, true])
  func sound(pieces: Int, isTLS12: Bool) throws {
    let authority = try TestAuthority()
    var pair = try SessionPair(authority.client(), authority.server(isLimitedToTLS12: isTLS12))
    pair.shakeHands(pieces: pieces)
    #expect(pair.client.state == .open)
    #expect(pair.server.state == .open)
    let question = (0..<40_000).map { UInt8(truncatingIfNeeded: $0) }
    #expect(SessionPair.write(question, to: pair.client) == question.count)
    #expect(pair.carry(from: pair.client, to: pair.server, pieces: pieces) == question)
    #expect(SessionPair.write([1, 2, 3], to: pair.server) == 3)
    pair.server.shutDown()
    #expect(pair.carry(from: pair.server, to: pair.client, pieces: pieces) == [1, 2, 3])
    #expect(pair.client.state == .closed)
    // The side that has received the end may still send.
    #expect(SessionPair.write([4], to: pair.client) == 1)
    pair.client.shutDown()
    #expect(pair.carry(from: pair.client, to: pair.server, pieces: pieces) == [4])
    #expect(pair.server.state == .closed)
    #expect(SessionPair.write([5], to: pair.client) == 0)
  }

  @Test(
    "the hosts for which a certificate is valid",
    arguments: [
      ("DNS:engine.test", "engine.test", true), ("DNS:engine.test", "ENGINE.test.", true),
      ("DNS:engine.test", "other.test", false), ("DNS:*.engine.test", "a.engine.test", true),
      ("DNS:*.engine.test", "a.b.engine.test", false), ("DNS:e*.test", "engine.test", false),
      ("IP:127.0.0.1", "127.0.0.1", true), ("IP:127.0.0.2", "127.0.0.1", false), ("DNS:127.0.0.1", "127.0.0.1", false),
      ("IP:::1", "::1", true), ("IP:fe80::1", "fe80::1%eth0", true), ("IP:::2", "::1", false),
      // The subject contains `localhost`, which is ignored.
      (nil, "localhost", false), ("DNS:engine.test", "localhost", false),
    ] as [(String?, String, Bool)])
  func hosts(names: String?, host: String, isRight: Bool) throws {
    let authority = try TestAuthority()
    var pair = try SessionPair(authority.client(), host: host, authority.server(authority.issue(names)))
    pair.shakeHands()
    #expect((pair.client.state == .open) == isRight)
    if !isRight {
      let reason = try #require(Self.reason(pair.client))
      #expect(reason.hasPrefix("the server's certificate is not for '\(host.prefix { $0 != "%" })': "))
      if let names, names.hasPrefix("DNS:") { #expect(reason.contains(names)) }
      // The server has received the reason.
      #expect(Self.reason(pair.server)?.hasPrefix("the client does not accept the certificate: ") == true)
    }
  }

  @Test(
    "expired and future certificates", arguments: [(-7200, -3600, "has expired"), (3600, 7200, "is not valid yet")])
  func times(from: Int, until: Int, words: String) throws {
    let authority = try TestAuthority()
    var pair = try SessionPair(authority.client(), authority.server(authority.issue(from: from, until: until)))
    pair.shakeHands()
    #expect(Self.reason(pair.client)?.contains(words) == true)
  }

  @Test("an authority that is not trusted")
  func unknownAuthority() throws {
    let (authority, other) = (try TestAuthority(), try TestAuthority("Other"))
    var pair = try SessionPair(other.client(), authority.server())
    pair.shakeHands()
    let reason = try #require(Self.reason(pair.client))
    #expect(reason.contains("was issued by an authority that is not trusted here"))
    #expect(reason.contains("InitOptions.tls.caFile"))
    #expect(Self.reason(pair.server)?.contains("unknown CA") == true)
    // The system does not trust it either.
    pair = try SessionPair(.client(TLSConfig()), authority.server())
    pair.shakeHands()
    #expect(Self.reason(pair.client)?.contains("not trusted") == true)
  }

  @Test("the engine's own certificate may be the trusted one")
  func pinned() throws {
    let authority = try TestAuthority()
    let identity = try authority.issue()
    var pair = try SessionPair(.client(TLSConfig(caFile: identity.certificateFile)), authority.server(identity))
    pair.shakeHands()
    #expect(pair.client.state == .open)
  }

  @Test("SSL_CERT_FILE names authorities in addition to those of the system")
  func systemFile() throws {
    let authority = try TestAuthority()
    var pair = try SessionPair(.client(TLSConfig(), systemFile: authority.file), authority.server())
    pair.shakeHands()
    #expect(pair.client.state == .open)
    var warnings: [String] = []
    _ = try TLSContext.client(TLSConfig(), systemFile: "/no/such/file") { warnings.append($0) }
    #expect(warnings == ["the variable SSL_CERT_FILE names '/no/such/file', which does not exist"])
  }

  @Test("a required client certificate", arguments: [false, true])
  func clientCertificate(isTLS12: Bool) throws {
    let (authority, clients) = (try TestAuthority(), try TestAuthority("Clients"))
    let server = try authority.server(clients: clients, isLimitedToTLS12: isTLS12)

    var pair = try SessionPair(authority.client(clients.issue(nil)), server)
    pair.shakeHands()
    #expect(pair.client.state == .open)
    #expect(pair.server.state == .open)
    #expect(!pair.client.wasCertificateWanted)

    pair = try SessionPair(authority.client(), server)
    pair.shakeHands()
    #expect(Self.reason(pair.client)?.contains("asks for a client certificate, and none was given") == true)
    #expect(Self.reason(pair.server)?.contains("presented no certificate") == true)

    pair = try SessionPair(authority.client(authority.issue()), server)
    pair.shakeHands()
    #expect(Self.reason(pair.client) == "the server does not accept the client certificate: unknown CA")

    pair = try SessionPair(authority.client(clients.issue(from: -7200, until: -3600)), server)
    pair.shakeHands()
    #expect(Self.reason(pair.client) == "the server does not accept the client certificate: certificate expired")
  }

  @Test(
    "peers that do not use TLS",
    arguments: [
      ("HTTP/1.1 400 Bad Request\r\n\r\n", "answered in plain HTTP"), ("SSH-2.0-x\r\n", "does not speak TLS"),
      ("\u{16}\u{3}\u{1}\u{0}\u{4}abcd", "the TLS handshake failed"), ("\u{15}\u{3}\u{3}\u{0}\u{2}\u{2}\u{46}", "1.2"),
    ])
  func noTLS(answer: String, words: String) throws {
    let session = try TLSSession(client: .client(TLSConfig()), host: "localhost")
    session.shakeHands()
    #expect(session.ciphertextCount > 0)
    for byte in answer.utf8 {
      withUnsafeBytes(of: byte) { session.receive($0) }
      session.shakeHands()
    }
    #expect(Self.reason(session)?.contains(words) == true, "\(session.state)")
    // Further calls have no effect.
    session.shakeHands()
    session.shutDown()
    #expect(SessionPair.write([1], to: session) == 0)
    #expect(SessionPair.plaintext(of: session) == [])
  }

  @Test("a record that was changed in transit")
  func changed() throws {
    let authority = try TestAuthority()
    var pair = try SessionPair(authority.client(), authority.server())
    pair.shakeHands()
    _ = SessionPair.write([1, 2, 3], to: pair.server)
    _ = SessionPair.write([4, 5, 6], to: pair.server)
    var bytes = SessionPair.ciphertext(of: pair.server)
    bytes[bytes.count - 1] ^= 1
    bytes.withUnsafeBytes { pair.client.receive($0) }
    #expect(SessionPair.plaintext(of: pair.client) == [1, 2, 3])
    #expect(Self.reason(pair.client)?.hasPrefix("what the server sent is not valid TLS: ") == true)
  }
}
