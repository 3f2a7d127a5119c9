/// A plain recursive reader of JSON text.
struct JSONTextParser {
  let bytes: [UInt8]
  private var index = 0
  private var depth = 0

  /// How deeply arrays and objects may be nested; each level takes space on the stack.
  private static let maxDepth = 256

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws -> JSON {
    let value = try value()
    skipSpace()
    guard index == bytes.count else { throw unreadable }
    return value
  }

  private var unreadable: JSON.Unreadable { JSON.Unreadable(offset: index) }
  private var current: UInt8? { index < bytes.count ? bytes[index] : nil }

  private mutating func skipSpace() {
    while let byte = current, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 { index += 1 }
  }

  private mutating func take(_ byte: Character) -> Bool {
    guard current == byte.asciiValue else { return false }
    index += 1
    return true
  }

  private mutating func expect(_ text: String) throws {
    for character in text { guard take(character) else { throw unreadable } }
  }

  private mutating func value() throws -> JSON {
    skipSpace()
    depth += 1
    defer { depth -= 1 }
    guard depth <= JSONTextParser.maxDepth else { throw unreadable }
    switch current.map({ Character(UnicodeScalar($0)) }) {
    case "{": return try object()
    case "[": return try array()
    case "\"": return .string(try string())
    case "t":
      try expect("true")
      return .bool(true)
    case "f":
      try expect("false")
      return .bool(false)
    case "n":
      try expect("null")
      return .null
    default:
      let start = index
      while let byte = current, "+-.0123456789eE".utf8.contains(byte) { index += 1 }
      let spelling = String(decoding: bytes[start..<index], as: UTF8.self)
      guard Double(spelling) != nil else { throw unreadable }
      return .number(spelling)
    }
  }

  private mutating func array() throws -> JSON {
    try expect("[")
    var elements: [JSON] = []
    skipSpace()
    if take("]") { return .array([]) }
    repeat {
      elements.append(try value())
      skipSpace()
    } while take(",")
    try expect("]")
    return .array(elements)
  }

  private mutating func object() throws -> JSON {
    try expect("{")
    var members: [(key: String, value: JSON)] = []
    skipSpace()
    if take("}") { return .object([]) }
    repeat {
      skipSpace()
      let key = try string()
      skipSpace()
      try expect(":")
      let value = try value()
      members.removeAll { $0.key == key }
      members.append((key, value))
      skipSpace()
    } while take(",")
    try expect("}")
    return .object(members)
  }

  private mutating func string() throws -> String {
    try expect("\"")
    var units: [UInt8] = []
    while let byte = current, byte != UInt8(ascii: "\"") {
      index += 1
      guard byte == UInt8(ascii: "\\") else {
        units.append(byte)
        continue
      }
      guard let escape = current else { throw unreadable }
      index += 1
      switch Character(UnicodeScalar(escape)) {
      case "n": units.append(0x0a)
      case "r": units.append(0x0d)
      case "t": units.append(0x09)
      case "b": units.append(0x08)
      case "f": units.append(0x0c)
      case "u": units += Array(String(Character(try escapedScalar())).utf8)
      default: units.append(escape)
      }
    }
    try expect("\"")
    return String(decoding: units, as: UTF8.self)
  }

  private mutating func hexUnit() throws -> UInt32 {
    guard index + 4 <= bytes.count,
      let unit = UInt32(String(decoding: bytes[index..<(index + 4)], as: UTF8.self), radix: 16)
    else { throw unreadable }
    index += 4
    return unit
  }

  private mutating func escapedScalar() throws -> UnicodeScalar {
    var unit = try hexUnit()
    if (0xd800..<0xdc00).contains(unit) {
      try expect("\\u")
      let low = try hexUnit()
      guard (0xdc00..<0xe000).contains(low) else { throw unreadable }
      unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = UnicodeScalar(unit) else { throw unreadable }
    return scalar
  }
}
