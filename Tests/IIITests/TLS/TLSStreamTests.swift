import TestSupport
import Testing
import UV

@testable import III

@Suite("TLS: streams", .timeLimit(.minutes(5)))
struct TLSStreamTests {
  /// Bytes that differ by position.
  private static func pattern(_ count: Int) -> [UInt8] {
    let period = (0..<65_537).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + period.count)
    while bytes.count < count { bytes += period }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  @Test("64 MiB in both directions, in pieces of any size", arguments: [64 << 20, 1 << 20, 100_000])
  func bulk(piece: Int) async throws {
    let authority = try TestAuthority()
    let bytes = Self.pattern(64 << 20)
    try await withTestLoop { loop in
      let server = try await TLSTestServer.start(authority.server(), .echo)
      let client = try await TLSTestClient.open(await server.port, authority.client(), expecting: bytes, on: loop)
      for start in stride(from: 0, to: bytes.count, by: piece) {
        await client.write(Array(bytes[start..<min(start + piece, bytes.count)]))
      }
      await client.receiveAll()
      #expect(await client.isRight)
      // What TLS has accepted and TCP has not stays small: the limit, and what was encrypted at once.
      #expect(await client.peak < 128 << 10)
      #expect(await client.counts == (queued: UInt64(bytes.count), sent: UInt64(bytes.count), unsent: 0))
      await client.close()
      #expect(try await server.end() == .eof)
      await server.stop()
    }
  }

  @Test("many small messages share records")
  func small() async throws {
    let authority = try TestAuthority()
    let bytes = Self.pattern(300_000)
    let server = try await TLSTestServer.start(authority.server(), .echo)
    // All are written before the handshake is done, and sent together after it.
    let pieces = stride(from: 0, to: bytes.count, by: 300).map { Array(bytes[$0..<$0 + 300]) }
    let client = try await TLSTestClient.open(
      await server.port, authority.client(), early: pieces, expecting: bytes)
    await client.receiveAll()
    #expect(await client.isRight)
    // The handshake, and 22 bytes for each full record, but not for each message.
    #expect(await client.ciphertext < UInt64(bytes.count + 2_000))
    await client.close()
    #expect(try await server.end() == .eof)
    await server.stop()
  }

  @Test("written bytes are sent before the end")
  func closeAfterFlush() async throws {
    let authority = try TestAuthority()
    let bytes = Self.pattern(4 << 20)
    let server = try await TLSTestServer.start(authority.server(), .echo)
    let client = try await TLSTestClient.open(await server.port, authority.client(), expecting: bytes)
    await server.send(bytes)
    await server.finish()
    #expect(try await client.end() == .eof)
    #expect(await client.received == bytes.count)
    #expect(await client.isRight)
    await server.stop()
  }

  @Test("a peer that cuts the connection in the middle of a record")
  func cut() async throws {
    let authority = try TestAuthority()
    let server = try await TLSTestServer.start(authority.server(), .cut([1, 2, 3]))
    let client = try await TLSTestClient.open(await server.port, authority.client(), expecting: [1, 2, 3])
    #expect(try await client.end() == .truncated)
    #expect(await client.received == 3)
    #expect(await client.isRight)
    await server.stop()
  }

  @Test("the bytes that TLS has not accepted are counted, before the handshake and after it")
  func accounting() async throws {
    let authority = try TestAuthority()
    let server = try await TLSTestServer.start(authority.server(), .silence)
    let stalled = try await TLSTestClient.open(
      await server.port, authority.client(), early: [[1, 2, 3]], isStalled: true)
    #expect(await stalled.counts.queued == 3)
    #expect(await stalled.counts.sent == 0)
    await stalled.close()
    await server.stop()

    let deaf = try await TLSTestServer.start(authority.server(), .deaf)
    let bytes = Self.pattern(64 << 20)
    let client = try await TLSTestClient.open(await deaf.port, authority.client(), early: [[1]])
    await client.write(bytes)
    await client.backlog()
    let counts = await client.counts
    #expect(counts.queued == UInt64(bytes.count + 1))
    #expect(counts.sent > 0 && counts.sent < counts.queued)
    // All else waits as plaintext.
    #expect(counts.unsent - Int(counts.queued - counts.sent) < 128 << 10)
    await client.close()
    await deaf.stop()
  }
}
