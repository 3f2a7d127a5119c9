internal import III

/// What an auth function is called with: who connects, and what its request says.
struct AuthenticationInput {
  let headers: HTTPHeaders
  /// What follows the `?`, as it was sent.
  let query: String?
  let ipAddress: String

  /// Headers that are left out because their value is not visible ASCII.
  var omittedHeaders: [String] { headers.fields.filter { !Self.isVisible($0.value) }.map(\.name) }

  /// Names of headers in lower case, the last value of each; values of the query in order, nothing decoded.
  var json: JSONValue {
    [
      "headers": .object(headerValues), "query_params": .object(parameters), "ip_address": .string(ipAddress),
    ]
  }

  var headerValues: JSONObject {
    var values = JSONObject()
    for field in headers.fields where Self.isVisible(field.value) {
      values[Self.lowercased(field.name)] = .string(field.value)
    }
    return values
  }

  var parameters: JSONObject {
    var lists: [(name: Substring, values: [JSONValue])] = []
    // By bytes: `String` treats canonically equivalent names as equal.
    var places: [[UInt8]: Int] = [:]
    for item in (query ?? "").utf8.split(separator: UInt8(ascii: "&")) {
      let parts = item.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = parts.first, !name.isEmpty else { continue }
      let value = JSONValue.string(parts.count > 1 ? String(parts[1]) ?? "" : "")
      if let place = places[Array(name)] {
        lists[place].values.append(value)
      } else {
        places[Array(name)] = lists.count
        lists.append((Substring(name), [value]))
      }
    }
    return lists.reduce(into: JSONObject()) { $0[String($1.name)] = .array($1.values) }
  }

  private static func isVisible(_ value: String) -> Bool {
    value.utf8.allSatisfy { (0x20...0x7E).contains($0) || $0 == 0x09 }
  }

  private static func lowercased(_ name: String) -> String {
    String(decoding: name.utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }, as: UTF8.self)
  }
}
