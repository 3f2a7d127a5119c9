/// A contiguous piece of JSON that an encoder writes, with the places where other pieces are inserted.
///
/// Values are written directly as they are encoded. A container that may be filled later, while others are written (a nested one, that of
/// `superEncoder`), has a piece of its own, which is inserted at the end.
final class JSONEncoding {
  // Unchecked exclusivity is safe: one thread encodes, and no code that gets access to a part of this object calls back into it.
  @exclusivity(unchecked) private var buffer = JSONBuffer()
  /// The innermost value that is being encoded, and those around it: a value without nesting needs no array.
  @exclusivity(unchecked) private var frame: Frame
  @exclusivity(unchecked) private var outer: [Frame] = []
  /// The complete members of all open objects; those of the innermost one are last.
  @exclusivity(unchecked) private var members: [Member] = []
  private var inserts: [(offset: Int, run: JSONEncoding)] = []
  private let basePath: [any CodingKey]
  private let depth: Int
  private let maxDepth: Int
  /// The first error from a place that cannot throw.
  private var failure: EncodingError?

  /// A value that is being encoded.
  private struct Frame {
    enum State { case nothing, object, array, complete }

    var state = State.nothing
    /// The number of members or elements so far.
    var count = 0
    let key: (any CodingKey)?
    /// The index of the frame's first member in `members`.
    let firstMember: Int
    /// A bit for some features of each name: if a name's bit is not set, the name is not a duplicate.
    var seen: UInt64 = 0
    /// The names by hash, if there are many.
    var index: JSONNameIndex?
  }

  /// A complete member of an open object: offsets in the buffer.
  fileprivate struct Member {
    /// Where the member begins, with the comma before it; -1 once it was replaced.
    var start: Int
    /// The name with its quotes.
    var name: Range<Int>
  }

  init(basePath: [any CodingKey] = [], depth: Int = 0, maxDepth: Int) {
    self.basePath = basePath
    self.depth = depth
    self.maxDepth = maxDepth
    frame = Frame(key: nil, firstMember: 0)
  }

  /// The number of elements of the array at `level`.
  func count(at level: Int) -> Int {
    level == outer.count ? frame.count : level < outer.count ? outer[level].count : 0
  }

  func path(at level: Int) -> [any CodingKey] { basePath + (outer + [frame]).prefix(level + 1).compactMap(\.key) }

  // MARK: Values

  /// Writes the only value of this piece.
  func encodeRoot<T: Encodable>(_ value: T) throws {
    try encode(value, at: 0)
    guard frame.state != .nothing else {
      throw EncodingError.invalidValue(value, .init(codingPath: [], debugDescription: "\(T.self) encoded nothing"))
    }
  }

  /// Writes `value` at `level`, where nothing was written yet.
  func encode<T: Encodable>(_ value: T, at level: Int) throws {
    guard level == outer.count, frame.state == .nothing else { throw outOfTurn(value, level) }
    let mark = buffer.count
    do {
      if try scalar(value, depth: maxDepth - depth - level, path: { self.path(at: level) }) {
        frame.state = .complete
      } else {
        try value.encode(to: JSONValueEncoder(run: self, level: level))
      }
    } catch {
      forget(from: mark, above: level)
      frame = Frame(key: frame.key, firstMember: frame.firstMember)
      members.removeLast(members.count - frame.firstMember)
      throw error
    }
  }

  func encodeNil(at level: Int) throws {
    guard level == outer.count, frame.state == .nothing else { throw outOfTurn("null", level) }
    buffer.append("null")
    frame.state = .complete
  }

  /// Writes a member of the object at `level`; it replaces an earlier one with the same name.
  func encode<T: Encodable, Key: CodingKey>(_ value: T, _ key: Key, in level: Int) throws {
    let member = try beginMember(key.stringValue, in: level)
    try encodePart(value, from: member.start, in: level) { key }
    end(member)
  }

