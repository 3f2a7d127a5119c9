extension JSONBuffer {
  /// A value as compact JSON.
  ///
  /// - Returns: The first number met that is not finite; `null` was written in its place.
  mutating func append(_ value: JSONValue, sortedKeys: Bool = false) -> Double? {
    switch value {
    case .null: append("null")
    case .bool(let value): append(value)
    case .int(let value): append(value)
    case .uint(let value): append(value)
    case .double(let value):
      guard value.isFinite else {
        append("null")
        return value
      }
      append(value)
    case .string(let value): append(quoting: value)
    case .array(let values): return append(values, sortedKeys)
    case .object(let object): return append(object, sortedKeys)
    }
    return nil
  }

  private mutating func append(_ values: [JSONValue], _ sortedKeys: Bool) -> Double? {
    var unencodable: Double?
    append(UInt8(ascii: "["))
    var isFirst = true
    for value in values {
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      if let number = append(value, sortedKeys: sortedKeys) { unencodable = unencodable ?? number }
    }
    append(UInt8(ascii: "]"))
    return unencodable
  }

  private mutating func append(_ object: JSONObject, _ sortedKeys: Bool) -> Double? {
    var unencodable: Double?
    append(UInt8(ascii: "{"))
    var isFirst = true
    for (key, value) in sortedKeys ? object.sortedByKey : object {
      if !isFirst { append(UInt8(ascii: ",")) }
      isFirst = false
      append(quoting: key)
      append(UInt8(ascii: ":"))
      if let number = append(value, sortedKeys: sortedKeys) { unencodable = unencodable ?? number }
    }
    append(UInt8(ascii: "}"))
    return unencodable
  }
}
