import Testing

@testable import III

/// A client's and a server's session, connected through memory.
struct SessionPair {
  let client: TLSSession
  let server: TLSSession
  /// The number of ciphertext bytes carried.
  var carried = 0

  init(_ client: TLSContext, host: String = "localhost", _ server: TLSContext) throws {
    self.client = try TLSSession(client: client, host: host)
    self.server = try TLSSession(server: server)
  }

  /// Takes the waiting ciphertext of `session`.
  static func ciphertext(of session: TLSSession) -> [UInt8] {
    let count = session.ciphertextCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      session.takeCiphertext(
        into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      initialized = count
    }
  }

  /// Reads the available plaintext.
  static func plaintext(of session: TLSSession, upTo size: Int = 16 << 10) -> [UInt8] {
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: size)
    while true {
      let count = buffer.withUnsafeMutableBytes { session.read(into: $0) }
      if count == 0 { return all }
      all += buffer[..<count]
    }
  }

  static func write(_ bytes: [UInt8], to session: TLSSession) -> Int { bytes.withUnsafeBytes { session.write($0) } }

  /// Carries waiting bytes from one session to the other, in pieces of `size`, and continues the handshake; returns the plaintext.
  mutating func carry(from source: TLSSession, to target: TLSSession, pieces size: Int = .max) -> [UInt8] {
    let bytes = Self.ciphertext(of: source)
    carried += bytes.count
    var plaintext: [UInt8] = []
    var start = 0
    while start < bytes.count {
      let end = start + min(size, bytes.count - start)
      bytes[start..<end].withUnsafeBytes { target.receive($0) }
      target.shakeHands()
      plaintext += Self.plaintext(of: target)
      start = end
    }
    return plaintext
  }

  /// Continues until neither session has anything to send.
  mutating func shakeHands(pieces size: Int = .max) {
    client.shakeHands()
    while client.ciphertextCount + server.ciphertextCount > 0 {
      _ = carry(from: client, to: server, pieces: size)
      _ = carry(from: server, to: client, pieces: size)
    }
  }
}
