internal import III

/// Takes secrets out of JSON before it is shown, as the SDKs do with what they trace.
enum Redaction {
  static let mark: JSONValue = "[REDACTED]"

  private static let patterns =
    [
      "api_key", "apikey", "api-key", "password", "secret", "credential", "authorization", "auth_token", "access_token",
      "refresh_token", "bearer", "private_key", "client_secret",
    ].map { WildcardPattern("*\($0)*") } + ["token", "*_token", "*-token"].map { WildcardPattern($0) }

  /// Whether the value of a member with this name is a secret.
  static func isSensitive(_ key: String) -> Bool {
    let key = key.lowercased()
    return patterns.contains { $0.matches(key) }
  }

  /// The value without secrets.
  static func redacted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members):
      var result = JSONObject()
      for (key, value) in members { result[key] = .some(isSensitive(key) ? mark : redacted(value)) }
      return .object(result)
    case .array(let values): return .array(values.map(redacted))
    default: return value
    }
  }

  /// The value as JSON text without secrets, cut after `limit` characters.
  static func text(of value: JSONValue, limit: Int) -> String {
    let text = redacted(value).jsonString()
    return text.count > limit ? text.prefix(limit) + "…" : text
  }
}
