import III
import Testing

@testable import iii_dev

@Suite struct PrettyJSONTests {
  @Test(arguments: [
    ("10", "10"), ("\"a\\nb\"", "\"a\\nb\""), ("[]", "[]"), ("{}", "{}"), ("null", "null"), ("1.5", "1.5"),
    (#"{"old_value":null,"new_value":10}"#, "{\n  \"new_value\": 10,\n  \"old_value\": null\n}"),
    (
      #"[1,[2,{}],{"b":[],"a":"x"}]"#,
      "[\n  1,\n  [\n    2,\n    {}\n  ],\n  {\n    \"a\": \"x\",\n    \"b\": []\n  }\n]"
    ),
    (#"{"é":1,"z":2,"Z":3}"#, "{\n  \"Z\": 3,\n  \"z\": 2,\n  \"é\": 1\n}"),
  ])
  func texts(json: String, expected: String) throws {
    #expect(PrettyJSON.text(try JSONValue(parsing: json)) == expected)
  }

  /// A function's result must not control the terminal; the JSON value does not change.
  @Test func controlsAreEscaped() throws {
    let value: JSONValue = ["key\u{1B}[31m": "a\u{9B}b\u{202E}c\u{7F}"]
    let text = PrettyJSON.text(value)
    #expect(!text.unicodeScalars.contains { $0 != "\n" && PrintableText.isHarmful($0) })
    #expect(try JSONValue(parsing: text) == value)
  }
}
