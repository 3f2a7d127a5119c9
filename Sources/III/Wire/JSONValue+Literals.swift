extension JSONValue: ExpressibleByNilLiteral {
  /// Makes `null`.
  public init(nilLiteral: ()) { self = .null }
}

extension JSONValue: ExpressibleByBooleanLiteral {
  /// Makes `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByIntegerLiteral {
  /// Makes an integer.
  public init(integerLiteral value: Int64) { self = .int(value) }
}

extension JSONValue: ExpressibleByFloatLiteral {
  /// Makes a number that keeps its fraction, as `1.0` does.
  public init(floatLiteral value: Double) { self = .double(value) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  /// Makes a string.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral {
  /// Makes an array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  /// Makes an object of these members in this order; of duplicates the last one counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object.set(key, to: value) }
    self = .object(object)
  }
}

extension JSONValue {
  /// Makes `true` or `false`.
  public init(_ value: Bool) { self = .bool(value) }

  /// Makes a number from an integer. One beyond the range of `Int64` and `UInt64` becomes the nearest double.
  public init(_ value: some BinaryInteger) {
    if let value = Int64(exactly: value) {
      self = .int(value)
    } else if let value = UInt64(exactly: value) {
      self = .uint(value)
    } else {
      self = .double(Double(value))
    }
  }

  /// Makes a number. Infinities and NaN cannot be encoded.
  public init(_ value: some BinaryFloatingPoint) { self = .double(Double(value)) }

  /// Makes a string.
  public init(_ value: some StringProtocol) { self = .string(String(value)) }

  /// Makes an array.
  public init(_ values: [JSONValue]) { self = .array(values) }

  /// Makes an object.
  public init(_ object: JSONObject) { self = .object(object) }

  /// The text of a string; nil for other kinds of value.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  /// The integer that a number is, whichever way it is written (`3`, `3.0`); nil if it has a fraction or does not fit,
  /// and for other kinds of value.
  public var intValue: Int? {
    switch self {
    case .int(let value): Int(exactly: value)
    case .uint(let value): Int(exactly: value)
    case .double(let value): Int(exactly: value)
    default: nil
    }
  }

  /// A number as a double, the nearest one for large integers; nil for other kinds of value.
  public var doubleValue: Double? {
    switch self {
    case .int(let value): Double(value)
    case .uint(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// Whether it is `true`; nil for other kinds of value than booleans.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of an array; nil for other kinds of value.
  public var arrayValue: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  /// The members of an object; nil for other kinds of value.
  public var objectValue: JSONObject? { if case .object(let object) = self { object } else { nil } }
}
