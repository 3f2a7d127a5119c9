/// A JSON text that was checked in full, with its values marked, to decode from.
///
/// It keeps a copy of the text, for decoders may outlive the call they are given to.
final class JSONDocument {
  /// A value or a member's name.
  struct Token {
    enum Kind: UInt8 { case null, yes, no, number, string, escapedString, array, object, ambiguousObject }

    var kind: Kind
    /// Where it stands; strings without their quotes.
    var start: UInt32
    var count: UInt32 = 0
    /// The token behind this value and all that it holds.
    var next: UInt32
    /// Of an array: how many elements. Of an object: where the member stands that was found last.
    var extra: UInt32 = 0
  }

  private let memory: UnsafeMutableRawBufferPointer
  private(set) var tokens: [Token] = []
  let userInfo: [CodingUserInfoKey: any Sendable]
  /// Of objects in which keys may repeat: where the last member of each key has its value.
  private var indexes: [Int: [ByteKey: Int]] = [:]

  /// Checks `text`.
  init(_ text: ByteView, userInfo: [CodingUserInfoKey: any Sendable] = [:]) throws(JSONSyntaxError) {
    memory = UnsafeMutableRawBufferPointer.allocate(byteCount: max(text.count, 1), alignment: 8)
    memory.copyMemory(from: text.unsafeBytes)
    self.userInfo = userInfo
    length = text.count
    guard text.count < Int(UInt32.max) else { throw JSONSyntaxError(.tooLong, at: Int(UInt32.max)) }
    tokens.reserveCapacity(text.count / 8 + 8)
    try build()
  }

  deinit { memory.deallocate() }

  private let length: Int

  private var view: ByteView { ByteView(UnsafeRawBufferPointer(rebasing: memory[..<length])) }

  // MARK: Reading

  func text(at index: Int) -> String {
    let token = tokens[index]
    let bytes = bytes(of: token)
    return token.kind == .escapedString ? JSONText.text(of: bytes) : String(decoding: bytes, as: UTF8.self)
  }

  /// The number at `index`, and a cursor that can tell its digits.
  func number(at index: Int) -> (JSONNumber, JSONCursor)? {
    var cursor = JSONCursor(view, at: Int(tokens[index].start))
    guard let number = try? cursor.number() else { return nil }
    return (number, cursor)
  }

  /// The bytes of the value at `index`; of strings without their quotes.
  func bytes(at index: Int) -> UnsafeRawBufferPointer { bytes(of: tokens[index]) }

  /// The value at `index` as a tree.
  func value(at index: Int) throws(JSONSyntaxError) -> JSONValue {
    switch tokens[index].kind {
    case .null: return .null
    case .yes: return .bool(true)
    case .no: return .bool(false)
    case .string, .escapedString: return .string(text(at: index))
    case .number, .array, .object, .ambiguousObject: return try JSONParser.parse(ByteView(bytes(at: index)))
    }
  }

  /// Where the value of `key` stands in the object at `object`, nil if it is not there.
  func find(_ key: String, in object: Int) -> Int? {
    if tokens[object].kind == .ambiguousObject { return index(of: object)[ByteKey(key)] }
    var key = key
    return key.withUTF8 { key in
      let name = UnsafeRawBufferPointer(key)
      let end = Int(tokens[object].next)
      // Members mostly come in the order in which they are asked for.
      let last = Int(tokens[object].extra)
      if last > 0 {
        if isName(name, at: last) { return last + 1 }
        let following = Int(tokens[last + 1].next)
        if following < end, isName(name, at: following) {
          tokens[object].extra = UInt32(following)
          return following + 1
        }
      }
      var member = object + 1
      while member < end {
        if isName(name, at: member) {
          tokens[object].extra = UInt32(member)
          return member + 1
        }
        member = Int(tokens[member + 1].next)
      }
      return nil
    }
  }

  /// The names of an object's members, each once.
  func names(in object: Int) -> [String] {
    var names: [String] = []
    var seen: Set<ByteKey> = []
    let isAmbiguous = tokens[object].kind == .ambiguousObject
    var member = object + 1
    while member < tokens[object].next {
      let name = text(at: member)
      if !isAmbiguous || seen.insert(ByteKey(name)).inserted { names.append(name) }
      member = Int(tokens[member + 1].next)
    }
    return names
  }

  /// The way from the root to the value at `index`.
  func path(to index: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var current = 0
    while current < index, index < tokens.count {
      let isArray = tokens[current].kind == .array
      var child = current + (isArray ? 1 : 2)
      var position = 0
      while Int(tokens[child].next) <= index {
        child = Int(tokens[child].next) + (isArray ? 0 : 1)
        position += 1
        guard child < tokens[current].next else { return path }
      }
      path.append(isArray ? JSONKey(index: position) : JSONKey(text(at: child - 1)))
      current = child
    }
    return path
  }

  private func bytes(of token: Token) -> UnsafeRawBufferPointer {
    let start = Int(token.start)
    return UnsafeRawBufferPointer(rebasing: memory[start..<start + Int(token.count)])
  }

  @inline(__always) private func isName(_ name: UnsafeRawBufferPointer, at index: Int) -> Bool {
    let token = tokens[index]
    if token.kind == .escapedString { return text(at: index).utf8.elementsEqual(name) }
    guard Int(token.count) == name.count else { return false }
    return ByteView(bytes(of: token)) == ByteView(name)
  }

