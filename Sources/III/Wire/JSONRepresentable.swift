/// A type whose values are JSON values without the possibility of an error: booleans, numbers, strings, and optionals, arrays and
/// dictionaries of them.
///
/// ``JSONValue`` has an initializer for each, so that a literal can contain variables:
///
/// ```swift
/// let tags: [String]? = ["new", "vip"]
/// let payload: JSONValue = ["name": .init(name), "tags": .init(tags), "counts": .init(["a": 1, "b": 2])]
/// ```
///
/// Types of your own can conform. For `Encodable` types without a conformance there is ``JSONValue/init(encoding:)``.
public protocol JSONRepresentable {
  /// The value as JSON.
  var jsonValue: JSONValue { get }
}

extension JSONValue {
  /// Creates the value, or null for nil.
  public init(_ value: (some JSONRepresentable)?) { self = value.jsonValue }

  /// Creates an array.
  public init(_ values: [some JSONRepresentable]) { self = values.jsonValue }

  /// Creates an object, whose members are sorted by their keys.
  public init(_ members: [String: some JSONRepresentable]) { self = members.jsonValue }
}

extension JSONValue: JSONRepresentable {
  /// The value itself.
  public var jsonValue: JSONValue { self }
}

extension JSONObject: JSONRepresentable {
  /// The object as a value.
  public var jsonValue: JSONValue { .object(self) }
}

extension Bool: JSONRepresentable {
  /// `true` or `false`.
  public var jsonValue: JSONValue { .bool(self) }
}

extension BinaryInteger {
  /// A number; outside the ranges of `Int64` and `UInt64` the nearest double.
  public var jsonValue: JSONValue { JSONValue(self) }
}

extension BinaryFloatingPoint {
  /// A number. Infinities and NaN cannot be encoded.
  public var jsonValue: JSONValue { JSONValue(self) }
}

extension StringProtocol {
  /// A string.
  public var jsonValue: JSONValue { JSONValue(self) }
}

extension Int: JSONRepresentable {}
extension Int8: JSONRepresentable {}
extension Int16: JSONRepresentable {}
extension Int32: JSONRepresentable {}
extension Int64: JSONRepresentable {}
extension UInt: JSONRepresentable {}
extension UInt8: JSONRepresentable {}
extension UInt16: JSONRepresentable {}
extension UInt32: JSONRepresentable {}
extension UInt64: JSONRepresentable {}
extension Double: JSONRepresentable {}
extension Float: JSONRepresentable {}
extension String: JSONRepresentable {}
extension Substring: JSONRepresentable {}

extension Optional: JSONRepresentable where Wrapped: JSONRepresentable {
  /// The value, or null.
  public var jsonValue: JSONValue { self?.jsonValue ?? .null }
}

extension Array: JSONRepresentable where Element: JSONRepresentable {
  /// An array.
  public var jsonValue: JSONValue { .array(map(\.jsonValue)) }
}

extension Dictionary: JSONRepresentable where Key == String, Value: JSONRepresentable {
  /// An object, whose members are sorted by their keys.
  public var jsonValue: JSONValue {
    var object = JSONObject()
    for (key, value) in sorted(by: { $0.key < $1.key }) { object.set(key, to: value.jsonValue) }
    return .object(object)
  }
}
