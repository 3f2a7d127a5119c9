import Foundation
import Testing

@testable import III

/// Valid and invalid JSON by RFC 8259; the names are those of JSONTestSuite.
@Suite struct JSONParserTests {
  private func parse(_ bytes: [UInt8]) throws -> JSONValue { try bytes.withView { try JSONParser.parse($0) } }

  /// Whether the text is accepted by the parser and by the decoder's check, which must agree.
  private func isAccepted(_ bytes: [UInt8]) -> Bool {
    let parsed = (try? parse(bytes)) != nil
    let checked = (try? bytes.withView { try JSONDocument($0) }) != nil
    #expect(parsed == checked, "\(String(decoding: bytes, as: UTF8.self))")
    return parsed
  }

  static let valid: [(String, String)] = [
    ("array_empty", "[]"), ("array_empty_string", #"[""]"#), ("array_ending_with_newline", "[\"a\"]\n"),
    ("array_false", "[false]"), ("array_heterogeneous", #"[null, 1, "1", {}]"#), ("array_null", "[null]"),
    ("array_with_leading_space", " [1]"), ("array_with_several_null", "[1,null,null,null,2]"),
    ("array_with_trailing_space", "[2] "), ("arrays_with_spaces", "[[]   ]"), ("number", "[123e65]"),
    ("number_0e+1", "[0e+1]"), ("number_0e1", "[0e1]"), ("number_after_space", "[ 4]"),
    ("number_close_to_zero", "[-0.000000000000000000000000000000000000000000000000000000000000000000000000000001]"),
    ("number_int_with_exp", "[20e1]"), ("number_minus_zero", "[-0]"), ("number_negative_int", "[-123]"),
    ("number_real_capital_e", "[1E22]"), ("number_real_capital_e_neg_exp", "[1E-2]"),
    ("number_real_capital_e_pos_exp", "[1E+2]"), ("number_real_exponent", "[123e45]"),
    ("number_real_fraction_exponent", "[123.456e78]"), ("number_real_underflow", "[123e-10000000]"),
    ("object", #"{"asd":"sdf", "dfg":"fgh"}"#), ("object_duplicated_key", #"{"a":"b","a":"c"}"#),
    ("object_empty", "{}"), ("object_empty_key", #"{"":0}"#), ("object_escaped_null_in_key", #"{"foo\u0000bar": 42}"#),
    ("object_with_newlines", "{\n\"a\": \"b\"\n}"), ("string_accepted_surrogate_pair", #"["\uD801\udc37"]"#),
    ("string_allowed_escapes", #"["\"\\\/\b\f\n\r\t"]"#), ("string_backslash_and_u_escaped_zero", #"["\\u0000"]"#),
    ("string_comments", #"["a/*b*/c/*d//e"]"#), ("string_nonCharacterInUTF-8", "[\"\u{FFFF}\"]"),
    ("string_null_escape", #"["\u0000"]"#), ("string_u+2028", "[\"\u{2028}\"]"),
    ("string_unescaped_del", "[\"\u{7f}\"]"),
    ("structure_lonely_false", "false"), ("structure_lonely_int", "42"),
    ("structure_lonely_negative_real", "-0.1"), ("structure_lonely_null", "null"),
    ("structure_lonely_string", #""asd""#),
    ("structure_whitespace_array", "\t\r\n [] \t\r\n"), ("string_starting_with_del", "\"\u{7f}a%\""),
  ]

  @Test(arguments: valid) func takes(name: String, text: String) { #expect(isAccepted(Array(text.utf8))) }

  static let invalid: [(String, String)] = [
    ("array_1_true_without_comma", "[1 true]"), ("array_colon_instead_of_comma", #"["": 1]"#),
    ("array_comma_after_close", #"[""],"#), ("array_comma_and_number", "[,1]"), ("array_double_comma", "[1,,2]"),
    ("array_extra_close", #"["x"]]"#), ("array_extra_comma", #"["",]"#), ("array_incomplete", #"["x""#),
    ("array_inner_array_no_comma", "[3[4]]"), ("array_just_comma", "[,]"), ("array_just_minus", "[-]"),
    ("array_missing_value", "[   , \"\"]"), ("array_star_inside", "[*]"), ("array_unclosed", "[\"\""),
    ("array_unclosed_with_new_lines", "[1,\n1\n,1"), ("array_unclosed_trailing_comma", "[1,"),
    ("incomplete_false", "[fals]"),
    ("incomplete_null", "[nul]"), ("incomplete_true", "[tru]"), ("literal_capital", "[True]"),
    ("literal_longer", "[nulll]"),
    ("number_++", "[++1234]"), ("number_+1", "[+1]"), ("number_-01", "[-01]"), ("number_-1.0.", "[-1.0.]"),
    ("number_-2.", "[-2.]"), ("number_-NaN", "[-NaN]"), ("number_.-1", "[.-1]"), ("number_.2e-3", "[.2e-3]"),
    ("number_0.1.2", "[0.1.2]"), ("number_0.3e+", "[0.3e+]"), ("number_0.3e", "[0.3e]"), ("number_0.e1", "[0.e1]"),
    ("number_0e", "[0e]"), ("number_0e+", "[0e+]"), ("number_1.0e-", "[1.0e-]"), ("number_1_000", "[1 000.0]"),
    ("number_1eE2", "[1eE2]"), ("number_2.e3", "[2.e3]"), ("number_9.e+", "[9.e+]"), ("number_Inf", "[Inf]"),
    ("number_NaN", "[NaN]"), ("number_expression", "[1+2]"), ("number_hex_1_digit", "[0x1]"),
    ("number_infinity", "[Infinity]"), ("number_minus_infinity", "[-Infinity]"), ("number_minus_space_1", "[- 1]"),
    ("number_neg_int_starting_with_zero", "[-012]"), ("number_neg_with_garbage", "[-1x]"),
    ("number_starting_with_dot", "[.123]"), ("number_with_alpha", "[1.2a-3]"), ("number_with_leading_zero", "[012]"),
    (
      "number_huge_exp",
      "[0.4e00669999999999999999999999999999999999999999999999999999999999999999999999999969999999006]"
    ),
    ("number_neg_huge", "[-1e400]"), ("number_400_digits", "[" + String(repeating: "9", count: 400) + "]"),
    ("number_beyond", "[1.7976931348623159e308]"),
    ("object_bad_value", #"["x", truth]"#), ("object_bracket_key", #"{[: "x"}"#),
    ("object_comma_instead_of_colon", #"{"x", null}"#),
    ("object_double_colon", #"{"x"::"b"}"#), ("object_garbage_at_end", #"{"a":"a" 123}"#),
    ("object_key_with_single_quotes", "{key: 'value'}"),
    ("object_missing_colon", #"{"a" b}"#), ("object_missing_key", #"{:"b"}"#),
    ("object_missing_semicolon", #"{"a" "b"}"#),
    ("object_missing_value", #"{"a":"#), ("object_no-colon", #"{"a""#), ("object_non_string_key", "{1:1}"),
    ("object_repeated_null_null", "{null:null,null:null}"), ("object_several_trailing_commas", #"{"id":0,,,,,}"#),
    ("object_single_quote", "{'a':0}"), ("object_trailing_comma", #"{"id":0,}"#),
    ("object_trailing_comment", #"{"a":"b"}/**/"#),
    ("object_two_commas_in_a_row", #"{"a":"b",,"c":"d"}"#), ("object_unquoted_key", #"{a: "b"}"#),
    ("object_with_single_string", #"{ "foo" : "bar", "a" }"#), ("object_with_trailing_garbage", ##"{"a":"b"}#"##),
    ("single_space", " "), ("string_1_surrogate_then_escape", #"["\uD800\"]"#),
    ("string_1_surrogate_u", #"["\uD800\u"]"#),
    ("string_1_surrogate_u1", #"["\uD800\u1"]"#), ("string_lone_surrogate", #"["\uDADA"]"#),
    ("string_lone_surrogate_second", #"["\udc00"]"#), ("string_surrogates_inverted", #"["\udc00\ud800"]"#),
    ("string_surrogate_then_text", #"["\ud800abcdef"]"#), ("string_surrogate_then_letter", #"["\ud83d\u0041"]"#),
    ("string_two_first_halves", #"["\uD800\uD800"]"#), ("object_lone_surrogate_in_key", #"{"\ud800":1}"#),
    ("string_accentuated_char_no_quotes", "[é]"),
    ("string_backslash_00", "[\"\\\u{0}\"]"), ("string_escape_x", #"["\x00"]"#),
    ("string_escaped_backslash_bad", #"["\\\"]"#),
    ("string_escaped_ctrl_char_tab", "[\"\\\t\"]"), ("string_incomplete_escape", #"["\"]"#),
    ("string_incomplete_escaped_character", #"["\u00A"]"#), ("string_invalid_backslash_esc", #"["\a"]"#),
    ("string_invalid_unicode_escape", #"["\uqqqq"]"#), ("string_leading_uescaped_thinspace", #"[\u0020"asd"]"#),
    ("string_no_quotes_with_bad_escape", #"[\n]"#), ("string_single_doublequote", "\""),
    ("string_single_quote", "['single quote']"),
    ("string_single_string_no_double_quotes", "abc"), ("string_start_escape_unclosed", #"["\"#),
    ("string_unescaped_ctrl_char", "[\"a\u{0}a\"]"), ("string_unescaped_newline", "[\"new\nline\"]"),
    ("string_unescaped_tab", "[\"\t\"]"), ("string_unicode_CapitalU", #""\UA66D""#),
    ("string_with_trailing_garbage", #""x"x"#),
    ("structure_angle_bracket", "<.>"), ("structure_array_trailing_garbage", "[1]x"),
    ("structure_array_with_extra_close", "[1]]"),
    ("structure_asterisk", "*"), ("structure_close_unopened_array", "1]"),
    ("structure_comma_instead_of_closing", #"{"x": true,"#),
    ("structure_double_array", "[][]"), ("structure_end_array", "]"), ("structure_no_data", ""),
    ("structure_null-byte", "[\u{0}]"),
    ("structure_object_close_array", "{\"a\":1]"), ("structure_array_close_object", "[1}"),
    ("structure_open_array", "["),
    ("structure_open_object", "{"), ("structure_open_object_comma", "{,"), ("structure_trailing_hash", #"{"a":1}#{}"#),
    ("structure_UTF8_BOM", "\u{FEFF}{}"), ("structure_whitespace_formfeed", "[\u{c}]"),
    ("structure_unicode_whitespace", "[\u{2060}]"),
    ("structure_nbsp", "[\u{a0}1]"), ("structure_two_values", "1 2"),
  ]

  @Test(arguments: invalid) func refuses(name: String, text: String) { #expect(!isAccepted(Array(text.utf8))) }

  @Test(
    arguments: [
      [0xE9], [0xFF], [0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC3], [0xE0, 0x80, 0xAF], [0xE0, 0x9F, 0xBF],
      [0xED, 0xA0, 0x80],
      [0xED, 0xBF, 0xBF], [0xE2, 0x82], [0xF0, 0x8F, 0xBF, 0xBF], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
      [0xF0, 0x9F, 0x98], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xC3, 0x28], [0xE2, 0x28, 0xA1], [0xF0, 0x28, 0x8C, 0xBC],
    ] as [[UInt8]])
  func refusesWhatIsNotUTF8(bytes: [UInt8]) {
    for padding in 0..<9 {
      let before = [UInt8](repeating: 0x78, count: padding)
      #expect(!isAccepted([0x22] + before + bytes + [0x22]))
      #expect(!isAccepted([0x22] + before + bytes + before + [0x22]))
      #expect(!isAccepted([0x22] + before + bytes))
    }
  }

  @Test(arguments: [
    ("", "no value at byte 0"), ("  ", "no value at byte 2"), ("[1,]", "unexpected character at byte 3"),
    ("[1", "the text ends inside a value at byte 2"), ("1 x", "text after the value at byte 2"),
    (#"["\q"]"#, "invalid escape in a string at byte 3"),
    (#"["a\ud800"]"#, "half of a surrogate pair in a string at byte 3"),
    ("\"a\u{1}\"", "unescaped control character in a string at byte 2"),
    ("[01]", "malformed number at byte 2"), ("-x", "malformed number at byte 1"), ("1.x", "malformed number at byte 2"),
    ("[7,1e400]", "number beyond the range of a double at byte 3"), ("[tru]", "unexpected character at byte 4"),
    ("tru", "the text ends inside a value at byte 3"), (#"{"a" 1}"#, "unexpected character at byte 5"),
  ])
  func saysWhere(text: String, message: String) {
    let error = #expect(throws: JSONSyntaxError.self) { try parse(Array(text.utf8)) }
    #expect(error?.description == message)
    do {
      _ = try JSONValue(parsing: text)
      Issue.record("\(text) was parsed")
    } catch DecodingError.dataCorrupted(let context) {
      #expect(context.debugDescription == message)
    } catch {
      Issue.record("\(error)")
    }
  }

  @Test func nestingHasALimit() throws {
    func nested(_ depth: Int, _ open: String, _ close: String) -> [UInt8] {
      Array((String(repeating: open, count: depth) + "1" + String(repeating: close, count: depth)).utf8)
    }
    #expect(isAccepted(nested(512, "[", "]")))
    #expect(!isAccepted(nested(513, "[", "]")))
    #expect(isAccepted(nested(512, "{\"a\":", "}")))
    #expect(!isAccepted(nested(513, "{\"a\":", "}")))
    #expect(!isAccepted(nested(100_000, "[", "]")))
    #expect(!isAccepted(Array(String(repeating: "[", count: 100_000).utf8)))
    #expect(!isAccepted(Array(String(repeating: "{\"a\":[", count: 50_000).utf8)))
    // The largest depth, in everything that traverses values.
    let deep = try parse(nested(512, "[", "]"))
    #expect(Array(deep.jsonString().utf8) == nested(512, "[", "]"))
    #expect(try deep.decoded(as: JSONValue.self) == deep)
    #expect(try PayloadCoder.decode([JSONValue].self, from: PayloadCoder.encode([deep[0]], maxDepth: 512)).count == 1)
    #expect(deep.hashValue == deep.hashValue)
    struct Node: Codable { var next: [Node]? }
    #expect(
      try PayloadCoder.decode(Node.self, from: nested(200, #"{"next":["#, "]}").filter { $0 != 0x31 }).next != nil)
  }

  @Test func escapesOfAllKinds() throws {
    let text = #""\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac\ud83d\ude00\u0000""#
    #expect(try parse(Array(text.utf8)) == .string("\"\\/\u{8}\u{c}\n\r\tAé€😀\0"))
    let keys = try parse(Array(#"{"\u0061":1,"\ud83d\ude00":2}"#.utf8))
    #expect(keys["a"] == 1)
    #expect(keys["😀"] == 2)
  }

  @Test func keysDifferByBytes() throws {
    let value = try parse(Array("{\"\u{e9}\":1,\"e\u{301}\":2,\"\u{e9}\":3}".utf8))
    #expect(value.jsonString() == "{\"\u{e9}\":3,\"e\u{301}\":2}")
    #expect(value["\u{e9}"] == 3)
    #expect(value["e\u{301}"] == 2)
  }
}
