#if canImport(FoundationEssentials)
  private import FoundationEssentials
#else
  private import Foundation
#endif

/// Turns payloads into JSON and back: the one seam between Swift types and bytes.
package enum PayloadCoder {
  /// The JSON of a value; dates are ISO 8601, fragments are allowed.
  ///
  /// - Throws: `EncodingError`, or what the value's `encode(to:)` throws.
  package static func encode<T: Encodable>(_ value: T) throws -> [UInt8] {
    if let fast = try encodeKnown(value) { return fast }
    let encoder = JSONEncoder()
    encoder.dateEncodingStrategy = .iso8601
    encoder.outputFormatting = .withoutEscapingSlashes
    return [UInt8](try encoder.encode(value))
  }

  /// Decodes a value from JSON, which is checked in full.
  ///
  /// - Throws: `DecodingError`, or what the type's `init(from:)` throws.
  package static func decode<T: Decodable>(_ type: T.Type, from json: ByteView) throws -> T {
    if type == JSONValue.self, let value = try parse(json) as? T { return value }
    _ = try parse(json)
    let decoder = JSONDecoder()
    decoder.dateDecodingStrategy = .iso8601
    return try decoder.decode(type, from: Data(json.unsafeBytes))
  }

  /// As above, from bytes of one's own.
  package static func decode<T: Decodable>(_ type: T.Type, from json: [UInt8]) throws -> T {
    try json.withView { try decode(type, from: $0) }
  }

  /// Decodes a value from a JSON value.
  package static func decode<T: Decodable>(_ type: T.Type, from value: JSONValue) throws -> T {
    if type == JSONValue.self, let value = value as? T { return value }
    return try decode(type, from: JSONValueWriter.bytes(of: value))
  }

  /// The JSON value that a value encodes to.
  package static func value<T: Encodable>(encoding value: T) throws -> JSONValue {
    if let value = value as? JSONValue { return value }
    return try encode(value).withView { try parse($0) }
  }

  /// Parses a JSON text, with `DecodingError` where it is none.
  static func parse(_ json: ByteView) throws -> JSONValue {
    do {
      return try JSONParser.parse(json)
    } catch {
      throw DecodingError.dataCorrupted(
        .init(codingPath: [], debugDescription: error.description, underlyingError: error))
    }
  }

  /// The types that need no coder.
  private static func encodeKnown<T: Encodable>(_ value: T) throws -> [UInt8]? {
    switch value {
    case let value as JSONValue: return try JSONValueWriter.bytes(of: value)
    case let value as JSONObject: return try JSONValueWriter.bytes(of: .object(value))
    case let value as String: return JSONText.quoted(value)
    case let value as Int: return try JSONValueWriter.bytes(of: .int(Int64(value)))
    case let value as Bool: return try JSONValueWriter.bytes(of: .bool(value))
    default: return nil
    }
  }
}
