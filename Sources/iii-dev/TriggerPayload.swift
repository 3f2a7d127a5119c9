internal import III

/// The payload that `trigger` makes of its arguments; rules and texts of the real `iii trigger`.
enum TriggerPayload {
  /// - Parameters:
  ///   - pairs: `key=value` arguments: each value is JSON if it can be read as such, else a string.
  ///   - json: The value of `--json`; an object if there are pairs too, which go before its members.
  static func make(pairs: [String], json: String?) throws(Failure) -> JSONValue {
    let members = try pairs.map(member)
    guard let json else {
      return .object(merged([:], members))
    }
    let value: JSONValue
    do {
      value = try JSONValue(parsing: json)
    } catch {
      throw Failure(text: "--json: invalid JSON `\(json)`: \(reason(of: error))")
    }
    if members.isEmpty { return value }
    guard case .object(let object) = value else {
      throw Failure(text: "--json must be an object when combined with kv pairs")
    }
    return .object(merged(object, members))
  }

  private static func member(_ pair: String) throws(Failure) -> (key: String, value: JSONValue) {
    guard let separator = pair.utf8.firstIndex(of: UInt8(ascii: "=")) else {
      throw Failure(text: "expected key=value, got `\(pair)`")
    }
    guard separator != pair.startIndex else {
      throw Failure(text: "payload key must not be empty (got `\(pair)`)")
    }
    let text = String(pair[pair.utf8.index(after: separator)...])
    return (String(pair[..<separator]), (try? JSONValue(parsing: text)) ?? .string(text))
  }

  private static func merged(_ object: JSONObject, _ members: [(key: String, value: JSONValue)]) -> JSONObject {
    var object = object
    for member in members { object[member.key] = member.value }
    return object
  }

  private static func reason(of error: any Error) -> String {
    if case DecodingError.dataCorrupted(let context) = error { context.debugDescription } else { "\(error)" }
  }
}
