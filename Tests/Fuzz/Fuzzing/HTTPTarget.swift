import III
package import TestSupport

/// The reading of HTTP requests: heads and bodies, whole and in random pieces. What is read does not depend on where the
/// pieces end, and sound requests are found as they were sent.
package struct HTTPTarget {
  private struct Request: Equatable {
    var method: String
    var target: String
    var body: [UInt8]
  }

  /// What was read of a connection.
  private struct Reading: Equatable {
    var requests: [Request] = []
    /// Whether bytes came that are no request.
    var isRefused = false
  }

  private var random: SeededGenerator
  package private(set) var requests = 0
  /// Requests that were read, of connections with changed bytes too.
  package private(set) var found = 0

  package init(random: SeededGenerator) { self.random = random }

  /// One connection: sound requests, and in half of the cases some of their bytes changed.
  package mutating func runConnection() throws(FuzzFailure) {
    var bytes: [UInt8] = []
    var expected = Reading()
    for _ in 0..<(1 + random.below(5)) {
      let request = Request(
        method: random.pick(["GET", "POST", "PUT", "X-1"]),
        target: random.pick(["/", "/a/b?c=d&e", "/%20", "http://h/x"]), body: random.bytes(random.below(200)))
      bytes += written(request)
      expected.requests.append(request)
      requests += 1
    }
    let isChanged = random.oneIn(2)
    if isChanged { change(&bytes) }
    let whole = HTTPTarget.read(bytes[...], cutAt: [])
    let parts = HTTPTarget.read(bytes[...], cutAt: cuts(of: bytes.count))
    found += whole.requests.count
    guard whole == parts else {
      throw FuzzFailure("the pieces decide what is read of \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
    guard isChanged || whole == expected else {
      throw FuzzFailure("sound requests are not found: \(String(decoding: bytes, as: UTF8.self).debugDescription)")
    }
  }

  private mutating func written(_ request: Request) -> [UInt8] {
    let isChunked = random.oneIn(2)
    var head = "\(request.method) \(request.target) HTTP/1.1\r\nHost: h\r\n"
    for _ in 0..<random.below(3) { head += "X-\(random.below(9)): \(random.pick(["", "a", "b, c", "\"q\""]))\r\n" }
    guard isChunked else {
      if !request.body.isEmpty || random.oneIn(2) { head += "Content-Length: \(request.body.count)\r\n" }
      return Array("\(head)\r\n".utf8) + request.body
    }
    var bytes = Array("\(head)Transfer-Encoding: chunked\r\n\r\n".utf8)
    var rest = request.body[...]
    while !rest.isEmpty {
      let chunk = rest.prefix(1 + random.below(rest.count))
      rest = rest.dropFirst(chunk.count)
      let size = String(chunk.count, radix: 16, uppercase: random.oneIn(2))
      bytes += Array("\(size)\(random.pick(["", ";a=b", ";x"]))\r\n".utf8) + chunk + [13, 10]
    }
    return bytes + Array("0\r\n\(random.pick(["", "T: x\r\n"]))\r\n".utf8)
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    for _ in 0...random.below(3) {
      guard !bytes.isEmpty else { return }
      let place = random.below(bytes.count)
      switch random.below(5) {
      case 0: bytes[place] ^= 1 << UInt8(random.below(8))
      case 1: bytes.remove(at: place)
      case 2: bytes.insert(random.pick(Array("\r\n :;,\0\t0fg\u{7F}".utf8)), at: place)
      case 3:
        let line = random.pick([
          "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n",
          "Content-Length: +1\r\n", " folded\r\n", "A : b\r\n", "\r\n", "0\r\n\r\n",
        ])
        bytes.insert(contentsOf: Array(line.utf8), at: place)
      default: bytes.removeLast(bytes.count - place)
      }
    }
  }

  private mutating func cuts(of count: Int) -> [Int] {
    (0..<(1 + random.below(20))).map { _ in random.below(count + 1) }.sorted()
  }

  /// Reads as a server does, which keeps what it has not read for the next piece.
  private static func read(_ bytes: ArraySlice<UInt8>, cutAt cuts: [Int]) -> Reading {
    var reading = Reading()
    var parser = HTTPHeadParser()
    var framing: HTTPBodyReader?
    var start = bytes.startIndex
    for end in cuts + [bytes.endIndex] where end > start && !reading.isRefused {
      Array(bytes[start..<end]).withView { piece in
        var rest = piece
        while !reading.isRefused, framing != nil || !rest.isEmpty {
          if framing != nil {
            guard readBody(&rest, &framing, &reading) else { return }
          } else {
            switch parser.request(rest) {
            case .needMore: return
            case .malformed: reading.isRefused = true
            case .complete(let head, let consumed):
              rest = rest.dropFirst(consumed)
              reading.requests.append(Request(method: head.method, target: head.target, body: []))
              do throws(HTTPHeadError) {
                framing = HTTPBodyReader(try HTTPBodyReader.framing(of: head))
              } catch {
                reading.isRefused = true
              }
            }
          }
        }
      }
      start = end
    }
    // Whether the last request is whole is known from the next one.
    if framing != nil, !reading.requests.isEmpty { reading.requests[reading.requests.count - 1].method += " (begun)" }
    return reading
  }

  /// Returns whether the body has ended.
  private static func readBody(
    _ rest: inout ByteView, _ framing: inout HTTPBodyReader?, _ reading: inout Reading
  ) -> Bool {
    while let event = framing?.next(&rest) {
      switch event {
      case .data(let part): reading.requests[reading.requests.count - 1].body += part.array
      case .end:
        framing = nil
        return true
      case .needMore: return false
      case .malformed:
        reading.isRefused = true
        return false
      }
    }
    return false
  }
}