  /// Writes an element of the array at `level`.
  func encode<T: Encodable>(element value: T, in level: Int) throws {
    let mark = try beginPart(of: .array, in: level)
    try encodePart(value, from: mark, in: level) { JSONKey(index: self.count(at: level) - 1) }
  }

  @inline(__always) private func encodePart<T: Encodable>(
    _ value: T, from mark: Int, in level: Int, key: () -> any CodingKey
  ) throws {
    do {
      if try scalar(value, depth: maxDepth - depth - level - 1, path: { self.path(at: level) + [key()] }) { return }
      // A value at the deepest level may still be a scalar; `open` refuses it if it is a container.
      guard depth + outer.count < maxDepth else { throw tooDeep(value, path(at: level) + [key()]) }
      outer.append(frame)
      frame = Frame(key: key(), firstMember: members.count)
      try value.encode(to: JSONValueEncoder(run: self, level: level + 1))
      close()
      leave(to: level)
    } catch {
      forget(from: mark, above: level)
      frame.count -= 1
      throw error
    }
  }

  /// Writes `null` as a member, or as an element if there is no name, of the container at `level`.
  func encodeNil(_ name: String?, in level: Int) throws {
    if let name {
      let member = try beginMember(name, in: level)
      buffer.append("null")
      end(member)
    } else {
      _ = try beginPart(of: .array, in: level)
      buffer.append("null")
    }
  }

  // MARK: Containers

  /// Reserves a place for a member, or for an element if there is no key, that is filled in later.
  ///
  /// - Parameter continues: Whether to continue a container that was created for the same key before.
  func insert(_ key: (any CodingKey)?, in level: Int, continues: Bool) -> JSONEncoding {
    let path = path(at: level) + [key ?? JSONKey(index: count(at: level))]
    let run = JSONEncoding(basePath: path, depth: depth + level + 1, maxDepth: maxDepth)
    do {
      if let key {
        let member = try beginMember(key.stringValue, in: level)
        if continues, let earlier = earlier(member.name) {
          frame.count -= 1
          buffer.truncate(to: member.start)
          return try self.run(of: earlier, path)
        }
        inserts.append((buffer.count, run))
        end(member)
      } else {
        _ = try beginPart(of: .array, in: level)
        inserts.append((buffer.count, run))
      }
    } catch {
      failure = failure ?? error as? EncodingError
    }
    return run
  }

  /// The piece of a nested container that is the value of a member.
  private func run(of member: Int, _ path: [any CodingKey]) throws -> JSONEncoding {
    let value = members[member].name.upperBound + 1
    let end = members[(member + 1)...].first { $0.start >= 0 }?.start ?? buffer.count
    guard value == end, let insert = inserts.first(where: { $0.offset == value }) else {
      throw EncodingError.invalidValue(
        "a container", .init(codingPath: path, debugDescription: "a value was encoded for this key before"))
    }
    return insert.run
  }

  /// Opens the object or array at `level`, or continues it; returns false if that is not possible.
  func open(_ isObject: Bool, at level: Int) -> Bool {
    let state = level == outer.count ? frame.state : .complete
    switch (state, isObject) {
    case (.nothing, _):
      guard depth + level < maxDepth else {
        failure = failure ?? tooDeep(isObject ? "an object" : "an array", path(at: level))
        return false
      }
      buffer.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
      frame.state = isObject ? .object : .array
      return true
    case (.object, true), (.array, false): return true
    default:
      failure = failure ?? outOfTurn(isObject ? "an object" : "an array", level)
      return false
    }
  }

  /// A piece whose JSON is not used, for a container that could not be opened; it accepts scalars only.
  func nowhere(_ isObject: Bool, at level: Int) -> JSONEncoding {
    let run = JSONEncoding(basePath: path(at: level), depth: maxDepth, maxDepth: maxDepth)
    run.frame.state = isObject ? .object : .array
    return run
  }

