import Foundation
import III
import Testing

/// Requests that h11, a library for Python, has read; `Scripts/proofs-http` makes the file.
///
/// A proxy in front of the engine may be stricter than the engine, or less strict. What must not happen is that both accept
/// a request and read different ones (request smuggling).
@Suite struct HTTPAgainstH11Tests {
  private static let file = ProcessInfo.processInfo.environment["III_HTTP_REQUESTS"]

  private struct Request: Decodable, Equatable {
    var method: String
    var target: String
    /// In hexadecimal.
    var body: String
  }

  private struct Case: Decodable {
    let bytes: String
    let requests: [Request]
    let refused: Bool
  }

  @Test("a request that both accept is read alike", .enabled(if: file != nil))
  func agrees() throws {
    let text = try String(contentsOfFile: Self.file ?? "", encoding: .utf8)
    var (alike, refusedHere, refusedThere) = (0, 0, 0)
    for line in text.split(separator: "\n") {
      let wanted = try JSONDecoder().decode(Case.self, from: Data(line.utf8))
      let own = Self.first(Self.bytes(wanted.bytes))
      switch (own, wanted.requests.first) {
      case (let own?, let other?):
        if own != other { Issue.record("\(wanted.bytes): h11 reads \(other), found \(own)") }
        alike += 1
      case (nil, _?): refusedHere += 1
      case (_?, nil): refusedThere += 1
      case (nil, nil): break
      }
    }
    print("alike: \(alike), accepted by h11 alone: \(refusedHere), accepted here alone: \(refusedThere)")
    #expect(alike > 1000)
  }

  /// The first whole request, as a server reads it.
  private static func first(_ bytes: [UInt8]) -> Request? {
    bytes.withView { view in
      var parser = HTTPHeadParser()
      guard case .complete(let head, let consumed) = parser.request(view),
        let framing = try? HTTPBodyReader.framing(of: head)
      else { return nil }
      var reader = HTTPBodyReader(framing)
      var rest = view.dropFirst(consumed)
      var body: [UInt8] = []
      while true {
        switch reader.next(&rest) {
        case .data(let part): body += part.array
        case .end:
          return Request(method: head.method, target: head.target, body: body.map { hex($0) }.joined())
        case .needMore, .malformed: return nil
        }
      }
    }
  }

  private static func hex(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 16)
    return digits.count == 1 ? "0" + digits : digits
  }

  private static func bytes(_ text: String) -> [UInt8] {
    stride(from: 0, to: text.utf8.count, by: 2).compactMap { offset in
      let start = text.index(text.startIndex, offsetBy: offset)
      return UInt8(text[start..<text.index(start, offsetBy: 2)], radix: 16)
    }
  }
}
