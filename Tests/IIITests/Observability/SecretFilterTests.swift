import Testing

@testable import III

@Suite("Secrets in what is reported")
struct SecretFilterTests {
  @Test("names say what is a secret")
  func names() {
    let value: JSONValue = [
      "token": 1, "my_token": 2, "tokens": 3, "API_KEY": 4, "x": ["clientSecret": 5, "list": [["password": "p"], 7]],
      "refresh-token": 8, "Authorization": "Bearer abc", "note": "password=x",
    ]
    let mark: JSONValue = "[REDACTED]"
    #expect(
      Observability.redact(value) == [
        "token": mark, "my_token": mark, "tokens": 3, "API_KEY": mark,
        "x": ["clientSecret": mark, "list": [["password": mark], 7]], "refresh-token": mark, "Authorization": mark,
        "note": "password=x",
      ])
  }

  @Test(
    "each part of a name that says so is found, wherever it is",
    arguments: [
      "api_key", "apikey", "api-key", "password", "secret", "credential", "authorization", "auth_token",
      "access_token", "refresh_token", "bearer", "private_key", "client_secret",
    ])
  func part(part: String) {
    for name in [part, "x\(part)", "\(part)x", "My-\(part.uppercased())-2", "\u{e9}\(part)"] {
      #expect(SecretFilter.isSensitive(name), "\(name)")
    }
    #expect(!SecretFilter.isSensitive(String(part.dropLast())))
  }

  @Test(
    "letters that have a lower case outside ASCII are compared in that", arguments: ["to\u{212A}en", "my_TO\u{212A}EN"])
  func foreignCase(name: String) { #expect(SecretFilter.isSensitive(name)) }

  @Test(
    "JSON that changes nothing is reported as it is, and all other as its value is printed",
    arguments: [
      (#"{"a":[1,-20,true,false,null,"é"],"b":{},"c":[],"d":{"e":"f"}}"#, true), ("7", true), (#""x""#, true),
      ("{}", true),
      (#"{"a" :1}"#, false), ("[1, 2]", false), (" 7", false), ("-0", false), ("1.50", false), ("1e2", false),
      ("1.0", false),
      ("1234567890123456789", false), (#"{"a":"\u0041"}"#, false), (#"{"a":1,"a":2}"#, false),
      (#"{"\u0061":1}"#, false),
      (#"{"Password":"x"}"#, false), (#"{"a":[{"to\u212Aen":1}]}"#, false), (#"{"a":[{"to\#u{212A}en":1}]}"#, false),
      (#"{"a":{"my_token":{"b":1}}}"#, false), ("[1", false), ("", false),
    ])
  func asItIs(json: String, isKept: Bool) throws {
    let expected = (try? JSONValue(parsing: json)).map { Observability.redact($0).jsonString() }
    #expect(SecretFilter.text(ofJSON: Array(json.utf8), limit: nil).json == expected ?? #""not valid JSON""#)
    let document = json.withView { try? JSONDocument($0) }
    #expect(document?.isPrintedAsItIs { SecretFilter.isSensitive($0.string) } ?? false == isKept)
    let long = SecretFilter.text(ofJSON: Array(#"{"a":"\#(String(repeating: "é", count: 40))"}"#.utf8), limit: 30)
    #expect(long.truncated && long.json.utf8.count <= 30)
  }

  @Test("a long text is cut between two characters, and ends with a mark")
  func cut() {
    let value: JSONValue = .string(String(repeating: "a", count: 38))
    #expect(Observability.redactAndTruncate(value, maxBytes: 20) == (#""aaa..."[TRUNCATED]""#, true))
    #expect(Observability.redactAndTruncate(value, maxBytes: 10) == (#"..."[TRUNC"#, true))
    #expect(Observability.redactAndTruncate(value, maxBytes: 40).truncated == false)
    #expect(Observability.redactAndTruncate(value, maxBytes: 0).truncated == false)
    #expect(
      Observability.redactAndTruncate(.string("ééééééééééé"), maxBytes: 20) == (#""é..."[TRUNCATED]""#, true))
  }

  @Test(
    "the variable for the limit is a positive number, or there is none",
    arguments: [("20", 20), ("", nil), ("0", nil), ("-1", nil), ("unlimited", nil), ("1.5", nil)] as [(String, Int?)])
  func variable(text: String, limit: Int?) {
    #expect(SecretFilter.limit(text) == limit)
  }
}