  /// The JSON with all pieces inserted.
  func finish() throws -> [UInt8] {
    if inserts.isEmpty {
      if let failure { throw failure }
      close()
      return buffer.bytes()
    }
    var whole = JSONBuffer(capacity: buffer.count * 2)
    try assemble(into: &whole)
    return whole.bytes()
  }

  private func assemble(into whole: inout JSONBuffer) throws {
    if let failure { throw failure }
    close()
    var start = 0
    for (offset, run) in inserts {
      whole.append(buffer.slice(start, offset))
      try run.assemble(into: &whole)
      start = offset
    }
    whole.append(buffer.slice(start, buffer.count))
  }

  /// Ends the innermost value; a value that encoded nothing becomes an empty object.
  private func close() {
    switch frame.state {
    case .nothing: buffer.append("{}")
    case .object: buffer.append(UInt8(ascii: "}"))
    case .array: buffer.append(UInt8(ascii: "]"))
    case .complete: return
    }
    frame.state = .complete
  }

  // MARK: Members

  /// Writes the bytes before a member's value.
  @inline(__always) private func beginMember(_ name: String, in level: Int) throws -> Member {
    let start = try beginPart(of: .object, in: level)
    let nameStart = buffer.count
    buffer.append(quoting: name)
    let member = Member(start: start, name: nameStart..<buffer.count)
    buffer.append(UInt8(ascii: ":"))
    return member
  }

  /// Writes the comma before a member or element that is not the first; returns where it begins.
  @inline(__always) private func beginPart(of state: Frame.State, in level: Int) throws -> Int {
    guard level == outer.count, frame.state == state else { throw outOfTurn("a member", level) }
    let mark = buffer.count
    if frame.count > 0 { buffer.append(UInt8(ascii: ",")) }
    frame.count += 1
    return mark
  }

  /// Records a complete member, and removes an earlier one with the same name.
  @inline(__always) private func end(_ member: Member) {
    let bit = feature(of: member.name)
    let isSurelyNew = frame.seen & bit == 0
    frame.seen |= bit
    members.append(member)
    if !isSurelyNew || frame.index != nil { endRepeated() }
  }

  private func endRepeated() {
    let last = members.count - 1
    let first = frame.firstMember
    if let index = frame.index {
      if let earlier = index.set(last, hash(of: last), isSame: { self.isSame($0, last) }) {
        replace(earlier)
      }
      return
    }
    let name = members[last].name
    if let earlier = (first..<last).first(where: { isSame($0, name) }) { replace(earlier) }
    if last - first >= 24 {
      let index = JSONNameIndex()
      for member in first...last where members[member].start >= 0 {
        _ = index.set(member, hash(of: member), isSame: { self.isSame($0, member) })
      }
      frame.index = index
    }
  }

  /// The earlier member of the innermost object with the same name as the one in the buffer at `name`.
  private func earlier(_ name: Range<Int>) -> Int? {
    guard frame.seen & feature(of: name) != 0 else { return nil }
    if let index = frame.index { return index.find(hash(of: name)) { self.isSame($0, name) } }
    return (frame.firstMember..<members.count).first { isSame($0, name) }
  }

  /// Removes an earlier member of the innermost object, because the last one replaces it.
  private func replace(_ earlier: Int) {
    // The last member is never replaced, so another one follows.
    guard let next = members[(earlier + 1)...].firstIndex(where: { $0.start >= 0 }) else { return }
    let start = members[earlier].start
    let end = members[next].start
    // The first member has no comma before it: the comma of the next member is removed instead.
    let isFirst = buffer.slice(start, start + 1)[0] != UInt8(ascii: ",")
    let count = end - start + (isFirst ? 1 : 0)
    buffer.remove(start, count)
    members[earlier].start = -1
    for index in next..<members.count where members[index].start >= 0 {
      let name = members[index].name
      members[index].start = max(members[index].start - count, start)
      members[index].name = name.lowerBound - count..<name.upperBound - count
    }
    inserts.removeAll { $0.offset > start && $0.offset <= end }
    for index in inserts.indices where inserts[index].offset > end { inserts[index].offset -= count }
    frame.count -= 1
  }

