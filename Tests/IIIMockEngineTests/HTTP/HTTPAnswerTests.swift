import III
import Testing

@testable import IIIMockEngine

/// What a handler's result means.
@Suite struct HTTPAnswerTests {
  private func answer(_ result: String) -> HTTPAnswer? {
    Array(result.utf8).withView { HTTPAnswer(ofResult: $0) }
  }

  @Test("a result without a content type is answered as JSON, compact, with the last of members that repeat")
  func asJSON() {
    for (result, body) in [
      (#"{"body":"hi"}"#, #""hi""#), (#"{"body":"a\u0041\/"}"#, #""aA/""#), (#""hi""#, "{}"), ("[1]", "{}"),
      ("{}", "{}"), (#"{"body":null}"#, "null"), (#"{"body":1,"body":"é"}"#, #""é""#),
      (#" { "body" : { "b" : 1.0 , "a" : [ 1, 2 ] } , "x" : "\"" } "#, #"{"b":1.0,"a":[1,2]}"#),
      (#"{"bod\u0079":true}"#, "true"), (#"{"headers":7,"body":"x"}"#, #""x""#),
    ] {
      let answer = answer(result)
      #expect(answer?.status == 200 && answer?.headers.fields.map(\.value) == ["application/json"], "\(result)")
      #expect(answer.map { String(decoding: $0.body, as: UTF8.self) } == body, "\(result)")
    }
  }

  @Test("with a content type a text is sent as it is, and null is an empty body")
  func typed() {
    for (body, sent) in [
      (#""hi""#, "hi"), (#""a\n\u00e9\"""#, "a\né\""), ("null", ""), ("[1, 2]", "[1,2]"), ("false", "false"),
    ] {
      let answer = answer(#"{"headers":{"Content-Type":"text/plain"},"body":\#(body)}"#)
      #expect(answer.map { String(decoding: $0.body, as: UTF8.self) } == sent, "\(body)")
      #expect(answer?.headers.fields.map(\.value) == ["text/plain"], "\(body)")
    }
  }

  @Test("a status that is no integer between 100 and 999 is 200")
  func statuses() {
    for (status, sent) in [
      ("201", 201), ("100", 100), ("999", 999), ("99", 200), ("1000", 200), ("201.0", 200), (#""201""#, 200),
      ("-1", 200),
      ("null", 200),
    ] {
      #expect(answer(#"{"status_code":\#(status)}"#)?.status == sent, "\(status)")
      #expect(answer(#"{"status_code":404,"status_code":\#(status)}"#)?.status == sent, "\(status)")
    }
  }

  @Test("null is no answer, and neither is a result with a number that cannot be represented")
  func noAnswer() {
    for result in ["null", " null ", #"{"body":1e999}"#, #"{"headers":[1e999]}"#] { #expect(answer(result) == nil) }
  }
}
