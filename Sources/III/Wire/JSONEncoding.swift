/// One run of JSON that an encoder writes, with the places where other runs belong.
///
/// Values are written straight into the run as they are encoded. Containers that may be filled later, while others
/// are written (nested ones, those of `superEncoder`), get a run of their own, which is put in at the end.
final class JSONEncoding {
  // Exclusive as it stands: one thread encodes, and nothing that is handed a part of this calls back into it.
  @exclusivity(unchecked) private var buffer = JSONBuffer()
  @exclusivity(unchecked) private var frames: [Frame]
  private var inserts: [(offset: Int, run: JSONEncoding)] = []
  private let basePath: [any CodingKey]
  private let depth: Int
  /// What has gone wrong where nothing could be thrown.
  private var failure: EncodingError?

  /// A value that is being encoded.
  private struct Frame {
    enum State { case nothing, object, array, complete }

    var state = State.nothing
    /// Members or elements so far.
    var count = 0
    let key: (any CodingKey)?
  }

  init(basePath: [any CodingKey] = [], depth: Int = 0) {
    self.basePath = basePath
    self.depth = depth
    frames = [Frame(key: nil)]
  }

  /// How many elements the array at `level` has.
  func count(at level: Int) -> Int { level < frames.count ? frames[level].count : 0 }

  func path(at level: Int) -> [any CodingKey] { basePath + frames.prefix(level + 1).compactMap(\.key) }

  // MARK: Values

  /// Writes the value that is all of this run.
  func encodeRoot<T: Encodable>(_ value: T) throws {
    try encode(value, at: 0)
    guard frames[0].state != .nothing else {
      throw EncodingError.invalidValue(value, .init(codingPath: [], debugDescription: "\(T.self) encoded nothing"))
    }
  }

  /// Writes `value` as the one at `level`, which has nothing yet.
  func encode<T: Encodable>(_ value: T, at level: Int) throws {
    guard level == frames.count - 1, frames[level].state == .nothing else { throw outOfTurn(value, level) }
    let mark = buffer.count
    do {
      if try scalar(value, path: { self.path(at: level) }) {
        frames[level].state = .complete
      } else {
        try value.encode(to: JSONValueEncoder(run: self, level: level))
      }
    } catch {
      forget(from: mark, above: level)
      frames[level].state = .nothing
      frames[level].count = 0
      throw error
    }
  }

  func encodeNil(at level: Int) throws {
    guard level == frames.count - 1, frames[level].state == .nothing else { throw outOfTurn("null", level) }
    buffer.append("null")
    frames[level].state = .complete
  }

  /// Writes a member of the object at `level`.
  func encode<T: Encodable, Key: CodingKey>(_ value: T, _ key: Key, in level: Int) throws {
    let mark = try beginMember(key.stringValue, in: level)
    try encodePart(value, from: mark, in: level) { key }
  }

  /// Writes an element of the array at `level`.
  func encode<T: Encodable>(element value: T, in level: Int) throws {
    let mark = try beginElement(in: level)
    try encodePart(value, from: mark, in: level) { JSONKey(index: self.frames[level].count - 1) }
  }

  @inline(__always) private func encodePart<T: Encodable>(
    _ value: T, from mark: Int, in level: Int, key: () -> any CodingKey
  ) throws {
    do {
      if try scalar(value, path: { self.path(at: level) + [key()] }) { return }
      guard depth + frames.count < JSONCursor.maxDepth else { throw tooDeep(value) }
      frames.append(Frame(key: key()))
      try value.encode(to: JSONValueEncoder(run: self, level: level + 1))
      close()
      frames.removeLast()
    } catch {
      forget(from: mark, above: level)
      frames[level].count -= 1
      throw error
    }
  }

  /// Writes `null` as a member, or (without name) an element, of what is at `level`.
  func encodeNil(_ name: String?, in level: Int) throws {
    _ = try name.map { try beginMember($0, in: level) } ?? beginElement(in: level)
    buffer.append("null")
  }

  /// Makes place for a member, or (without key) an element, that is filled in later.
  func insert(_ key: (any CodingKey)?, in level: Int) -> JSONEncoding {
    let path = path(at: level) + [key ?? JSONKey(index: count(at: level))]
    let run = JSONEncoding(basePath: path, depth: depth + frames.count)
    do {
      _ = try key.map { try beginMember($0.stringValue, in: level) } ?? beginElement(in: level)
      inserts.append((buffer.count, run))
    } catch {
      failure = failure ?? error as? EncodingError
    }
    if run.depth >= JSONCursor.maxDepth { failure = failure ?? tooDeep(path.count) }
    return run
  }