  private func isSame(_ member: Int, _ other: Int) -> Bool { isSame(member, members[other].name) }

  private func isSame(_ member: Int, _ name: Range<Int>) -> Bool {
    let other = members[member].name
    guard members[member].start >= 0, other.count == name.count else { return false }
    return ByteView(buffer.slice(other.lowerBound, other.upperBound))
      == ByteView(buffer.slice(name.lowerBound, name.upperBound))
  }

  private func hash(of member: Int) -> Int { hash(of: members[member].name) }

  private func hash(of name: Range<Int>) -> Int {
    var hasher = Hasher()
    hasher.combine(bytes: buffer.slice(name.lowerBound, name.upperBound))
    return hasher.finalize()
  }

  /// One of 64 bits, computed from the name's length and some of its bytes.
  @inline(__always) private func feature(of name: Range<Int>) -> UInt64 {
    let bytes = buffer.slice(name.lowerBound, name.upperBound)
    // The name includes its quotes, so it has at least two bytes.
    let last = bytes.count &- 2
    let word =
      UInt64(truncatingIfNeeded: last) << 24 | UInt64(bytes[1]) << 16 | UInt64(bytes[(last &+ 1) / 2]) << 8
      | UInt64(bytes[max(last, 0)])
    return 1 << ((word &* 0x9E37_79B9_7F4A_7C15) >> 58)
  }

  // MARK: Errors

  /// Removes what a value wrote before it failed: the caller may catch the error and continue without the value.
  private func forget(from mark: Int, above level: Int) {
    buffer.truncate(to: mark)
    inserts.removeAll { $0.offset > mark }
    leave(to: level)
  }

  /// Makes the value at `level` the innermost one again, and forgets the members of those in it.
  private func leave(to level: Int) {
    guard level < outer.count else { return }
    let child = level + 1 < outer.count ? outer[level + 1] : frame
    members.removeLast(members.count - child.firstMember)
    frame = outer[level]
    outer.removeLast(outer.count - level)
  }

  private func outOfTurn(_ value: Any, _ level: Int) -> EncodingError {
    EncodingError.invalidValue(
      value,
      .init(codingPath: path(at: level), debugDescription: "a second value was encoded where only one is possible"))
  }

  private func tooDeep(_ value: Any, _ path: [any CodingKey]) -> EncodingError {
    EncodingError.invalidValue(
      value, .init(codingPath: path, debugDescription: JSONEncoding.tooDeep(maxDepth)))
  }

  static func tooDeep(_ maxDepth: Int) -> String {
    maxDepth == PayloadCoder.messageMaxDepth
      ? "nested deeper than \(maxDepth) levels, the most that engines read in a payload"
      : "nested deeper than \(maxDepth) levels"
  }
}

/// A hash table from the names of an object that is being written to the indexes of its members.
final class JSONNameIndex {
  /// A member's index plus one; 0 means empty.
  private var slots = [UInt32](repeating: 0, count: 128)
  private var hashes = [Int](repeating: 0, count: 128)
  private var count = 0

  /// Sets the member of a name; returns the one that it replaces.
  func set(_ member: Int, _ hash: Int, isSame: (Int) -> Bool) -> Int? {
    if count * 2 > slots.count { grow() }
    let slot = slot(hash, isSame)
    let earlier = slots[slot]
    slots[slot] = UInt32(member + 1)
    hashes[slot] = hash
    if earlier == 0 { count += 1 }
    return earlier == 0 ? nil : Int(earlier) - 1
  }

  func find(_ hash: Int, isSame: (Int) -> Bool) -> Int? {
    let found = slots[slot(hash, isSame)]
    return found == 0 ? nil : Int(found) - 1
  }

  private func slot(_ hash: Int, _ isSame: (Int) -> Bool) -> Int {
    var slot = hash & (slots.count - 1)
    while slots[slot] != 0, hashes[slot] != hash || !isSame(Int(slots[slot]) - 1) {
      slot = (slot + 1) & (slots.count - 1)
    }
    return slot
  }

