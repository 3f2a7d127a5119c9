internal import COpenSSL

/// The settings shared by all sessions of one side: the trusted authorities, the side's certificate and key.
package final class TLSContext: @unchecked Sendable {
  // Sendable: nothing changes the context after `init`; OpenSSL counts its references atomically and locks what its sessions share.

  let role: TLSRole
  let pointer: OpaquePointer

  /// A context that trusts no authority.
  private init(_ role: TLSRole) throws(TLSFailure) {
    guard OpenSSL.isReady, let pointer = copenssl_context(role == .server ? 1 : 0) else {
      throw TLSFailure("OpenSSL cannot be used: \(Self.reason)")
    }
    self.role = role
    self.pointer = pointer
  }

  deinit { SSL_CTX_free(pointer) }

  /// A client's context. `authorities` are trusted if the configuration names none.
  package static func client(_ config: TLSConfig, authorities: TLSAuthorities?) throws(TLSFailure) -> TLSContext {
    let context = try TLSContext(.client)
    copenssl_verify_peer(context.pointer, 1)
    copenssl_note_certificate_wanted(context.pointer)
    if let file = config.caFile {
      try context.trust(file, "InitOptions.tls.caFile")
    } else if let authorities {
      SSL_CTX_set1_cert_store(context.pointer, authorities.store)
    }
    if let file = config.certificateFile {
      try context.identify(
        file, "InitOptions.tls.certificateFile", config.privateKeyFile, "InitOptions.tls.privateKeyFile")
    } else if config.privateKeyFile != nil {
      throw TLSFailure(
        "InitOptions.tls.privateKeyFile is given without its certificate, InitOptions.tls.certificateFile")
    }
    return context
  }

  /// A client's context, with the system's authorities if the configuration names none. `systemFile` is the value of the variable
  /// `SSL_CERT_FILE`; if it cannot be used, `warn` is called with the reason.
  package static func client(
    _ config: TLSConfig, systemFile: String? = nil, warn: (String) -> Void = { _ in }
  ) throws(TLSFailure) -> TLSContext {
    let authorities = config.caFile == nil ? try TLSAuthorities.system(file: systemFile, warn: warn) : nil
    return try client(config, authorities: authorities)
  }

  /// A server's context. With `clientCAFile`, clients must present a certificate of one of its authorities.
  package static func server(
    certificateFile: String, privateKeyFile: String, clientCAFile: String? = nil, isLimitedToTLS12: Bool = false
  ) throws(TLSFailure) -> TLSContext {
    let context = try TLSContext(.server)
    try context.identify(certificateFile, "the certificate's file", privateKeyFile, "the key's file")
    if let clientCAFile {
      try context.trust(clientCAFile, "the file of the clients' authorities")
      copenssl_verify_peer(context.pointer, 1)
    }
    if isLimitedToTLS12, copenssl_limit_to_tls12(context.pointer) != 1 {
      throw TLSFailure("TLS cannot be limited to 1.2: \(Self.reason)")
    }
    return context
  }

  // MARK: Files

  private func trust(_ file: String, _ setting: String) throws(TLSFailure) {
    try PEMFile.check(file, setting)
    guard SSL_CTX_load_verify_file(pointer, file) == 1 else {
      throw PEMFile.noCertificate(file, setting)
    }
  }

  private func identify(
    _ certificateFile: String, _ certificateSetting: String, _ keyFile: String?, _ keySetting: String
  ) throws(TLSFailure) {
    try PEMFile.check(certificateFile, certificateSetting)
    guard SSL_CTX_use_certificate_chain_file(pointer, certificateFile) == 1 else {
      throw TLSFailure(
        "\(certificateSetting) cannot be used: '\(certificateFile)' has no certificate in PEM, or one that is too weak"
      )
    }
    let (keyFile, setting) = keyFile.map { ($0, keySetting) } ?? (certificateFile, certificateSetting)
    try PEMFile.check(keyFile, setting)
    guard let key = copenssl_read_key(keyFile) else {
      throw TLSFailure("\(setting) cannot be used: '\(keyFile)' has no private key in PEM without a passphrase")
    }
    defer { EVP_PKEY_free(key) }
    guard SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1 else {
      throw TLSFailure("the key in '\(keyFile)' does not belong to the certificate in '\(certificateFile)'")
    }
  }

  private static var reason: String {
    copenssl_first_reason_text().map { String(cString: $0) } ?? "unknown error"
  }
}

/// The side of a TLS connection.
package enum TLSRole: Sendable {
  case client, server

  /// The name of the other side in log lines and errors.
  var peer: String { self == .client ? "server" : "client" }
}

/// Checks the files that a setting names.
enum PEMFile {
  static func check(_ file: String, _ setting: String) throws(TLSFailure) {
    ERR_clear_error()
    guard !file.utf8.contains(0) else { throw TLSFailure("\(setting) is not a file name: it contains a NUL") }
    let problem = copenssl_file_problem(file)
    ERR_clear_error()
    switch problem {
    case 0: return
    case copenssl_no_such_file(): throw TLSFailure("\(setting) names '\(file)', which does not exist")
    case copenssl_no_access(): throw TLSFailure("\(setting) names '\(file)', which this process may not read")
    default: throw TLSFailure("\(setting) names '\(file)', which cannot be opened (error \(problem))")
    }
  }

  static func noCertificate(_ file: String, _ setting: String) -> TLSFailure {
    TLSFailure("\(setting) cannot be used: '\(file)' has no certificate in PEM")
  }
}