  /// Opens the object or array at `level`, or goes on with it; returns false if it is something else by now.
  func open(_ isObject: Bool, at level: Int) -> Bool {
    let state = level == frames.count - 1 ? frames[level].state : .complete
    switch (state, isObject) {
    case (.nothing, _):
      buffer.append(isObject ? UInt8(ascii: "{") : UInt8(ascii: "["))
      frames[level].state = isObject ? .object : .array
      return true
    case (.object, true), (.array, false): return true
    default:
      failure = failure ?? outOfTurn(isObject ? "an object" : "an array", level)
      return false
    }
  }

  /// The JSON, with all runs in their places.
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

  /// Ends the innermost value; one that has encoded nothing becomes an empty object.
  private func close() {
    let last = frames.count - 1
    switch frames[last].state {
    case .nothing: buffer.append("{}")
    case .object: buffer.append(UInt8(ascii: "}"))
    case .array: buffer.append(UInt8(ascii: "]"))
    case .complete: return
    }
    frames[last].state = .complete
  }

  /// Writes what stands before a member's value; returns where that begins.
  @inline(__always) private func beginMember(_ name: String, in level: Int) throws -> Int {
    let mark = try beginPart(of: .object, in: level)
    buffer.append(quoting: name)
    buffer.append(UInt8(ascii: ":"))
    return mark
  }

  @inline(__always) private func beginElement(in level: Int) throws -> Int { try beginPart(of: .array, in: level) }

  @inline(__always) private func beginPart(of state: Frame.State, in level: Int) throws -> Int {
    guard level == frames.count - 1, frames[level].state == state else { throw outOfTurn("a member", level) }
    let mark = buffer.count
    if frames[level].count > 0 { buffer.append(UInt8(ascii: ",")) }
    frames[level].count += 1
    return mark
  }

  /// Takes back what a value wrote before it failed: whoever catches the error goes on without it.
  private func forget(from mark: Int, above level: Int) {
    buffer.truncate(to: mark)
    inserts.removeAll { $0.offset > mark }
    frames.removeLast(frames.count - level - 1)
  }

  private func outOfTurn(_ value: Any, _ level: Int) -> EncodingError {
    EncodingError.invalidValue(
      value, .init(codingPath: path(at: level), debugDescription: "a second value was encoded where one belongs"))
  }

  private func tooDeep(_ value: Any) -> EncodingError {
    EncodingError.invalidValue(
      value, .init(codingPath: [], debugDescription: JSONSyntaxError.Reason.tooDeep.rawValue))
  }
}

extension JSONEncoding {
  /// Writes a value that needs no containers; returns false for all others.
  @inline(__always) private func scalar<T: Encodable>(_ value: T, path: () -> [any CodingKey]) throws -> Bool {
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
      return try rare(value, path: path)
    }
    return true
  }

  private func rare<T: Encodable>(_ value: T, path: () -> [any CodingKey]) throws -> Bool {
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
      try append(value, path: path)
    } else if let value = identity(value, as: JSONObject.self) {
      try append(.object(value), path: path)
    } else if let value = identity(value, as: Int128.self) {
      buffer.append(literal: value.description)
    } else if let value = identity(value, as: UInt128.self) {
      buffer.append(literal: value.description)
    } else {
      return try PayloadCoder.encodeFoundation(value, into: &buffer, path: path)
    }
    return true
  }

  private func append(_ value: JSONValue, path: () -> [any CodingKey]) throws {
    if let number = buffer.append(value) { throw Self.notFinite(number, path()) }
  }

  static func notFinite(_ number: any FloatingPoint & Sendable, _ path: [any CodingKey]) -> EncodingError {
    EncodingError.invalidValue(
      number, .init(codingPath: path, debugDescription: "JSON has no infinities and no NaN"))
  }
}

/// `value`, whose type is `T`; without an optional, which would have to be looked up for each `T` at run time.
@inline(__always) func cast<T, U>(_ value: U) -> T {
  precondition(T.self == U.self)
  return unsafeBitCast(value, to: T.self)
}

/// `value` as what it is, if that is `U`.
@inline(__always) func identity<T, U>(_ value: T, as type: U.Type) -> U? {
  // The types are the same, so no bit changes its meaning; a cast by `as?` costs more than all the rest here.
  T.self == U.self ? unsafeBitCast(value, to: U.self) : nil
}