  private func grow() {
    let (oldSlots, oldHashes) = (slots, hashes)
    slots = [UInt32](repeating: 0, count: oldSlots.count * 4)
    hashes = [Int](repeating: 0, count: slots.count)
    for (member, hash) in zip(oldSlots, oldHashes) where member != 0 {
      // All names differ, so any free slot is right.
      let slot = slot(hash) { _ in false }
      slots[slot] = member
      hashes[slot] = hash
    }
  }
}

extension JSONEncoding {
  /// Writes a value that needs no container; returns false for all other values.
  ///
  /// - Parameter depth: How many containers may be nested here.
  @inline(__always) private func scalar<T: Encodable>(
    _ value: T, depth: Int, path: () -> [any CodingKey]
  ) throws -> Bool {
    if let value = identity(value, as: String.self) {
      buffer.append(quoting: value)
    } else if let value = identity(value, as: Int.self) {
      buffer.append(Int64(value))
    } else if let value = identity(value, as: Bool.self) {
      buffer.append(value)
    } else if let value = identity(value, as: Double.self) {
      guard value.isFinite else { throw Self.notFinite(value, path()) }
      buffer.append(value)
    } else {
      return try rare(value, depth: depth, path: path)
    }
    return true
  }

  private func rare<T: Encodable>(_ value: T, depth: Int, path: () -> [any CodingKey]) throws -> Bool {
    if let value = identity(value, as: Float.self) {
      guard value.isFinite else { throw Self.notFinite(value, path()) }
      buffer.append(value)
    } else if let value = identity(value, as: Int64.self) {
      buffer.append(value)
    } else if let value = identity(value, as: UInt64.self) {
      buffer.append(value)
    } else if let value = identity(value, as: Int32.self) {
      buffer.append(Int64(value))
    } else if let value = identity(value, as: UInt32.self) {
      buffer.append(UInt64(value))
    } else if let value = identity(value, as: Int16.self) {
      buffer.append(Int64(value))
    } else if let value = identity(value, as: UInt16.self) {
      buffer.append(UInt64(value))
    } else if let value = identity(value, as: Int8.self) {
      buffer.append(Int64(value))
    } else if let value = identity(value, as: UInt8.self) {
      buffer.append(UInt64(value))
    } else if let value = identity(value, as: UInt.self) {
      buffer.append(UInt64(value))
    } else if let value = identity(value, as: JSONValue.self) {
      try append(value, depth, path)
    } else if let value = identity(value, as: JSONObject.self) {
      try append(.object(value), depth, path)
    } else if let value = identity(value, as: Int128.self) {
      buffer.append(literal: value.description)
    } else if let value = identity(value, as: UInt128.self) {
      buffer.append(literal: value.description)
    } else {
      return try PayloadCoder.encodeFoundation(value, into: &buffer, path: path)
    }
    return true
  }

  private func append(_ value: JSONValue, _ depth: Int, _ path: () -> [any CodingKey]) throws {
    if let problem = buffer.append(value, maxDepth: depth) { throw problem.error(path(), maxDepth: maxDepth) }
  }

  static func notFinite(_ number: any FloatingPoint & Sendable, _ path: [any CodingKey]) -> EncodingError {
    EncodingError.invalidValue(
      number, .init(codingPath: path, debugDescription: "JSON has no infinities and no NaN"))
  }
}

/// `value`, whose type is `T`. It returns no optional, because its type would be looked up for each `T` at run time.
@inline(__always) func cast<T, U>(_ value: U) -> T {
  precondition(T.self == U.self)
  return unsafeBitCast(value, to: T.self)
}

/// `value` as a `U` if that is its type.
@inline(__always) func identity<T, U>(_ value: T, as type: U.Type) -> U? {
  // The types are the same, so the bits keep their meaning; a cast with `as?` would cost more than the encoding.
  T.self == U.self ? unsafeBitCast(value, to: U.self) : nil
}
