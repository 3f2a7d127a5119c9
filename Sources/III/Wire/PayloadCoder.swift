#if canImport(FoundationEssentials)
  private import FoundationEssentials
#else
  private import Foundation
#endif

/// Turns payloads into JSON and back: the one seam between Swift types and bytes.
///
/// What Swift types become is what Foundation's coder makes of them with ISO 8601 dates: data is base64, URLs are
/// strings, decimals numbers. Members keep the order in which they are encoded.
package enum PayloadCoder {
  /// The JSON of a value; fragments are allowed.
  ///
  /// - Throws: `EncodingError`, or what the value's `encode(to:)` throws.
  package static func encode<T: Encodable>(_ value: T) throws -> [UInt8] {
    if let value = identity(value, as: JSONValue.self) {
      var buffer = JSONBuffer()
      if let number = buffer.append(value) { throw JSONEncoding.notFinite(number, []) }
      return buffer.bytes()
    }
    let run = JSONEncoding()
    try run.encodeRoot(value)
    return try run.finish()
  }

  /// Decodes a value from JSON, which is checked in full.
  ///
  /// - Throws: `DecodingError`, or what the type's `init(from:)` throws.
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

  /// As above, from bytes of one's own.
  package static func decode<T: Decodable>(
    _ type: T.Type, from json: [UInt8], userInfo: [CodingUserInfoKey: any Sendable] = [:]
  ) throws -> T { try json.withView { try decode(type, from: $0, userInfo: userInfo) } }

  /// Decodes a value from a JSON value.
  static func decode<T: Decodable>(_ type: T.Type, from value: JSONValue) throws -> T {
    if type == JSONValue.self { return cast(value) }
    return try decode(type, from: encode(value))
  }

  /// The JSON value that a value encodes to.
  static func value<T: Encodable>(encoding value: T) throws -> JSONValue {
    if let value = identity(value, as: JSONValue.self) { return value }
    return try encode(value).withView { try parse($0) }
  }

  /// What an error says of itself: Foundation's `errorDescription` where it has one, else how it prints.
  static func text(of error: any Error) -> String {
    (error as? any LocalizedError)?.errorDescription ?? String(describing: error)
  }

  /// Parses a JSON text, with `DecodingError` where it is none.
  static func parse(_ json: ByteView) throws -> JSONValue {
    do {
      return try JSONParser.parse(json)
    } catch {
      throw corrupted(error)
    }
  }

  private static func corrupted(_ error: JSONSyntaxError) -> DecodingError {
    .dataCorrupted(.init(codingPath: [], debugDescription: error.description, underlyingError: error))
  }
}

// MARK: Types of Foundation

extension PayloadCoder {
  /// Writes a value whose own encoding is not what JSON is to hold; returns false for all others.
  static func encodeFoundation<T: Encodable>(
    _ value: T, into buffer: inout JSONBuffer, path: () -> [any CodingKey]
  ) throws -> Bool {
    if let value = identity(value, as: Date.self) {
      buffer.append(quoting: text(of: value))
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

  /// Decodes a value of such a type.
  static func decodeFoundation<T: Decodable>(_ type: T.Type, from decoder: JSONValueDecoder) throws -> T {
    if type == Date.self {
      guard let date = date(try decoder.string()) else { throw decoder.corrupted("a date that is not ISO 8601") }
      return cast(date)
    }
    if type == Data.self {
      guard let data = Data(base64Encoded: try decoder.string()) else {
        throw decoder.corrupted("data that is not base64")
      }
      return cast(data)
    }
    if type == URL.self {
      guard let url = URL(string: try decoder.string()) else { throw decoder.corrupted("a string that is no URL") }
      return cast(url)
    }
    guard let decimal = Decimal(string: try decoder.numberText()) else {
      throw decoder.corrupted("a number that does not fit Decimal")
    }
    return cast(decimal)
  }

  /// Whole seconds as Foundation writes them; others with milliseconds, which it would drop.
  private static func text(of date: Date) -> String {
    let seconds = date.timeIntervalSinceReferenceDate
    let milliseconds = (seconds - seconds.rounded(.down)) * 1000
    return milliseconds.rounded() >= 1 && milliseconds.rounded() < 1000
      ? date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      : Date(timeIntervalSinceReferenceDate: seconds.rounded()).formatted(.iso8601)
  }

  private static func date(_ text: String) -> Date? {
    (try? Date(text, strategy: .iso8601))
      ?? (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true)))
  }
}
