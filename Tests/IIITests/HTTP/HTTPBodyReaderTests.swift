import TestSupport
import Testing

@testable import III

@Suite struct HTTPBodyReaderTests {
  /// Reads `bytes` in pieces of `step`; returns the body and how it ended, with the number of bytes behind it.
  private func read(_ framing: HTTPBodyReader.Framing, _ text: String, step: Int = .max) -> String {
    var reader = HTTPBodyReader(framing)
    var body: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while true {
      let piece = Array(rest.prefix(step))
      rest = rest.dropFirst(piece.count)
      let outcome: String? = piece.withView { view in
        var view = view
        while true {
          switch reader.next(&view) {
          case .data(let data): body += data.array
          case .end: return "end \(view.count + rest.count)"
          case .needMore: return rest.isEmpty ? "more" : nil
          case .malformed(let problem): return problem
          }
        }
      }
      if let outcome { return "\(String(decoding: body, as: UTF8.self)) | \(outcome)" }
    }
  }

  @Test("a body with a length ends there", arguments: [1, 3, .max])
  func lengths(step: Int) {
    #expect(read(.length(3), "abcd", step: step) == "abc | end 1")
    #expect(read(.length(0), "GET", step: step) == " | end 3")
    #expect(read(.length(5), "abc", step: step) == "abc | more")
  }

  @Test("chunks are joined; extensions and trailers are ignored", arguments: [1, 2, 7, .max])
  func chunks(step: Int) {
    #expect(read(.chunked, "3\r\nabc\r\n0\r\n\r\nGET", step: step) == "abc | end 3")
    #expect(read(.chunked, "0003;x=\"y\"\r\nabc\r\nA ;z\r\n", step: step).hasSuffix("not a hexadecimal number"))
    #expect(
      read(.chunked, "a;x\r\n0123456789\r\n1\r\n!\r\n0;last\r\nX: y\r\nZ: w\r\n\r\n", step: step)
        == "0123456789! | end 0")
    #expect(read(.chunked, "3\r\nab", step: step) == "ab | more")
  }

  @Test(
    "framing that another program could read differently is refused",
    arguments: [
      ("\r\n", "without a size"), ("3\nabc", "hexadecimal"), ("3\r\nabcd", "longer than its size"),
      ("-1\r\n", "hexadecimal"),
      ("+3\r\nabc", "hexadecimal"), ("0x3\r\nabc", "hexadecimal"), ("3\r\nabc\n0\r\n", "longer"),
      ("3\rabc", "CR without LF"),
      ("1111111111111111\r\n", "hexadecimal"), ("0\r\nX: y\n", "control character"), ("0\r\n\rX", "CR without LF"),
    ])
  func refused(text: String, problem: String) {
    let outcome = read(.chunked, text)
    #expect(outcome.contains(problem), "\(outcome)")
  }

  @Test("endless extensions and trailers are refused")
  func floods() {
    let long = String(repeating: "x", count: 9_000)
    #expect(read(.chunked, "3;\(long)").contains("too long"))
    #expect(read(.chunked, "0\r\n\(long)").contains("too long"))
  }

  @Test("the headers decide the framing; what is ambiguous is refused")
  func framing() throws {
    func framing(_ headers: HTTPHeaders, _ version: HTTPVersion = .http11) throws -> HTTPBodyReader.Framing {
      try HTTPBodyReader.framing(of: HTTPRequestHead(target: "/", version: version, headers: headers))
    }
    #expect(try framing([:]) == .length(0))
    #expect(try framing(["Content-Length": "12"]) == .length(12))
    #expect(try framing(["transfer-encoding": "Chunked"]) == .chunked)
    let refused: [HTTPHeaders] = [
      ["content-length": "1", "transfer-encoding": "chunked"], ["content-length": "1", "Content-Length": "1"],
      ["content-length": "+1"], ["content-length": "1, 1"], ["content-length": ""], ["content-length": "1 "],
      ["content-length": "99999999999999999999"], ["transfer-encoding": "gzip, chunked"],
      ["transfer-encoding": "chunked", "Transfer-Encoding": "identity"], ["transfer-encoding": "xchunked"],
    ]
    for headers in refused { #expect(throws: HTTPHeadError.self, "\(headers)") { try framing(headers) } }
    #expect(throws: HTTPHeadError.self) { try framing(["transfer-encoding": "chunked"], .http10) }
  }
}
