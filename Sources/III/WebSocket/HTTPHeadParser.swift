/// Finds and parses the head of a request or response in bytes that arrive in chunks.
///
/// It is as tolerant as the real engine's server: empty lines before the head are skipped, and a line may end with LF alone. Folded header
/// lines, a space before a colon and control characters are refused.
package struct HTTPHeadParser: Sendable {
  /// The most header fields that are accepted, as in the real engine.
  package static let maxFields = 100

  package enum Progress<Head: Sendable>: Sendable {
    /// The whole chunk belongs to the head, and the head continues.
    case needMore
    /// The head, and how many bytes of this chunk belong to it; the bytes after it are not HTTP.
    case complete(Head, consumed: Int)
    case malformed(HTTPHeadError)
  }

  private let maxBytes: Int
  /// The head's bytes from earlier chunks.
  private var kept: [UInt8] = []
  /// The state of the search for the empty line that ends the head.
  private var hasBegun = false
  private var isLineEmpty = true

  /// `maxBytes` limits the whole head.
  package init(maxBytes: Int = 64 << 10) {
    self.maxBytes = maxBytes
  }

  /// Takes the next bytes from a client. After `complete` the parser can be used again.
  package mutating func request(_ chunk: ByteView) -> Progress<HTTPRequestHead> {
    parse(chunk) { head throws(HTTPHeadError) in try HTTPHeadLines(head).requestHead() }
  }

  /// Takes the next bytes from a server. After `complete` the parser can be used again.
  package mutating func response(_ chunk: ByteView) -> Progress<HTTPResponseHead> {
    parse(chunk) { head throws(HTTPHeadError) in try HTTPHeadLines(head).responseHead() }
  }

  private mutating func parse<Head>(
    _ chunk: ByteView, _ read: (ByteView) throws(HTTPHeadError) -> Head
  ) -> Progress<Head> {
    do throws(HTTPHeadError) {
      let end = try findEnd(chunk)
      let taken = end ?? chunk.count
      guard kept.count + taken <= maxBytes else { throw .tooLarge }
      guard let end else {
        kept.append(contentsOf: chunk.unsafeBytes)
        return .needMore
      }
      let head: Head
      if kept.isEmpty {
        head = try read(chunk.prefix(end))
      } else {
        kept.append(contentsOf: chunk.prefix(end).unsafeBytes)
        head = try kept.withView { bytes in Result { () throws(HTTPHeadError) in try read(bytes) } }.get()
      }
      self = HTTPHeadParser(maxBytes: maxBytes)
      return .complete(head, consumed: end)
    } catch {
      return .malformed(error)
    }
  }

  /// The offset in this chunk where the head ends; each byte is read once, however the head is split.
  private mutating func findEnd(_ chunk: ByteView) throws(HTTPHeadError) -> Int? {
    for (index, byte) in chunk.unsafeBytes.enumerated() {
      switch byte {
      case UInt8(ascii: "\n"):
        if isLineEmpty, hasBegun { return index + 1 }
        isLineEmpty = true
      case UInt8(ascii: "\r"): break
      case 0x20..., 0x09:
        isLineEmpty = false
        hasBegun = true
      case 0x16 where !hasBegun:
        throw .syntax("the peer uses TLS, but this port does not: use ws://, not wss://")
      default: throw .syntax("a control character in the head")
      }
    }
    return nil
  }
}
