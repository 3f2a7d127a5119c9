internal import COpenSSL

/// The functions that the handshake uses from OpenSSL.
package enum OpenSSL {
  /// Initialises the library once, without its exit handler. All users of the library check this first, except `sha1`, which needs nothing
  /// of it.
  package static let isReady: Bool = copenssl_init() == 1

  /// The 20 bytes of the SHA-1 digest.
  static func sha1(_ bytes: [UInt8]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 20) { digest, count in
      guard let target = digest.baseAddress else { return }
      bytes.withView { copenssl_sha1($0.base, $0.count, target) }
      count = 20
    }
  }

  /// The 32 bytes of the HMAC with SHA-256.
  package static func hmacSHA256(key: [UInt8], _ bytes: [UInt8]) -> [UInt8] {
    _ = isReady
    return [UInt8](unsafeUninitializedCapacity: 32) { digest, count in
      guard let target = digest.baseAddress else { return }
      key.withView { key in bytes.withView { copenssl_hmac_sha256(key.base, key.count, $0.base, $0.count, target) } }
      count = 32
    }
  }

  /// Fills `memory` with unpredictable bytes; returns false if the library cannot.
  static func fillRandom(_ memory: UnsafeMutableRawBufferPointer) -> Bool {
    guard let base = memory.baseAddress, let count = Int32(exactly: memory.count) else { return memory.isEmpty }
    return isReady && copenssl_random(base, count) == 1
  }
}
