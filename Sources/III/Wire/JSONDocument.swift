/// A JSON text that was checked in full, with its values marked, to decode from.
///
/// It keeps a copy of the text, for decoders may outlive the call they are given to.
final class JSONDocument {
  private let copy: Copy
  private let tape: JSONTape
  let userInfo: [CodingUserInfoKey: any Sendable]
  /// Of objects in which keys may repeat: where the last member of each key has its value.
  private var indexes: [Int: [ByteKey: Int]] = [:]

  /// Bytes of one's own.
  private struct Copy: ~Copyable {
    let bytes: UnsafeMutableRawBufferPointer

    init(_ view: ByteView) {
      bytes = .allocate(byteCount: view.count, alignment: 8)
      bytes.copyMemory(from: view.unsafeBytes)
    }

    deinit { bytes.deallocate() }

    var view: ByteView { ByteView(UnsafeRawBufferPointer(bytes)) }
  }

  /// Checks `text`.
  init(_ text: ByteView, userInfo: [CodingUserInfoKey: any Sendable] = [:]) throws(JSONSyntaxError) {
    let tape = try JSONTapeBuilder.tape(of: text)
    self.tape = tape
    copy = Copy(text)
    self.userInfo = userInfo
  }

  /// What kind of value stands at `index`.
  func kind(at index: Int) -> JSONTape.Token.Kind { tape[index].kind }

  /// The place behind the value at `index` and all that it holds.
  func next(after index: Int) -> Int { Int(tape[index].next) }

  /// How many elements the array at `index` has.
  func count(ofArray index: Int) -> Int { Int(tape[index].extra) }

  func text(at index: Int) -> String {
    let token = tape[index]
    let bytes = bytes(of: token)
    return token.kind == .escapedString ? JSONText.text(of: bytes) : String(decoding: bytes, as: UTF8.self)
  }

  /// The number at `index`, if it is nothing but a sign and up to 18 digits.
  @inline(__always) func shortInteger(at index: Int) -> Int64? {
    let bytes = bytes(at: index)
    guard bytes.count <= 18, let first = bytes.first else { return nil }
    let isNegative = first == UInt8(ascii: "-")
    var value: Int64 = 0
    for byte in bytes.dropFirst(isNegative ? 1 : 0) {
      let digit = byte &- 0x30
      guard digit < 10 else { return nil }
      value = value &* 10 &+ Int64(digit)
    }
    return isNegative ? 0 &- value : value
  }

  /// The number at `index`, and a cursor that can tell its digits.
  func number(at index: Int) -> (JSONNumber, JSONCursor)? {
    var cursor = JSONCursor(copy.view, at: Int(tape[index].start))
    guard let number = try? cursor.number() else { return nil }
    return (number, cursor)
  }

  /// The bytes of the value at `index`; of strings without their quotes.
  func bytes(at index: Int) -> UnsafeRawBufferPointer { bytes(of: tape[index]) }

  /// The value at `index` as a tree.
  func value(at index: Int) throws(JSONSyntaxError) -> JSONValue {
    switch tape[index].kind {
    case .null: return .null
    case .yes: return .bool(true)
    case .no: return .bool(false)
    case .string, .escapedString: return .string(text(at: index))
    case .number, .array, .object, .ambiguousObject: return try JSONParser.parse(ByteView(bytes(at: index)))
    }
  }

  /// Where the value of `key` stands in the object at `object`, nil if it is not there.
  func find(_ key: String, in object: Int) -> Int? {
    if tape[object].kind == .ambiguousObject { return index(of: object)[ByteKey(key)] }
    var key = key
    return key.withUTF8 { key in
      let name = UnsafeRawBufferPointer(key)
      let end = Int(tape[object].next)
      // Members mostly come in the order in which they are asked for.
      let last = Int(tape[object].extra)
      if last > 0 {
        if isName(name, at: last) { return last + 1 }
        let following = Int(tape[last + 1].next)
        if following < end, isName(name, at: following) {
          tape[object].extra = UInt32(following)
          return following + 1
        }
      }
      var member = object + 1
      while member < end {
        if isName(name, at: member) {
          tape[object].extra = UInt32(member)
          return member + 1
        }
        member = Int(tape[member + 1].next)
      }
      return nil
    }
  }

  /// The names of an object's members, each once.
  func names(in object: Int) -> [String] {
    var names: [String] = []
    var seen: Set<ByteKey> = []
    let isAmbiguous = tape[object].kind == .ambiguousObject
    var member = object + 1
    while member < tape[object].next {
      let name = text(at: member)
      if !isAmbiguous || seen.insert(ByteKey(name)).inserted { names.append(name) }
      member = Int(tape[member + 1].next)
    }
    return names
  }

  /// The way from the root to the value at `index`.
  func path(to index: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var current = 0
    while current < index, index < tape.count {
      let isArray = tape[current].kind == .array
      var child = current + (isArray ? 1 : 2)
      var position = 0
      while Int(tape[child].next) <= index {
        child = Int(tape[child].next) + (isArray ? 0 : 1)
        position += 1
        guard child < tape[current].next else { return path }
      }
      path.append(isArray ? JSONKey(index: position) : JSONKey(text(at: child - 1)))
      current = child
    }
    return path
  }

  private func bytes(of token: JSONTape.Token) -> UnsafeRawBufferPointer {
    let start = Int(token.start)
    return UnsafeRawBufferPointer(rebasing: copy.view.unsafeBytes[start..<start + Int(token.count)])
  }

  @inline(__always) private func isName(_ name: UnsafeRawBufferPointer, at index: Int) -> Bool {
    let token = tape[index]
    if token.kind == .escapedString { return text(at: index).utf8.elementsEqual(name) }
    guard Int(token.count) == name.count else { return false }
    return ByteView(bytes(of: token)) == ByteView(name)
  }

  private func index(of object: Int) -> [ByteKey: Int] {
    if let index = indexes[object] { return index }
    var index: [ByteKey: Int] = [:]
    var member = object + 1
    while member < tape[object].next {
      index[ByteKey(text(at: member))] = member + 1
      member = Int(tape[member + 1].next)
    }
    indexes[object] = index
    return index
  }
}
