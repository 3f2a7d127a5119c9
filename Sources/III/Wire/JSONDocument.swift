/// A validated JSON text with its values marked on a tape, to decode from.
///
/// It keeps a copy of the text, because a decoder may live longer than the call that it is passed to.
final class JSONDocument {
  private let tape: JSONTape
  let userInfo: [CodingUserInfoKey: any Sendable]
  /// The coding path of the root.
  private let basePath: [any CodingKey]
  /// The hash indexes of large objects, by the object's index on the tape.
  private var indexes: [Int: JSONMemberIndex] = [:]
  private var paths = Paths()
  /// The last message of `mismatch`: errors that are caught often repeat it.
  private var message: (expected: String, found: String, text: String) = ("", "", "")

  /// Checks `text`.
  init(
    _ text: ByteView, userInfo: [CodingUserInfoKey: any Sendable] = [:], basePath: [any CodingKey] = []
  ) throws(JSONSyntaxError) {
    let tape = try JSONTapeBuilder.tape(of: text)
    tape.keep(text)
    self.tape = tape
    self.userInfo = userInfo
    self.basePath = basePath
  }

  /// The kind of the value at `index`.
  func kind(at index: Int) -> JSONTape.Token.Kind { tape[index].kind }

  /// The index after the value at `index` and everything in it.
  func next(after index: Int) -> Int { Int(tape[index].next) }

  /// The number of elements of the array at `index`.
  func count(ofArray index: Int) -> Int { Int(tape[index].extra) }

  func text(at index: Int) -> String {
    let token = tape[index]
    let bytes = bytes(of: token)
    return token.kind == .escapedString ? JSONText.text(of: bytes) : String(decoding: bytes, as: UTF8.self)
  }

  /// The number at `index`, if it consists only of a sign and up to 18 digits.
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

  /// The number at `index`, and a cursor to read its digits.
  func number(at index: Int) -> (JSONNumber, JSONCursor)? {
    var cursor = JSONCursor(tape.text, at: Int(tape[index].start))
    guard let number = try? cursor.number() else { return nil }
    return (number, cursor)
  }

  /// The bytes of the value at `index`; strings without their quotes.
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

  // MARK: Members

  /// The index of the value of `key` in the object at `object`; nil if it has no such member.
  func find(_ key: String, in object: Int) -> Int? {
    var key = key
    return key.withUTF8 { find(UnsafeRawBufferPointer($0), in: object) }
  }

  @inline(__always) private func find(_ name: UnsafeRawBufferPointer, in object: Int) -> Int? {
    guard tape[object].kind == .object else { return index(of: object).find(name, self) }
    let end = Int(tape[object].next)
    // Members are usually read in the order in which they come: `extra` is the one found last.
    let last = Int(tape[object].extra)
    if last > 0 {
      let following = Int(tape[last + 1].next)
      if following < end, isName(name, at: following) {
        tape[object].extra = UInt32(following)
        return following + 1
      }
      if isName(name, at: last) { return last + 1 }
    }
    return search(name, in: object, end)
  }

  /// Searches from the first member on; uses the hash index if that takes long.
  private func search(_ name: UnsafeRawBufferPointer, in object: Int, _ end: Int) -> Int? {
    var member = object + 1
    var steps = 0
    while member < end {
      if isName(name, at: member) {
        tape[object].extra = UInt32(member)
        return member + 1
      }
      member = Int(tape[member + 1].next)
      steps &+= 1
      if steps == 24 {
        guard let value = index(of: object).find(name, self) else { return nil }
        if tape[object].kind == .object { tape[object].extra = UInt32(value - 1) }
        return value
      }
    }
    return nil
  }

  /// The names of an object's members, without duplicates.
  func names(in object: Int) -> [String] {
    var names: [String] = []
    forEachMember(of: object) { names.append(text(at: $0)) }
    return names
  }

