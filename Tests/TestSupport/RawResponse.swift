/// The answer to an HTTP request, as far as tests look at it.
package struct RawResponse: Sendable, Equatable, CustomStringConvertible {
  package var status: Int
  /// In the order of the answer, names in lower case.
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]

  /// The first header of that name, given in lower case.
  package func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  package var text: String { String(decoding: body, as: UTF8.self) }
  package var description: String { "\(status) \(headers.map { "\($0.name): \($0.value)" }) \(text)" }

  package static func == (a: RawResponse, b: RawResponse) -> Bool { a.description == b.description }

  /// The head at the start of `bytes` and where it ends, or nil while it is incomplete.
  static func parse(_ bytes: [UInt8]) throws -> (response: RawResponse, end: Int)? {
    guard let end = endOfHead(bytes) else { return nil }
    let lines = String(decoding: bytes[..<end], as: UTF8.self).split(separator: "\r\n")
    let parts = lines[0].split(separator: " ", maxSplits: 2)
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1]) else {
      throw RawError.notHTTP(String(lines[0]))
    }
    var response = RawResponse(status: status, headers: [], body: [])
    for line in lines.dropFirst() {
      let pair = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
      guard pair.count == 2 else { throw RawError.notHTTP(String(line)) }
      let value = pair[1].drop { $0 == " " }
      response.headers.append((pair[0].lowercased(), String(value)))
    }
    return (response, end)
  }

  private static func endOfHead(_ bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    for index in 0...(bytes.count - 4) where bytes[index] == 13 {
      if bytes[index + 1] == 10 && bytes[index + 2] == 13 && bytes[index + 3] == 10 { return index + 4 }
    }
    return nil
  }
}
