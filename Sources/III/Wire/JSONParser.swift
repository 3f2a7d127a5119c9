/// Builds values from JSON text, without recursion.
package enum JSONParser {
  /// The one value that `text` holds.
  package static func parse(_ text: ByteView) throws(JSONSyntaxError) -> JSONValue {
    var cursor = JSONCursor(text)
    var parents: [Container] = []
    var current: Container?
    while true {
      var value: JSONValue
      switch try cursor.first() {
      case UInt8(ascii: "{"):
        cursor.advance()
        if try cursor.peek() == UInt8(ascii: "}") {
          cursor.advance()
          value = .object(JSONObject())
        } else {
          try open(&cursor, &parents, &current)
          current?.key = try key(&cursor)
          current?.isObject = true
          continue
        }
      case UInt8(ascii: "["):
        cursor.advance()
        if try cursor.peek() == UInt8(ascii: "]") {
          cursor.advance()
          value = .array([])
        } else {
          try open(&cursor, &parents, &current)
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
      // A value is complete: it goes into its container, and every container that it completes into the next.
      while true {
        guard current != nil else {
          try cursor.finish()
          return value
        }
        current?.append(value)
        let byte = try cursor.peek()
        if byte == UInt8(ascii: ",") {
          cursor.advance()
          if current?.isObject == true { current?.key = try key(&cursor) }
          break
        }
        guard let done = current, byte == (done.isObject ? UInt8(ascii: "}") : UInt8(ascii: "]")) else {
          throw cursor.unexpected()
        }
        cursor.advance()
        value = done.isObject ? .object(done.object) : .array(done.values)
        current = parents.popLast()
      }
    }
  }

  /// The number at hand as the value that keeps it exactly, where one does.
  static func number(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> JSONValue {
    let number = try cursor.number()
    if let value = number.int64 { return .int(value) }
    if let value = number.uint64 { return .uint(value) }
    guard let value = number.double(in: cursor) else { throw JSONSyntaxError(.numberOutOfRange, at: number.start) }
    return .double(value)
  }

  private static func open(
    _ cursor: inout JSONCursor, _ parents: inout [Container], _ current: inout Container?
  ) throws(JSONSyntaxError) {
    if let outer = current.take() { parents.append(outer) }
    guard parents.count < JSONCursor.maxDepth else { throw JSONSyntaxError(.tooDeep, at: cursor.offset - 1) }
    current = Container()
  }

  private static func key(_ cursor: inout JSONCursor) throws(JSONSyntaxError) -> String {
    guard try cursor.peek() == UInt8(ascii: "\"") else { throw cursor.unexpected() }
    return cursor.text(of: try cursor.key())
  }

  /// An array or object whose end has not come.
  private struct Container {
    var isObject = false
    var key = ""
    var values: [JSONValue] = []
    var object = JSONObject()

    mutating func append(_ value: JSONValue) {
      if isObject {
        object.set(key, to: value)
      } else {
        values.append(value)
      }
    }
  }
}
