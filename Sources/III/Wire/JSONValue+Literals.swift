extension JSONValue: ExpressibleByNilLiteral {
  /// Creates `null`.
  public init(nilLiteral: ()) { self = .null }
}

extension JSONValue: ExpressibleByBooleanLiteral {
  /// Creates `true` or `false`.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension JSONValue: ExpressibleByIntegerLiteral {
  /// Creates an integer.
  public init(integerLiteral value: Int64) { self = .int(value) }
}

extension JSONValue: ExpressibleByFloatLiteral {
  /// Creates a number that keeps its fraction, such as `1.0`.
  public init(floatLiteral value: Double) { self = .double(value) }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  /// Creates a string.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension JSONValue: ExpressibleByArrayLiteral {
  /// Creates an array.
  public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
}

extension JSONValue: ExpressibleByDictionaryLiteral {
  /// Creates an object with these members in this order; of duplicates the last one counts.
  public init(dictionaryLiteral elements: (String, JSONValue)...) {
    var object = JSONObject()
    for (key, value) in elements { object.set(key, to: value) }
    self = .object(object)
  }
}

extension JSONValue {
  /// Creates `true` or `false`.
  public init(_ value: Bool) { self = .bool(value) }

  /// Creates a number from an integer. An integer outside the ranges of `Int64` and `UInt64` becomes the nearest double.
  public init(_ value: some BinaryInteger) {
    if let value = Int64(exactly: value) {
      self = .int(value)
    } else if let value = UInt64(exactly: value) {
      self = .uint(value)
    } else {
      self = .double(Double(value))
    }
  }

  /// Creates a number. Infinities and NaN cannot be encoded.
  public init(_ value: some BinaryFloatingPoint) { self = .double(Double(value)) }

  /// Creates a string.
  public init(_ value: some StringProtocol) { self = .string(String(value)) }

  /// Creates an array.
  public init(_ values: [JSONValue]) { self = .array(values) }

  /// Creates an object.
  public init(_ object: JSONObject) { self = .object(object) }

  /// The text of a string; nil for values of other kinds.
  public var stringValue: String? { if case .string(let value) = self { value } else { nil } }

  /// The number as an integer, also if it is written with a fraction of zero (`3`, `3.0`); nil if it is not integral or does not fit, and
  /// for values of other kinds.
  public var intValue: Int? {
    switch self {
    case .int(let value): Int(exactly: value)
    case .uint(let value): Int(exactly: value)
    case .double(let value): Int(exactly: value)
    default: nil
    }
  }

  /// The number as a double, the nearest one for large integers; nil for values of other kinds.
  public var doubleValue: Double? {
    switch self {
    case .int(let value): Double(value)
    case .uint(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  /// The value of a boolean; nil for values of other kinds.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// The elements of an array; nil for values of other kinds.
  public var arrayValue: [JSONValue]? { if case .array(let values) = self { values } else { nil } }

  /// The members of an object; nil for values of other kinds.
  public var objectValue: JSONObject? { if case .object(let object) = self { object } else { nil } }
}
