internal import COpenSSL

/// Whom the contexts of clients trust that name no file of their own. To read those of a system takes long, so they are shared.
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
    // A system without any is none of our errors: the handshake says that nobody is trusted. The file by its name, for
    // OpenSSL takes a variable that is set and blank for one.
    if let file = X509_get_default_cert_file() { X509_STORE_load_file(authorities.store, file) }
    _ = copenssl_trust_default_folder(authorities.store)
    ERR_clear_error()
    return authorities
  }

  /// Those of the system; `file` takes the place of the system's file, as the variable `SSL_CERT_FILE` does. A file that is of no use
  /// is left out, which `warn` is told.
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
