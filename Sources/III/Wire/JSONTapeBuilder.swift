/// Validates a JSON text in one pass, without recursion, and marks its values on a tape.
struct JSONTapeBuilder: ~Copyable {
  private let text: ByteView
  private var cursor: JSONCursor
  private var tape: JSONTape
  /// The innermost open container, and those around it: text without nesting needs no array.
  private var inner: Open?
  private var outer: [Open] = []

  /// An array or object whose end has not come.
  private struct Open {
    let token: Int
    let isObject: Bool
    var count: UInt32 = 0
    /// One bit for some features of each key: if a key's bit is not set yet, the key is not a duplicate.
    var seen: UInt64 = 0
  }

  /// The tape of `text`, which must be shorter than 4 GiB.
  static func tape(of text: ByteView) throws(JSONSyntaxError) -> JSONTape {
    guard text.count < Int(UInt32.max) else { throw JSONSyntaxError(.tooLong, at: Int(UInt32.max)) }
    var builder = JSONTapeBuilder(text)
    try builder.build()
    return builder.tape
  }

  private init(_ text: ByteView) {
    self.text = text
    cursor = JSONCursor(text)
    tape = JSONTape(ofText: text.count)
  }

  private mutating func build() throws(JSONSyntaxError) {
    while true {
      var isComplete = true
      switch try cursor.first() {
      case UInt8(ascii: "\""): append(try cursor.string())
      case UInt8(ascii: "{"): isComplete = try begin(isObject: true)
      case UInt8(ascii: "["): isComplete = try begin(isObject: false)
      case UInt8(ascii: "t"): try append(.yes, "true")
      case UInt8(ascii: "f"): try append(.no, "false")
      case UInt8(ascii: "n"): try append(.null, "null")
      default:
        let number = try cursor.number()
        guard number.isSurelyFinite || number.double(in: cursor) != nil else {
          throw JSONSyntaxError(.numberOutOfRange, at: number.start)
        }
        tape.append(.number, number.start, number.count)
      }
      while isComplete {
        guard var container = inner else {
          try cursor.finish()
          return
        }
        container.count += 1
        let byte = try cursor.peek()
        if byte == UInt8(ascii: ",") {
          cursor.advance()
          if container.isObject { container.seen |= try key(container) }
          inner = container
          isComplete = false
        } else {
          guard byte == (container.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw cursor.unexpected()
          }
          cursor.advance()
          end(container)
          inner = outer.popLast()
        }
      }
    }
  }

  /// Takes the opening bracket of an array or object; returns true if the container is empty and has ended too.
  private mutating func begin(isObject: Bool) throws(JSONSyntaxError) -> Bool {
    let start = cursor.offset
    cursor.advance()
    tape.append(isObject ? .object : .array, start, 0)
    var container = Open(token: tape.count - 1, isObject: isObject)
    if try cursor.peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
      cursor.advance()
      end(container)
      return true
    }
    if let inner {
      guard outer.count + 1 < JSONCursor.maxDepth else { throw JSONSyntaxError(.tooDeep, at: start) }
      outer.append(inner)
    }
    if isObject { container.seen = try key(container) }
    inner = container
    return false
  }

  private func end(_ container: Open) {
    let start = tape[container.token].start
    tape[container.token].count = UInt32(cursor.offset) - start
    tape[container.token].next = UInt32(tape.count)
    if !container.isObject { tape[container.token].extra = container.count }
  }

  /// Takes a member's name and the colon; returns the name's bit.
  private mutating func key(_ container: Open) throws(JSONSyntaxError) -> UInt64 {
    guard try cursor.peek() == UInt8(ascii: "\"") else { throw cursor.unexpected() }
    let name = try cursor.key()
    let bit = feature(of: name)
    if tape[container.token].kind == .object {
      let isSure = !name.hasEscapes && (container.seen & bit == 0 || isNew(name, in: container))
      if !isSure { tape[container.token].kind = .ambiguousObject }
    }
    append(name)
    return bit
  }

  /// Whether no earlier key is the same; only a limited number of keys is compared.
  private func isNew(_ name: JSONCursor.StringToken, in container: Open) -> Bool {
    guard container.count <= 16 else { return false }
    let bytes = cursor.slice(name.start, name.count)
    var member = container.token + 1
    while member < tape.count {
      let earlier = tape[member]
      if cursor.slice(Int(earlier.start), Int(earlier.count)).elementsEqual(bytes) { return false }
      member = Int(tape[member + 1].next)
    }
    return true
  }

  private func feature(of name: JSONCursor.StringToken) -> UInt64 {
    guard name.count > 0 else { return 1 }
    let last = name.count &- 1
    let word =
      UInt64(truncatingIfNeeded: name.count) << 24 | UInt64(text[name.start]) << 16
      | UInt64(text[name.start &+ last / 2]) << 8 | UInt64(text[name.start &+ last])
    return 1 << ((word &* 0x9E37_79B9_7F4A_7C15) >> 58)
  }

  @inline(__always) private mutating func append(_ string: JSONCursor.StringToken) {
    tape.append(string.hasEscapes ? .escapedString : .string, string.start, string.count)
  }

  private mutating func append(_ kind: JSONTape.Token.Kind, _ literal: StaticString) throws(JSONSyntaxError) {
    tape.append(kind, cursor.offset, literal.utf8CodeUnitCount)
    try cursor.take(literal)
  }
}
