internal import COpenSSL

/// The trusted authorities of contexts without a file of their own. Reading those of the system takes long, so contexts share them.
package final class TLSAuthorities: @unchecked Sendable {
  // Sendable: after `init` only OpenSSL touches the store, under the store's own lock.

  let store: OpaquePointer

  private init() throws(TLSFailure) {
    guard OpenSSL.isReady, let store = X509_STORE_new() else { throw TLSFailure("OpenSSL cannot be used") }
    self.store = store
  }

  deinit { X509_STORE_free(store) }

  private static let ofSystem = Result { () throws(TLSFailure) in
    let authorities = try TLSAuthorities()
    // A system without authorities is not an error here: the handshake reports an authority that is not trusted. The file name is passed
    // explicitly because OpenSSL uses the variable even if it is blank.
    if let file = X509_get_default_cert_file() { X509_STORE_load_file(authorities.store, file) }
    _ = copenssl_trust_default_folder(authorities.store)
    ERR_clear_error()
    return authorities
  }

  /// The system's authorities. `file` replaces the system's file, as the variable `SSL_CERT_FILE` does. If it cannot be used it is left
  /// out, and `warn` is called with the reason.
  static func system(file: String?, warn: (String) -> Void) throws(TLSFailure) -> TLSAuthorities {
    guard let file else { return try ofSystem.get() }
    let authorities = try TLSAuthorities()
    _ = copenssl_trust_default_folder(authorities.store)
    do throws(TLSFailure) {
      try PEMFile.check(file, "the variable SSL_CERT_FILE")
      guard X509_STORE_load_file(authorities.store, file) == 1 else {
        throw PEMFile.noCertificate(file, "the variable SSL_CERT_FILE")
      }
    } catch { warn(error.text) }
    ERR_clear_error()
    return authorities
  }
}
