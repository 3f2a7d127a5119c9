internal import III

/// Payloads in texts of the journal and its errors.
enum Redaction {
  /// The value as JSON text without secrets, cut after `limit` characters.
  static func text(of value: JSONValue, limit: Int) -> String {
    let text = SecretFilter.redact(value).jsonString()
    return text.count > limit ? text.prefix(limit) + "…" : text
  }
}
