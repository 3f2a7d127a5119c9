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

  private var base: UnsafeMutablePointer<Token>
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = max(capacity, 8)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

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
    let larger = UnsafeMutablePointer<Token>.allocate(capacity: capacity * 2)
    larger.moveInitialize(from: base, count: count)
    base.deallocate()
    base = larger
    capacity *= 2
  }
}
