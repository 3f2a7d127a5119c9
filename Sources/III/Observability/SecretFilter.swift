/// Takes secrets out of JSON before it is reported, by the names of its members.
package enum SecretFilter {
  static let placeholder: JSONValue = .string(Observability.redactedPlaceholder)

  private static let parts: [StaticString] = [
    "api_key", "apikey", "api-key", "password", "secret", "credential", "authorization", "auth_token", "access_token",
    "refresh_token", "bearer", "private_key", "client_secret",
  ]

  /// Whether the value of a member with this name is a secret.
  ///
  /// The standard library's search in strings prepares a table for each part: it took most of the time of a call that is traced.
  static func isSensitive(_ name: String) -> Bool {
    name.lowercased().withView { isSensitive(lowercased: $0) }
  }

  private static func isSensitive(bytes name: ByteView) -> Bool {
    let isLowercase = name.unsafeBytes.allSatisfy { $0 < 0x80 && ($0 < UInt8(ascii: "A") || $0 > UInt8(ascii: "Z")) }
    return isLowercase ? isSensitive(lowercased: name) : isSensitive(name.string)
  }

  private static func isSensitive(lowercased name: ByteView) -> Bool {
    if name == "token" || name.hasSuffix("_token") || name.hasSuffix("-token") { return true }
    for start in 0..<name.count where firstLetters & bit(of: name[start]) != 0 {
      let rest = name.dropFirst(start)
      for part in parts where rest.hasPrefix(part) { return true }
    }
    return false
  }

  /// A bit for each letter with which one of the parts begins: most letters of a name are passed over.
  private static let firstLetters = parts.reduce(UInt32(0)) { $0 | bit(of: ByteView($1)[0]) }

  private static func bit(of letter: UInt8) -> UInt32 { 1 << UInt32(letter & 31) }

  /// The value without secrets.
  package static func redact(_ value: JSONValue) -> JSONValue {
    hasSecrets(value) ? redacted(value) : value
  }

  static func redact(_ members: JSONObject) -> JSONObject { hasSecrets(members) ? redacted(members) : members }

  /// Most values have none, and finding that out is cheaper than making a copy.
  private static func hasSecrets(_ value: JSONValue) -> Bool {
    switch value {
    case .object(let members): hasSecrets(members)
    case .array(let values): values.contains(where: hasSecrets)
    default: false
    }
  }

  private static func hasSecrets(_ members: JSONObject) -> Bool {
    members.contains { isSensitive($0.key) || hasSecrets($0.value) }
  }

  private static func redacted(_ value: JSONValue) -> JSONValue {
    switch value {
    case .object(let members): .object(redacted(members))
    case .array(let values): .array(values.map(redacted))
    default: value
    }
  }

  private static func redacted(_ members: JSONObject) -> JSONObject {
    var redacted = JSONObject()
    for (name, value) in members { redacted.set(name, to: isSensitive(name) ? placeholder : self.redacted(value)) }
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
    cut(redact(value).jsonString(), limit)
  }

  /// As above, of a value that is JSON already. It is read as a tree only where something about it changes.
  static func text(ofJSON json: [UInt8], limit: Int?) -> (json: String, truncated: Bool) {
    json.withView { json in
      if let document = try? JSONDocument(json), document.isPrintedAsItIs(unless: isSensitive(bytes:)) {
        return cut(json.string, limit)
      }
      return text(of: (try? PayloadCoder.parse(json)) ?? .string("not valid JSON"), limit: limit)
    }
  }

  private static func cut(_ json: String, _ limit: Int?) -> (json: String, truncated: Bool) {
    guard let limit, limit > 0, json.utf8.count > limit else { return (json, false) }
    let bytes = Array(json.utf8)
    var end = max(0, limit - marker.count)
    while end > 0, bytes[end] & 0xC0 == 0x80 { end -= 1 }  // between two characters
    return (String(decoding: bytes[..<end] + marker.prefix(limit), as: UTF8.self), true)
  }

  /// The value of `III_TRACE_PAYLOAD_MAX_BYTES`; `nil` if payloads are not cut.
  static func limit(_ variable: String?) -> Int? { variable.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
}

extension ByteView {
  fileprivate func hasPrefix(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount && prefix(text.utf8CodeUnitCount) == text
  }

  fileprivate func hasSuffix(_ text: StaticString) -> Bool {
    count >= text.utf8CodeUnitCount && dropFirst(count - text.utf8CodeUnitCount) == text
  }
}
