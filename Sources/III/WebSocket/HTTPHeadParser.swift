/// Finds and parses the head of a request or response in bytes that come in pieces.
///
/// It is as tolerant as the real engine's server: empty lines before the head are skipped and a line may end with LF alone.
/// Header lines that are folded, space before a colon and control characters are refused.
package struct HTTPHeadParser: Sendable {
  /// More fields than this are refused, as the real engine does.
  package static let maxFields = 100

  package enum Progress<Head: Sendable>: Sendable {
    /// The whole chunk is taken; the head goes on.
    case needMore
    /// The head, and how many bytes of this chunk belong to it: what follows is not HTTP's.
    case complete(Head, consumed: Int)
    case malformed(HTTPHeadError)
  }

  private let maxBytes: Int
  /// What earlier chunks had of the head.
  private var kept: [UInt8] = []
  /// Where the search for the empty line that ends the head stands.
  private var hasBegun = false
  private var isLineEmpty = true

  /// `maxBytes` is for the head as a whole.
  package init(maxBytes: Int = 64 << 10) {
    self.maxBytes = maxBytes
  }

  /// Takes the next bytes of a connection that sends a request. After `complete` the parser is as new.
  package mutating func request(_ chunk: ByteView) -> Progress<HTTPRequestHead> {
    parse(chunk) { head throws(HTTPHeadError) in try HTTPHeadLines(head).requestHead() }
  }

  /// Takes the next bytes of a connection that sends a response. After `complete` the parser is as new.
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

  /// Where in this chunk the head ends; each byte is looked at once, whatever pieces it comes in.
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
        throw .syntax("the peer speaks TLS, but this port does not: ws:// is right, not wss://")
      default: throw .syntax("a control character in the head")
      }
    }
    return nil
  }
}
