import CTestAuthority
import Foundation

@testable import III

/// A certificate authority for one test, with a folder for its files; the folder is removed with the object.
final class TestAuthority {
  /// A certificate and its key, as files.
  struct Identity: Sendable {
    var certificateFile: String
    var keyFile: String
  }

  struct Failure: Error {
    var what: String
  }

  let folder: String
  let name: String
  private let authority: OpaquePointer
  private var issued = 0

  init(_ name: String = "Test Authority") throws {
    guard OpenSSL.isReady, let authority = test_authority_new(name) else { throw Failure(what: "no authority") }
    self.authority = authority
    self.name = name
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("iii-tls-\(UUID().uuidString)")
    self.folder = folder.path
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    guard test_authority_write(authority, file) == 1 else { throw Failure(what: "cannot write \(file)") }
  }

  deinit {
    test_authority_free(authority)
    try? FileManager.default.removeItem(atPath: folder)
  }

  /// The authority's own certificate.
  var file: String { folder + "/authority.pem" }

  /// Issues a certificate for `names`, such as `DNS:localhost,IP:127.0.0.1`; `from` and `until` are seconds from now.
  func issue(
    _ names: String? = "DNS:localhost,IP:127.0.0.1,IP:::1", from: Int = -3600, until: Int = 3600,
    passphrase: String? = nil
  ) throws -> Identity {
    issued += 1
    let identity = Identity(
      certificateFile: "\(folder)/\(issued).pem", keyFile: "\(folder)/\(issued).key")
    let isDone = test_authority_issue(
      authority, "localhost", names, from, until, identity.certificateFile, identity.keyFile, passphrase)
    guard isDone == 1 else { throw Failure(what: "cannot issue a certificate for \(names ?? "no name")") }
    return identity
  }

  /// Creates a file with that text.
  func file(_ name: String, _ text: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  func text(of file: String) throws -> String { try String(contentsOfFile: file, encoding: .utf8) }

  /// A server that presents a certificate of this authority.
  func server(
    _ identity: Identity? = nil, clients: TestAuthority? = nil, isLimitedToTLS12: Bool = false
  ) throws -> TLSContext {
    let identity = try identity ?? issue()
    return try .server(
      certificateFile: identity.certificateFile, privateKeyFile: identity.keyFile, clientCAFile: clients?.file,
      isLimitedToTLS12: isLimitedToTLS12)
  }

  /// A client that trusts this authority, and presents `identity`.
  func client(_ identity: Identity? = nil) throws -> TLSContext { try .client(config(identity)) }

  func config(_ identity: Identity? = nil) -> TLSConfig {
    TLSConfig(caFile: file, certificateFile: identity?.certificateFile, privateKeyFile: identity?.keyFile)
  }
}