  private func index(of object: Int) -> [ByteKey: Int] {
    if let index = indexes[object] { return index }
    var index: [ByteKey: Int] = [:]
    var member = object + 1
    while member < tokens[object].next {
      index[ByteKey(text(at: member))] = member + 1
      member = Int(tokens[member + 1].next)
    }
    indexes[object] = index
    return index
  }

  // MARK: Building

  /// An array or object whose end has not come.
  private struct Open {
    let token: Int
    let isObject: Bool
    var count: UInt32 = 0
    /// One bit for a few features of each key seen: without a bit that is set already, no key repeats.
    var seen: UInt64 = 0
  }

  private func build() throws(JSONSyntaxError) {
    var cursor = JSONCursor(view)
    var open: [Open] = []
    while true {
      var isComplete = true
      switch try cursor.first() {
      case UInt8(ascii: "\""): append(try cursor.string())
      case UInt8(ascii: "{"):
        isComplete = try begin(isObject: true, &cursor, &open)
      case UInt8(ascii: "["):
        isComplete = try begin(isObject: false, &cursor, &open)
      case UInt8(ascii: "t"): try append(.yes, "true", &cursor)
      case UInt8(ascii: "f"): try append(.no, "false", &cursor)
      case UInt8(ascii: "n"): try append(.null, "null", &cursor)
      default:
        let number = try cursor.number()
        guard number.isSurelyFinite || number.double(in: cursor) != nil else {
          throw JSONSyntaxError(.numberOutOfRange, at: number.start)
        }
        append(.number, number.start, number.count)
      }
      while isComplete {
        guard let last = open.indices.last else {
          try cursor.finish()
          return
        }
        open[last].count += 1
        let byte = try cursor.peek()
        if byte == UInt8(ascii: ",") {
          cursor.advance()
          if open[last].isObject { try key(&cursor, &open[last]) }
          isComplete = false
        } else {
          guard byte == (open[last].isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
            throw cursor.unexpected()
          }
          cursor.advance()
          end(open.removeLast(), cursor.offset)
        }
      }
    }
  }

  /// Takes what opens an array or object; returns true if it has ended as well.
  private func begin(
    isObject: Bool, _ cursor: inout JSONCursor, _ open: inout [Open]
  ) throws(JSONSyntaxError) -> Bool {
    let start = cursor.offset
    cursor.advance()
    tokens.append(Token(kind: isObject ? .object : .array, start: UInt32(start), next: 0))
    var container = Open(token: tokens.count - 1, isObject: isObject)
    if try cursor.peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
      cursor.advance()
      end(container, cursor.offset)
      return true
    }
    guard open.count < JSONCursor.maxDepth else { throw JSONSyntaxError(.tooDeep, at: start) }
    if isObject { try key(&cursor, &container) }
    open.append(container)
    return false
  }

  private func end(_ container: Open, _ offset: Int) {
    tokens[container.token].count = UInt32(offset) - tokens[container.token].start
    tokens[container.token].next = UInt32(tokens.count)
    if !container.isObject { tokens[container.token].extra = container.count }
  }

  private func key(_ cursor: inout JSONCursor, _ container: inout Open) throws(JSONSyntaxError) {
    guard try cursor.peek() == UInt8(ascii: "\"") else { throw cursor.unexpected() }
    let name = try cursor.key()
    let bit = feature(of: name)
    if tokens[container.token].kind == .object {
      let isSure = !name.hasEscapes && (container.seen & bit == 0 || isNew(name, in: container))
      if !isSure { tokens[container.token].kind = .ambiguousObject }
      container.seen |= bit
    }
    append(name)
  }

  /// Whether no earlier key is the same, as far as it is worth looking.
  private func isNew(_ name: JSONCursor.StringToken, in container: Open) -> Bool {
    guard container.count <= 16 else { return false }
    let bytes = UnsafeRawBufferPointer(rebasing: memory[name.start..<name.start + name.count])
    var member = container.token + 1
    while member < tokens.count {
      if isName(bytes, at: member) { return false }
      member = Int(tokens[member + 1].next)
    }
    return true
  }

  private func feature(of name: JSONCursor.StringToken) -> UInt64 {
    guard name.count > 0 else { return 1 }
    var word = UInt64(truncatingIfNeeded: name.count)
    for offset in [0, name.count / 2, name.count - 1] { word = word << 8 | UInt64(memory[name.start + offset]) }
    return 1 << ((word &* 0x9E37_79B9_7F4A_7C15) >> 58)
  }

  private func append(_ string: JSONCursor.StringToken) {
    append(string.hasEscapes ? .escapedString : .string, string.start, string.count)
  }

  private func append(
    _ kind: Token.Kind, _ literal: StaticString, _ cursor: inout JSONCursor
  ) throws(JSONSyntaxError) {
    append(kind, cursor.offset, literal.utf8CodeUnitCount)
    try cursor.take(literal)
  }

  private func append(_ kind: Token.Kind, _ start: Int, _ count: Int) {
    tokens.append(
      Token(kind: kind, start: UInt32(start), count: UInt32(count), next: UInt32(tokens.count + 1)))
  }
}
