/// Growing memory into which JSON is written.
struct JSONBuffer: ~Copyable {
  private var memory: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  init(capacity: Int = 512) {
    self.capacity = max(capacity, 64)
    memory = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { memory.deallocate() }

  /// A copy of the written bytes.
  borrowing func bytes() -> [UInt8] { [UInt8](UnsafeRawBufferPointer(start: memory, count: count)) }

  /// The written bytes as text.
  borrowing func string() -> String {
    String(decoding: UnsafeRawBufferPointer(start: memory, count: count), as: UTF8.self)
  }

  /// Reserves room for `count` more bytes; the caller writes to the returned address and then calls `advance`.
  @inline(__always) private mutating func reserve(_ count: Int) -> UnsafeMutableRawPointer {
    if capacity &- self.count < count { grow(by: count) }
    return memory + self.count
  }

  @inline(never) private mutating func grow(by count: Int) {
    let larger = max(capacity * 2, self.count + count)
    let moved = UnsafeMutableRawPointer.allocate(byteCount: larger, alignment: 16)
    moved.copyMemory(from: memory, byteCount: self.count)
    memory.deallocate()
    memory = moved
    capacity = larger
  }

  @inline(__always) mutating func append(_ byte: UInt8) {
    reserve(1).storeBytes(of: byte, as: UInt8.self)
    count &+= 1
  }

  @inline(__always) mutating func append(_ bytes: UnsafeRawBufferPointer) {
    let target = reserve(bytes.count)
    if let base = bytes.baseAddress { target.copyMemory(from: base, byteCount: bytes.count) }
    count &+= bytes.count
  }

  @inline(__always) mutating func append(_ view: ByteView) { append(view.unsafeBytes) }

  @inline(__always) mutating func append(_ text: StaticString) { append(ByteView(text)) }

  /// Removes `count` bytes at `start`; the bytes after them move forward.
  mutating func remove(_ start: Int, _ count: Int) {
    precondition(start >= 0 && count >= 0 && start + count <= self.count)
    (memory + start).copyMemory(from: memory + start + count, byteCount: self.count - start - count)
    self.count -= count
  }

  /// Removes all but the first `count` bytes.
  mutating func truncate(to count: Int) { self.count = min(count, self.count) }

  /// The bytes from `start` to `end`, valid until the next change.
  borrowing func slice(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer {
    precondition(start >= 0 && start <= end && end <= count)
    return UnsafeRawBufferPointer(start: memory + start, count: end - start)
  }

  mutating func append(_ bool: Bool) { append(bool ? "true" as StaticString : "false") }

  /// Appends text that is already JSON.
  mutating func append(literal text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  /// Appends a JSON string with its quotes.
  mutating func append(quoting string: String) {
    var string = string
    string.withUTF8 { text in
      let bytes = UnsafeRawBufferPointer(text)
      append(UInt8(ascii: "\""))
      var offset = 0
      while true {
        let end = JSONText.firstEscaped(in: bytes, from: offset)
        append(UnsafeRawBufferPointer(rebasing: bytes[offset..<end]))
        if end == bytes.count { break }
        append(JSONText.escape(of: bytes[end]))
        offset = end + 1
      }
      append(UInt8(ascii: "\""))
    }
  }

  mutating func append(_ value: Int64) {
    if value < 0 { append(UInt8(ascii: "-")) }
    append(value.magnitude)
  }

  mutating func append(_ value: UInt64) {
    // Written backwards from the last digit; the longest number has twenty bytes.
    let target = reserve(40)
    var rest = value
    var start = 40
    repeat {
      start &-= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      target.storeBytes(of: UInt8(truncatingIfNeeded: digit) &+ 0x30, toByteOffset: start, as: UInt8.self)
      rest = quotient
    } while rest != 0
    target.copyMemory(from: target + start, byteCount: 40 &- start)
    count &+= 40 &- start
  }

  /// Appends a finite number in the fewest digits from which the same number is read again; integral ones keep a fraction: `1.0`.
  mutating func append(_ value: Double) {
    if value.magnitude < 0x1p53, let integer = Int64(exactly: value), integer != 0 || value.sign == .plus {
      append(integer)
      append(".0")
    } else {
      append(decimal: value.description)
    }
  }

  /// As for `Double`, with the digits that suffice for a `Float`.
  mutating func append(_ value: Float) { append(decimal: value.description) }

  private mutating func append(decimal description: String) {
    var description = description
    description.withUTF8 { text in
      // Without an exponent, the standard library's text is already the engines' format.
      if text.contains(UInt8(ascii: "e")) {
        JSONDecimal(text).write(into: &self)
      } else {
        append(UnsafeRawBufferPointer(text))
      }
    }
  }
}

// MARK: Trees

/// Why a JSON value cannot be encoded, and where in it.
final class JSONValueProblem {
  enum Reason {
    case notFinite(Double)
    /// An empty container that replaces the one that is nested too deep.
    case tooDeep(JSONValue)
  }

  let reason: Reason
  /// The path to the value, from the inside out.
  private var path: [JSONKey] = []

  fileprivate init(_ reason: Reason) { self.reason = reason }

  fileprivate func inside(_ key: JSONKey) -> JSONValueProblem {
    path.append(key)
    return self
  }

  /// The error to throw for a value at `path`.
  func error(_ path: [any CodingKey], maxDepth: Int) -> EncodingError {
    let path = path + self.path.reversed()
    return switch reason {
    case .notFinite(let number): JSONEncoding.notFinite(number, path)
    case .tooDeep(let value):
      .invalidValue(value, .init(codingPath: path, debugDescription: JSONEncoding.tooDeep(maxDepth)))
    }
  }
}

extension JSONBuffer {
  /// Appends a value as compact JSON.
  ///
  /// - Returns: The first problem: a number that is not finite, or a container inside more than `maxDepth` others; `null` was written
  ///   instead.
  mutating func append(_ value: JSONValue, maxDepth: Int, sortedKeys: Bool = false) -> JSONValueProblem? {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value)
    case .int(let value): append(value)
    case .uint(let value): append(value)
    case .double(let value):
      guard value.isFinite else {
        append("null")
        return JSONValueProblem(.notFinite(value))
      }
      append(value)
    case .string(let value): append(quoting: value)
    case .array(let values):
      guard maxDepth > 0 else { return appendTooDeep([]) }
      return append(values, maxDepth - 1, sortedKeys)
    case .object(let object):
      guard maxDepth > 0 else { return appendTooDeep([:]) }
      return append(object, maxDepth - 1, sortedKeys)
    }
    return nil
  }

  private mutating func appendTooDeep(_ value: JSONValue) -> JSONValueProblem {
    append("null")
    return JSONValueProblem(.tooDeep(value))
  }

  private mutating func append(_ values: [JSONValue], _ maxDepth: Int, _ sortedKeys: Bool) -> JSONValueProblem? {
    var problem: JSONValueProblem?
    append(UInt8(ascii: "["))
    var index = 0
    for value in values {
      if index > 0 { append(UInt8(ascii: ",")) }
      if let found = append(value, maxDepth: maxDepth, sortedKeys: sortedKeys), problem == nil {
        problem = found.inside(JSONKey(index: index))
      }
      index &+= 1
    }
    append(UInt8(ascii: "]"))
    return problem
  }

  private mutating func append(_ object: JSONObject, _ maxDepth: Int, _ sortedKeys: Bool) -> JSONValueProblem? {
    var problem: JSONValueProblem?
    append(UInt8(ascii: "{"))
    var isFirst = true
    for (key, value) in sortedKeys ? object.sortedByKey : object {
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      append(quoting: key)
      append(UInt8(ascii: ":"))
      if let found = append(value, maxDepth: maxDepth, sortedKeys: sortedKeys), problem == nil {
        problem = found.inside(JSONKey(key))
      }
    }
    append(UInt8(ascii: "}"))
    return problem
  }
}
