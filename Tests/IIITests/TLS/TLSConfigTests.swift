import Foundation
import Testing

@testable import III

@Suite("TLS: files of a configuration", .timeLimit(.minutes(5)))
struct TLSConfigTests {
  private func reason(_ config: TLSConfig) -> String? {
    do throws(TLSFailure) { _ = try TLSContext.client(config) } catch { return error.text }
    return nil
  }

  @Test("authorities")
  func authorities() throws {
    let authority = try TestAuthority()
    let key = try authority.issue().keyFile
    #expect(reason(TLSConfig(caFile: authority.file)) == nil)
    #expect(
      reason(TLSConfig(caFile: "/no/such.pem")) == "InitOptions.tls.caFile names '/no/such.pem', which does not exist")
    for file in [try authority.file("text.pem", "no certificate\n"), try authority.file("empty.pem", ""), key, "/tmp"] {
      #expect(reason(TLSConfig(caFile: file))?.contains("'\(file)' has no certificate in PEM") == true)
    }
    #expect(reason(TLSConfig(caFile: "a\u{0}b"))?.contains("is not a file name") == true)
  }

  @Test("certificate and key")
  func identities() throws {
    let authority = try TestAuthority()
    let (one, other) = (try authority.issue(), try authority.issue())
    let locked = try authority.issue(passphrase: "secret")
    func reason(_ certificate: String?, _ key: String?) -> String? {
      self.reason(TLSConfig(caFile: authority.file, certificateFile: certificate, privateKeyFile: key))
    }
    #expect(reason(one.certificateFile, one.keyFile) == nil)
    let both = try authority.file("both.pem", authority.text(of: one.certificateFile) + authority.text(of: one.keyFile))
    #expect(reason(both, nil) == nil)
    #expect(
      reason(one.certificateFile, other.keyFile)
        == "the key in '\(other.keyFile)' does not belong to the certificate in '\(one.certificateFile)'")
    #expect(reason(one.certificateFile, nil)?.contains("has no private key in PEM") == true)
    #expect(reason(one.certificateFile, authority.file)?.contains("has no private key in PEM") == true)
    #expect(reason(locked.certificateFile, locked.keyFile)?.contains("without a passphrase") == true)
    #expect(reason(one.keyFile, one.keyFile)?.contains("has no certificate in PEM") == true)
    #expect(reason("/no/such.pem", one.keyFile)?.contains("'/no/such.pem', which does not exist") == true)
    #expect(reason(one.certificateFile, "/no/such.key")?.contains("'/no/such.key', which does not exist") == true)
    #expect(reason(nil, one.keyFile)?.contains("without its certificate") == true)
  }

  @Test("renewed files are used; invalid ones are not, and are reported")
  func renewal() throws {
    let (first, second) = (try TestAuthority(), try TestAuthority("Second"))
    var warnings: [String] = []
    let file = try first.file("trusted.pem", first.text(of: first.file))
    var source = try TLSSource(TLSConfig(caFile: file), systemFile: nil) { warnings.append($0) }
    func isTrusted(_ authority: TestAuthority) throws -> Bool {
      var pair = try SessionPair(source.context { warnings.append($0) }, authority.server())
      pair.shakeHands()
      return pair.client.state == .open
    }
    #expect(try isTrusted(first))
    _ = try first.file("trusted.pem", second.text(of: second.file))
    #expect(try isTrusted(second))
    #expect(warnings == [])
    _ = try first.file("trusted.pem", "half written")
    #expect(try isTrusted(second))
    #expect(warnings.count == 1 && warnings[0].contains("has no certificate in PEM"), "\(warnings)")
  }
  @Test("files that have not changed are not read again")
  func unchanged() throws {
    let authority = try TestAuthority()
    let file = try authority.file("trusted.pem", authority.text(of: authority.file))
    func write(_ text: String, _ age: TimeInterval) throws {
      _ = try authority.file("trusted.pem", text)
      let date = Date(timeIntervalSinceNow: -age)
      try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: file)
    }
    let text = try authority.text(of: file)
    try write(text, 60)
    var warnings: [String] = []
    var source = try TLSSource(TLSConfig(caFile: file), systemFile: nil) { warnings.append($0) }
    func next() -> TLSContext { source.context { warnings.append($0) } }
    let first = next()
    #expect(next() === first)
    try write(text, 30)
    let second = next()
    #expect(second !== first)
    #expect(next() === second)
    try write("no certificate", 20)
    #expect(next() === second)
    #expect(next() === second)
    #expect(warnings.count == 1)  // reported once, not before every connection
    try FileManager.default.removeItem(atPath: file)
    #expect(next() === second)
    #expect(next() === second)
    #expect(warnings.count == 2)
    try write(text, 0)
    #expect(next() !== second)
  }
}
