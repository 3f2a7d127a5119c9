/// Takes secrets out of JSON before it is reported, by the names of its members.
package enum SecretFilter {
  static let placeholder: JSONValue = .string(Observability.redactedPlaceholder)

  private static let parts = [
    "api_key", "apikey", "api-key", "password", "secret", "credential", "authorization", "auth_token", "access_token",
    "refresh_token", "bearer", "private_key", "client_secret",
  ]

  /// Whether the value of a member with this name is a secret.
  static func isSensitive(_ name: String) -> Bool {
    let name = name.lowercased()
    return name == "token" || name.hasSuffix("_token") || name.hasSuffix("-token")
      || parts.contains { name.contains($0) }
  }

  /// The value without secrets.
  package static func redact(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members): .object(redact(members))
    case .array(let values): .array(values.map(redact))
    default: value
    }
  }

  static func redact(_ members: JSONObject) -> JSONObject {
    var redacted = JSONObject()
    for (name, value) in members { redacted.set(name, to: redact(value, of: name)) }
    return redacted
  }

  /// The value of a member or attribute with this name, without secrets.
  static func redact(_ value: JSONValue, of name: String) -> JSONValue {
    isSensitive(name) ? placeholder : redact(value)
  }

  /// What replaces the end of a text that is too long.
  private static let marker = Array(#"..."[TRUNCATED]""#.utf8)

  /// JSON text without secrets, of at most `limit` bytes.
  static func text(of value: JSONValue, limit: Int?) -> (json: String, truncated: Bool) {
    let json = redact(value).jsonString()
    guard let limit, limit > 0, json.utf8.count > limit else { return (json, false) }
    let bytes = Array(json.utf8)
    var end = max(0, limit - marker.count)
    while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }  // between two characters
    return (String(decoding: bytes[..<end] + marker.prefix(limit), as: UTF8.self), true)
  }

  /// The value of `III_TRACE_PAYLOAD_MAX_BYTES`; `nil` if payloads are not cut.
  static func limit(_ variable: String?) -> Int? { variable.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
}
