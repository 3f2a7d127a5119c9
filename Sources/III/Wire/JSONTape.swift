/// The values and names of a JSON text in order, each with the index of the token after it.
struct JSONTape: ~Copyable {
  /// A value or a member's name.
  struct Token {
    enum Kind: UInt8 { case null, yes, no, number, string, escapedString, array, object, ambiguousObject }

    var kind: Kind
    /// The offset in the text; strings without their quotes.
    var start: UInt32
    var count: UInt32 = 0
    /// The index of the token after this value and everything in it.
    var next: UInt32
    /// For an array the number of elements; for an object the index of the member that was found last.
    var extra: UInt32 = 0
  }

  /// The tokens' memory; before them there is room for the text.
  private var memory: UnsafeMutableRawPointer
  private var base: UnsafeMutablePointer<Token>
  private var capacity: Int
  private(set) var count = 0
  /// The text's number of bytes, and the room for them.
  private let textCount: Int
  private let room: Int

  /// A tape for a text of so many bytes, which `keep` copies.
  init(ofText count: Int) {
    textCount = count
    let stride = MemoryLayout<Token>.stride
    room = (count + stride - 1) / stride * stride
    // Short texts are mostly one long string or a few of them: their tape and text then fit what `malloc` has at hand.
    capacity = count < 512 ? count / 16 + 8 : count / 8 + 8
    (memory, base) = Self.allocate(room, capacity)
  }

  deinit { memory.deallocate() }

  private static func allocate(
    _ room: Int, _ capacity: Int
  ) -> (UnsafeMutableRawPointer, UnsafeMutablePointer<Token>) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: room + capacity * MemoryLayout<Token>.stride, alignment: MemoryLayout<Token>.alignment)
    return (memory, (memory + room).bindMemory(to: Token.self, capacity: capacity))
  }

  /// Copies the text, once its tape is complete.
  func keep(_ text: ByteView) {
    precondition(text.count == textCount)
    memory.copyMemory(from: text.base, byteCount: textCount)
  }

  /// The text that `keep` has copied.
  var text: ByteView { ByteView(memory, count: textCount) }

  /// The token at `index`, which must exist. Tokens may be changed in place even if the tape is immutable.
  subscript(index: Int) -> Token {
    @inline(__always) unsafeAddress {
      precondition(index >= 0 && index < count)
      return UnsafePointer(base + index)
    }
    @inline(__always) nonmutating unsafeMutableAddress {
      precondition(index >= 0 && index < count)
      return base + index
    }
  }

  @inline(__always) mutating func append(_ token: Token) {
    if count == capacity { grow() }
    (base + count).initialize(to: token)
    count &+= 1
  }

  @inline(__always) mutating func append(_ kind: Token.Kind, _ start: Int, _ count: Int) {
    append(
      Token(
        kind: kind, start: UInt32(truncatingIfNeeded: start), count: UInt32(truncatingIfNeeded: count),
        next: UInt32(truncatingIfNeeded: self.count &+ 1)))
  }

  @inline(never) private mutating func grow() {
    let (larger, tokens) = Self.allocate(room, capacity * 2)
    tokens.moveInitialize(from: base, count: count)
    memory.deallocate()
    (memory, base) = (larger, tokens)
    capacity *= 2
  }
}