  /// Calls `body` with the indexes of an object's names; of a duplicate name only with the last one.
  @inline(__always) func forEachMember(of object: Int, _ body: (Int) throws -> Void) rethrows {
    let end = Int(tape[object].next)
    var index = tape[object].kind == .ambiguousObject ? self.index(of: object) : nil
    // The index may have shown that no name is a duplicate.
    if tape[object].kind == .object { index = nil }
    var member = object + 1
    while member < end {
      if index.map({ isLast(member, $0) }) ?? true { try body(member) }
      member = Int(tape[member + 1].next)
    }
  }

  /// Whether the index contains the member at `member` for its name.
  private func isLast(_ member: Int, _ index: JSONMemberIndex) -> Bool {
    index.count > 0 && withName(at: member) { index.find($0, self) } == member + 1
  }

  /// The hash index of an object's members, built when it is first needed.
  private func index(of object: Int) -> JSONMemberIndex {
    if let index = indexes[object] { return index }
    var count = 0
    var member = object + 1
    let end = Int(tape[object].next)
    while member < end {
      count += 1
      member = Int(tape[member + 1].next)
    }
    let index = JSONMemberIndex(capacity: count)
    member = object + 1
    while member < end {
      index.insert(member, self)
      member = Int(tape[member + 1].next)
    }
    indexes[object] = index
    // If all names differ, no index is needed to find duplicates.
    if index.count == count { tape[object].kind = .object }
    return index
  }

  /// The message for a value of an unexpected kind.
  func mismatch(_ expected: String, found: String) -> String {
    if message.expected != expected || message.found != found {
      message = (expected, found, "expected \(expected), found \(found)")
    }
    return message.text
  }

  /// Whether the text is what its value would be printed as, and no name of a member meets `isFound`.
  ///
  /// The text may then stand for the value. The answer is no for some texts that are: those with fractions, for example.
  func isPrintedAsItIs(unless isFound: (ByteView) -> Bool) -> Bool {
    // Without escapes, repeated names and rare numbers, only blanks can differ: they make the text longer than its tokens.
    var printed = 0
    for index in 0..<tape.count {
      let token = tape[index]
      switch token.kind {
      case .null, .yes: printed += 4
      case .no: printed += 5
      case .number:
        guard let value = shortInteger(at: index), value != 0 || token.count == 1 else { return false }
        printed += Int(token.count)
      case .string: printed += Int(token.count) + 2
      case .escapedString, .ambiguousObject: return false
      case .array: printed += 2 + max(Int(token.extra) - 1, 0)
      case .object:
        var (member, count) = (index + 1, 0)
        while member < Int(token.next) {
          if isFound(ByteView(bytes(at: member))) { return false }
          count += 1
          member = Int(tape[member + 1].next)
        }
        printed += 2 + count + max(count - 1, 0)
      }
    }
    return printed == tape.text.count
  }

  // MARK: Coding paths

  /// The position of each value in its container, and the path that was computed last.
  private struct Paths {
    struct Place {
      var parent: UInt32
      /// The index in an array; the name's index on the tape in an object.
      var position: UInt32
    }

    var places: [Place] = []
    var last = (index: -1, path: [] as [any CodingKey])
    var lastParent = (index: -1, path: [] as [any CodingKey])
    var longNames: [Int: String] = [:]
  }

  /// The coding path from the root to the value at `index`.
  func path(to index: Int) -> [any CodingKey] {
    if index == paths.last.index { return paths.last.path }
    if paths.places.isEmpty { paths.places = places() }
    // A value that failed is often decoded again as another type, and so are its neighbours.
    let path: [any CodingKey]
    if index == 0 {
      path = basePath
    } else {
      let parent = Int(paths.places[index].parent)
      if parent != paths.lastParent.index { paths.lastParent = (parent, walk(to: parent)) }
      path = paths.lastParent.path + CollectionOfOne<any CodingKey>(key(of: index))
    }
    paths.last = (index, path)
    return path
  }

  private func walk(to index: Int) -> [any CodingKey] {
    var path: [any CodingKey] = []
    var current = index
    while current > 0 {
      path.append(key(of: current))
      current = Int(paths.places[current].parent)
    }
    return basePath + path.reversed()
  }

