#if canImport(FoundationEssentials)
  public import FoundationEssentials
#else
  public import Foundation
#endif

/// Converts payloads to JSON and back: the only place that converts between Swift types and bytes.
///
/// Swift types are encoded as by Foundation's coder with ISO 8601 dates: data as base64, URLs as strings, decimals as numbers. Members keep
/// the order in which they are encoded.
package enum PayloadCoder {
  /// The most arrays and objects that a payload may nest: engines read messages with a depth of 127, including the message itself, and drop
  /// all others silently.
  package static let messageMaxDepth = Envelope.engineMaxDepth - 1

  /// The JSON of a value; fragments are allowed.
  ///
  /// - Parameter maxDepth: How many arrays and objects may be nested; by default, as many as a message allows.
  /// - Throws: `EncodingError` with the coding path, or the error of the value's `encode(to:)`.
  package static func encode<T: Encodable>(_ value: T, maxDepth: Int = messageMaxDepth) throws -> [UInt8] {
    if let value = identity(value, as: JSONValue.self) {
      var buffer = JSONBuffer()
      if let problem = buffer.append(value, maxDepth: maxDepth) { throw problem.error([], maxDepth: maxDepth) }
      return buffer.bytes()
    }
    let run = JSONEncoding(maxDepth: maxDepth)
    try run.encodeRoot(value)
    return try run.finish()
  }

  /// Decodes a value from JSON, which is validated first.
  ///
  /// - Throws: `DecodingError`, or the error of the type's `init(from:)`.
  package static func decode<T: Decodable>(
    _ type: T.Type, from json: ByteView, userInfo: [CodingUserInfoKey: any Sendable] = [:]
  ) throws -> T {
    do {
      if type == JSONValue.self { return cast(try JSONParser.parse(json)) }
      return try JSONValueDecoder(document: JSONDocument(json, userInfo: userInfo), index: 0).decode(type)
    } catch let error as JSONSyntaxError {
      throw corrupted(error)
    }
  }

  /// As above, from an array.
  package static func decode<T: Decodable>(
    _ type: T.Type, from json: [UInt8], userInfo: [CodingUserInfoKey: any Sendable] = [:]
  ) throws -> T { try json.withView { try decode(type, from: $0, userInfo: userInfo) } }

  /// Decodes a value from a JSON value.
  static func decode<T: Decodable>(_ type: T.Type, from value: JSONValue) throws -> T {
    if type == JSONValue.self { return cast(value) }
    return try decode(type, from: encode(value, maxDepth: JSONCursor.maxDepth))
  }

  /// The JSON value that a value encodes to.
  static func value<T: Encodable>(encoding value: T) throws -> JSONValue {
    if let value = identity(value, as: JSONValue.self) { return value }
    return try encode(value, maxDepth: JSONCursor.maxDepth).withView { try parse($0) }
  }

  /// The text of an error: Foundation's `errorDescription` if it has one, else its description.
  static func text(of error: any Error) -> String {
    (error as? any LocalizedError)?.errorDescription ?? String(describing: error)
  }

  /// Parses a JSON text; throws `DecodingError` if it is not valid.
  static func parse(_ json: ByteView) throws -> JSONValue {
    do {
      return try JSONParser.parse(json)
    } catch {
      throw corrupted(error)
    }
  }

  static func corrupted(_ error: JSONSyntaxError) -> DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: error.description, underlyingError: error))
  }
}

// MARK: Foundation types

extension PayloadCoder {
  /// Encodes a value whose own encoding is not the JSON that we use; returns false for all other values.
  static func encodeFoundation<T: Encodable>(
    _ value: T, into buffer: inout JSONBuffer, path: () -> [any CodingKey]
  ) throws -> Bool {
    if let value = identity(value, as: Date.self) {
      // Foundation cannot print some of these dates, so the error contains the number.
      let seconds = value.timeIntervalSinceReferenceDate
      guard let text = DateText.text(of: seconds) else {
        throw EncodingError.invalidValue(
          seconds, .init(codingPath: path(), debugDescription: "the date is outside the range of ISO 8601"))
      }
      buffer.append(quoting: text)
    } else if let value = identity(value, as: Data.self) {
      buffer.append(quoting: value.base64EncodedString())
    } else if let value = identity(value, as: URL.self) {
      buffer.append(quoting: value.absoluteString)
    } else if let value = identity(value, as: Decimal.self) {
      guard value.isFinite else {
        throw EncodingError.invalidValue(
          value, .init(codingPath: path(), debugDescription: "JSON has no infinities and no NaN"))
      }
      buffer.append(literal: value.description)
    } else {
      return false
    }
    return true
  }

  /// Whether `decodeFoundation` is needed for a type.
  static func isFoundation(_ type: Any.Type) -> Bool {
    type == Date.self || type == Data.self || type == URL.self || type == Decimal.self
  }

  /// The JSON Schema of a type whose JSON does not follow from its members, with some value of the type.
  static func schema<T>(of type: T.Type) -> (JSONObject, T?)? {
    if type == Date.self { return (["type": "string", "format": "date-time"], Date(timeIntervalSince1970: 0) as? T) }
    if type == UUID.self { return (["type": "string", "format": "uuid"], UUID() as? T) }
    if type == URL.self { return (["type": "string", "format": "uri-reference"], URL(string: "/") as? T) }
    if type == Data.self { return (["type": "string", "contentEncoding": "base64"], Data() as? T) }
    if type == Decimal.self { return (["type": "number"], Decimal(0) as? T) }
    return nil
  }

  /// Decodes a value of a type for which `isFoundation` is true.
  static func decodeFoundation<T: Decodable>(_ type: T.Type, from decoder: JSONValueDecoder) throws -> T {
    if type == Date.self {
      guard let seconds = try decoder.withString(DateText.seconds) else {
        throw decoder.corrupted("a date that is not ISO 8601")
      }
      return cast(Date(timeIntervalSinceReferenceDate: seconds))
    }
    if type == Data.self {
      guard let data = Data(base64Encoded: try decoder.string()) else {
        throw decoder.corrupted("data that is not base64")
      }
      return cast(data)
    }
    if type == URL.self {
      guard let url = URL(string: try decoder.string()) else { throw decoder.corrupted("a string that is not a URL") }
      return cast(url)
    }
    guard let decimal = Decimal(string: try decoder.numberText()) else {
      throw decoder.corrupted("a number that does not fit Decimal")
    }
    return cast(decimal)
  }
}

// The only file that may import Foundation: `localizedDescription` of the SDK's errors is their `description`.

extension IIIInvocationError: LocalizedError {
  /// The same text as `description`.
  public var errorDescription: String? { description }
}

extension IIIConnectionError: LocalizedError {
  /// The same text as `description`.
  public var errorDescription: String? { description }
}

extension IIIRegistrationError: LocalizedError {
  /// The same text as `description`.
  public var errorDescription: String? { description }
}

extension RegistrationRejectedError: LocalizedError {
  /// The same text as `description`.
  public var errorDescription: String? { description }
}
