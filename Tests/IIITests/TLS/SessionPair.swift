import Testing

@testable import III

/// A client's and a server's session with nothing but memory between them.
struct SessionPair {
  let client: TLSSession
  let server: TLSSession
  /// Ciphertext that went over, in bytes.
  var carried = 0

  init(_ client: TLSContext, host: String = "localhost", _ server: TLSContext) throws {
    self.client = try TLSSession(client: client, host: host)
    self.server = try TLSSession(server: server)
  }

  /// Takes what waits at `session`.
  static func ciphertext(of session: TLSSession) -> [UInt8] {
    let count = session.ciphertextCount
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      session.takeCiphertext(
        into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(buffer)[..<count]))
      initialized = count
    }
  }

  /// Reads what there is.
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

  /// Carries what waits from one to the other, in pieces of `size`, and shakes hands; answers the plaintext that came out.
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

  /// Goes on until neither has anything to say.
  mutating func shakeHands(pieces size: Int = .max) {
    client.shakeHands()
    while client.ciphertextCount + server.ciphertextCount > 0 {
      _ = carry(from: client, to: server, pieces: size)
      _ = carry(from: server, to: client, pieces: size)
    }
  }
}
