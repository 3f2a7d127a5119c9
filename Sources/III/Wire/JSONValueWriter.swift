/// Writes values as compact JSON.
struct JSONValueWriter: ~Copyable {
  var buffer = JSONBuffer()
  var sortedKeys = false
  /// The first number met that is not finite; `null` was written in its place.
  private(set) var unencodable: Double?

  init(sortedKeys: Bool = false) { self.sortedKeys = sortedKeys }

  /// The JSON of a value.
  ///
  /// - Throws: `EncodingError` for infinities and NaN.
  static func bytes(of value: JSONValue) throws -> [UInt8] {
    var writer = JSONValueWriter()
    writer.write(value)
    if let number = writer.unencodable { throw notFinite(number, codingPath: []) }
    return writer.buffer.bytes()
  }

  static func notFinite(_ number: any FloatingPoint & Sendable, codingPath: [any CodingKey]) -> EncodingError {
    EncodingError.invalidValue(
      number, .init(codingPath: codingPath, debugDescription: "JSON has no infinities and no NaN"))
  }

  mutating func write(_ value: JSONValue) {
    switch value {
    case .null: buffer.append("null")
    case .bool(let value): buffer.append(value)
    case .int(let value): buffer.append(value)
    case .uint(let value): buffer.append(value)
    case .double(let value): write(value)
    case .string(let value): buffer.append(quoting: value)
    case .array(let values): write(values)
    case .object(let object): write(object)
    }
  }

  private mutating func write(_ number: Double) {
    if number.isFinite {
      buffer.append(number)
    } else {
      unencodable = unencodable ?? number
      buffer.append("null")
    }
  }

  private mutating func write(_ values: [JSONValue]) {
    buffer.append(UInt8(ascii: "["))
    var isFirst = true
    for value in values {
      if !isFirst { buffer.append(UInt8(ascii: ",")) }
      isFirst = false
      write(value)
    }
    buffer.append(UInt8(ascii: "]"))
  }

  private mutating func write(_ object: JSONObject) {
    buffer.append(UInt8(ascii: "{"))
    var isFirst = true
    if sortedKeys {
      let sorted = object.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      for (key, value) in sorted { write(key, value, &isFirst) }
    } else {
      for (key, value) in object { write(key, value, &isFirst) }
    }
    buffer.append(UInt8(ascii: "}"))
  }

  private mutating func write(_ key: String, _ value: JSONValue, _ isFirst: inout Bool) {
    if !isFirst { buffer.append(UInt8(ascii: ",")) }
    isFirst = false
    buffer.append(quoting: key)
    buffer.append(UInt8(ascii: ":"))
    write(value)
  }
}