  private func key(of index: Int) -> JSONKey {
    let place = paths.places[index]
    guard tape[Int(place.parent)].kind != .array else { return JSONKey(index: Int(place.position)) }
    let name = Int(place.position)
    // The key of a long name is created once: it may be part of many paths.
    guard tape[name].count > 15 else { return JSONKey(text(at: name)) }
    if let text = paths.longNames[name] { return JSONKey(text) }
    let text = text(at: name)
    paths.longNames[name] = text
    return JSONKey(text)
  }

  private func places() -> [Paths.Place] {
    var places = [Paths.Place](repeating: Paths.Place(parent: 0, position: 0), count: tape.count)
    var open: [(token: Int, end: Int, isArray: Bool, count: UInt32)] = []
    var index = 0
    while index < tape.count {
      while let last = open.last, index >= last.end { open.removeLast() }
      if let last = open.indices.last {
        if open[last].isArray {
          places[index] = Paths.Place(parent: UInt32(open[last].token), position: open[last].count)
          open[last].count += 1
        } else {
          places[index + 1] = Paths.Place(parent: UInt32(open[last].token), position: UInt32(index))
          index += 1
        }
      }
      let kind = tape[index].kind
      if kind == .array || kind == .object || kind == .ambiguousObject {
        open.append((index, Int(tape[index].next), kind == .array, 0))
      }
      index += 1
    }
    return places
  }

  // MARK: Internals

  private func bytes(of token: JSONTape.Token) -> UnsafeRawBufferPointer {
    let start = Int(token.start)
    return UnsafeRawBufferPointer(rebasing: tape.text.unsafeBytes[start..<start + Int(token.count)])
  }

  @inline(__always) private func isName(_ name: UnsafeRawBufferPointer, at index: Int) -> Bool {
    let token = tape[index]
    if token.kind == .escapedString { return text(at: index).utf8.elementsEqual(name) }
    guard Int(token.count) == name.count else { return false }
    return ByteView(bytes(of: token)) == ByteView(name)
  }

  /// Whether the name at `index`, with or without escapes, equals `name`.
  fileprivate func isSameName(_ name: UnsafeRawBufferPointer, at index: Int) -> Bool { isName(name, at: index) }

  /// Calls `body` with the decoded bytes of the name at `index`.
  fileprivate func withName<Result>(at index: Int, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    if tape[index].kind == .escapedString {
      var text = text(at: index)
      return text.withUTF8 { body(UnsafeRawBufferPointer($0)) }
    }
    return body(bytes(of: tape[index]))
  }
}

/// A hash table of an object's names; of a duplicate name it has the last member.
///
/// Names are hashed with the process's random seed, so that a sender cannot choose names that collide.
final class JSONMemberIndex {
  /// The indexes of the names on the tape; 0 means empty, because the first token is never a name.
  private var slots: [UInt32]
  private(set) var count = 0

  init(capacity: Int) {
    var size = 8
    while size < capacity * 2 { size *= 2 }
    slots = [UInt32](repeating: 0, count: size)
  }

  /// Adds the member whose name is at `index`; it replaces an earlier one with that name.
  func insert(_ index: Int, _ document: JSONDocument) {
    document.withName(at: index) { name in
      let slot = slot(of: name, document)
      if slots[slot] == 0 { count += 1 }
      slots[slot] = UInt32(index)
    }
  }

  /// The index of the value of the member `name`.
  func find(_ name: UnsafeRawBufferPointer, _ document: JSONDocument) -> Int? {
    let found = slots[slot(of: name, document)]
    return found == 0 ? nil : Int(found) + 1
  }

  private func slot(of name: UnsafeRawBufferPointer, _ document: JSONDocument) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: name)
    var slot = hasher.finalize() & (slots.count - 1)
    while slots[slot] != 0, !document.isSameName(name, at: Int(slots[slot])) { slot = (slot + 1) & (slots.count - 1) }
    return slot
  }
}
