/// Builds values from JSON text, without recursion.
package enum JSONParser {
  /// The single value in `text`.
  package static func parse(_ text: ByteView) throws(JSONSyntaxError) -> JSONValue {
    var cursor = JSONCursor(text)
    // The values and keys of all open containers; those of the innermost one are last.
    var values: [JSONValue] = []
    var keys: [String] = []
    var open: [Open] = []
    while true {
      var value: JSONValue
      let first = try cursor.first()
      switch first {
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        let isObject = first == UInt8(ascii: "{")
        cursor.advance()
        if try cursor.peek() == (isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) {
          cursor.advance()
          value = isObject ? .object(JSONObject()) : .array([])
        } else {
          guard open.count < JSONCursor.maxDepth else { throw JSONSyntaxError(.tooDeep, at: cursor.offset - 1) }
          open.append(Open(isObject: isObject, values: values.count))
          if isObject { keys.append(try key(&cursor)) }
          continue
        }
      case UInt8(ascii: "\""): value = .string(cursor.text(of: try cursor.string()))
      case UInt8(ascii: "t"):
        try cursor.take("true")
        value = .bool(true)
      case UInt8(ascii: "f"):
        try cursor.take("false")
        value = .bool(false)
      case UInt8(ascii: "n"):
        try cursor.take("null")
        value = .null
      default: value = try number(&cursor)
      }
      // The value is complete: it is added to its container, and so is every container that becomes complete.
      while true {
        guard let container = open.last else {
          try cursor.finish()
          return value
        }
        values.append(value)
        let byte = try cursor.peek()
        if byte == UInt8(ascii: ",") {
          cursor.advance()
          if container.isObject { keys.append(try key(&cursor)) }
          break
        }
        guard byte == (container.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else { throw cursor.unexpected() }
        cursor.advance()
        open.removeLast()
        let count = values.count - container.values
        value =
          container.isObject
          ? .object(JSONObject(last: count, of: &keys, &values)) : .array(last(count, of: &values))
      }
    }
  }

  /// The current number as the value that represents it exactly, if there is one.
  static func number(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> JSONValue {
    let number = try cursor.number()
    if let value = number.int64 { return .int(value) }
    if let value = number.uint64 { return .uint(value) }
    guard let value = number.double(in: cursor) else { throw JSONSyntaxError(.numberOutOfRange, at: number.start) }
    return .double(value)
  }

  private static func key(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> String {
    guard try cursor.peek() == UInt8(ascii: "\"") else { throw cursor.unexpected() }
    return cursor.text(of: try cursor.key())
  }

  /// Removes and returns the last `count` values, moved from the end and not copied.
  private static func last(_ count: Int, of values: inout [JSONValue]) -> [JSONValue] {
    [JSONValue](unsafeUninitializedCapacity: count) { memory, initialized in
      for place in (0..<count).reversed() { memory.initializeElement(at: place, to: values.removeLast()) }
      initialized = count
    }
  }

  /// An array or object whose end has not come, and how many values there were before it.
  private struct Open {
    let isObject: Bool
    let values: Int
  }
}
