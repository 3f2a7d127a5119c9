internal import COpenSSL

/// What the sessions of one side have in common: whom it trusts, and who it is.
package final class TLSContext: @unchecked Sendable {
  // Sendable: nothing changes the context after `init`, and OpenSSL counts its references atomically and locks what the
  // sessions share of it.

  let role: TLSRole
  let pointer: OpaquePointer

  /// An empty context that trusts nobody.
  private init(_ role: TLSRole) throws(TLSFailure) {
    guard OpenSSL.isReady, let pointer = copenssl_context(role == .server ? 1 : 0) else {
      throw TLSFailure("OpenSSL cannot be used: \(Self.reason)")
    }
    self.role = role
    self.pointer = pointer
  }

  deinit { SSL_CTX_free(pointer) }

  /// A client's. `authorities` are trusted where the configuration names none.
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

  /// A client's, with the system's authorities where the configuration names none. `systemFile` is what the variable `SSL_CERT_FILE`
  /// says; it may be of no use, which `warn` is told.
  package static func client(
    _ config: TLSConfig, systemFile: String? = nil, warn: (String) -> Void = { _ in }
  ) throws(TLSFailure) -> TLSContext {
    let authorities = config.caFile == nil ? try TLSAuthorities.system(file: systemFile, warn: warn) : nil
    return try client(config, authorities: authorities)
  }

  /// A server's. With `clientCAFile` clients must show a certificate of one of its authorities.
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
        "\(certificateSetting) is of no use: '\(certificateFile)' holds no certificate in PEM, or one too weak to be used"
      )
    }
    let (keyFile, setting) = keyFile.map { ($0, keySetting) } ?? (certificateFile, certificateSetting)
    try PEMFile.check(keyFile, setting)
    guard let key = copenssl_read_key(keyFile) else {
      throw TLSFailure("\(setting) is of no use: '\(keyFile)' holds no private key in PEM without a passphrase")
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
