/// Finds the body of a request behind its head (RFC 9112 §6): by `Content-Length`, or in chunks.
///
/// What is ambiguous is refused, because a proxy could read it differently (request smuggling): both headers at once, several lengths,
/// other codings, bare LF in the framing of chunks.
package struct HTTPBodyReader: Sendable {
  /// How long a body is.
  package enum Framing: Equatable, Sendable {
    case length(UInt64)
    case chunked
  }

  /// A part of the body, or its end.
  package enum Event {
    case data(ByteView)
    case end
    /// All bytes have been read, and the body goes on.
    case needMore
    case malformed(String)
  }

  private enum State {
    case counted(UInt64)
    /// The line with a chunk's size: its digits so far, and whether the extension has begun.
    case size(UInt64, digits: Int, isInExtension: Bool)
    case sizeEnd(UInt64)
    case chunk(UInt64)
    /// The CR and LF behind a chunk's data.
    case chunkEnd, chunkEndLF
    /// A line behind the last chunk, with its length so far.
    case trailer(Int)
    case trailerLF(isEmpty: Bool)
    case ended
  }

  /// The most bytes of a chunk's extension, and of all trailers.
  private static let maxExtras = 8 << 10

  private var state: State
  /// Bytes of extensions and trailers so far.
  private var extras = 0

  package init(_ framing: Framing) {
    switch framing {
    case .length(let count): state = .counted(count)
    case .chunked: state = .size(0, digits: 0, isInExtension: false)
    }
  }

  /// The framing of a request's body; a request without a body has the length 0.
  ///
  /// - Throws: Why the body's length is not clear.
  package static func framing(of head: HTTPRequestHead) throws(HTTPHeadError) -> Framing {
    let codings = head.headers.all("transfer-encoding")
    let lengths = head.headers.all("content-length")
    if !codings.isEmpty {
      guard lengths.isEmpty else { throw .syntax("both Transfer-Encoding and Content-Length") }
      guard head.version == .http11 else { throw .syntax("Transfer-Encoding in HTTP/1.0") }
      guard codings.count == 1, codings[0].equalsIgnoringASCIICase("chunked") else {
        throw .syntax("a Transfer-Encoding other than 'chunked'")
      }
      return .chunked
    }
    guard let length = lengths.first else { return .length(0) }
    guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let count = UInt64(length), count <= UInt64(Int64.max)
    else { throw .syntax("Content-Length is not one number") }
    return .length(count)
  }

  /// The next part of the body in `bytes`, from which it is removed.
  package mutating func next(_ bytes: inout ByteView) -> Event {
    while true {
      switch state {
      case .counted(0), .ended:
        state = .ended
        return .end
      case .counted(let left):
        guard let part = take(left, of: &bytes) else { return .needMore }
        state = .counted(left - UInt64(part.count))
        return .data(part)
      case .chunk(0): state = .chunkEnd
      case .chunk(let left):
        guard let part = take(left, of: &bytes) else { return .needMore }
        state = .chunk(left - UInt64(part.count))
        return .data(part)
      default:
        guard bytes.count > 0 else { return .needMore }
        let byte = bytes[0]
        bytes = bytes.dropFirst(1)
        if let problem = read(byte) { return .malformed(problem) }
      }
    }
  }

  private func take(_ count: UInt64, of bytes: inout ByteView) -> ByteView? {
    guard bytes.count > 0 else { return nil }
    let part = bytes.prefix(Int(min(count, UInt64(bytes.count))))
    bytes = bytes.dropFirst(part.count)
    return part
  }

  /// Reads a byte of the framing; returns what is wrong with it.
  private mutating func read(_ byte: UInt8) -> String? {
    switch state {
    case .size(let size, let digits, let isInExtension):
      if byte == UInt8(ascii: "\r") {
        guard digits > 0 else { return "a chunk without a size" }
        state = .sizeEnd(size)
      } else if isInExtension || byte == UInt8(ascii: ";") {
        guard digits > 0, byte >= 0x20 || byte == 0x09 else { return "an invalid extension of a chunk" }
        guard countExtra() else { return "a chunk's extension is too long" }
        state = .size(size, digits: digits, isInExtension: true)
      } else {
        guard let digit = Self.digit(byte), digits < 15 else { return "a chunk's size is not a hexadecimal number" }
        state = .size(size << 4 | UInt64(digit), digits: digits + 1, isInExtension: false)
      }
    case .sizeEnd(let size):
      guard byte == UInt8(ascii: "\n") else { return "a CR without LF behind a chunk's size" }
      state = size == 0 ? .trailer(0) : .chunk(size)
    case .chunkEnd:
      guard byte == UInt8(ascii: "\r") else { return "a chunk is longer than its size" }
      state = .chunkEndLF
    case .chunkEndLF:
      guard byte == UInt8(ascii: "\n") else { return "a CR without LF behind a chunk" }
      state = .size(0, digits: 0, isInExtension: false)
    case .trailer(let length):
      if byte == UInt8(ascii: "\r") {
        state = .trailerLF(isEmpty: length == 0)
      } else {
        guard byte >= 0x20 || byte == 0x09 else { return "a control character in a trailer" }
        guard countExtra() else { return "the trailers are too long" }
        state = .trailer(length + 1)
      }
    case .trailerLF(let isEmpty):
      guard byte == UInt8(ascii: "\n") else { return "a CR without LF in a trailer" }
      state = isEmpty ? .ended : .trailer(0)
    case .counted, .chunk, .ended: break
    }
    return nil
  }

  private mutating func countExtra() -> Bool {
    extras += 1
    return extras <= Self.maxExtras
  }

  private static func digit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case 0x30...0x39: byte - 0x30
    case 0x41...0x46: byte - 0x41 + 10
    case 0x61...0x66: byte - 0x61 + 10
    default: nil
    }
  }
}
