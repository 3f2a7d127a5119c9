internal import III

/// The head of an answer, as it is sent.
struct HTTPAnswerHead: ComposedText {
  let status: Int
  let headers: HTTPHeaders
  /// The value of `content-length`, where it is not among the headers.
  let length: Int?
  /// Lines.
  let cors: [UInt8]
  /// Whether the connection ends, and the headers do not say so.
  let closes: Bool
  /// A line.
  let date: [UInt8]

  func compose(into sink: inout some FrameSink) {
    sink.append("HTTP/1.1 ")
    sink.append(text: String(status))
    sink.append(" ")
    sink.append(HTTPResponse.reason(status))
    sink.append("\r\n")
    for field in headers.fields {
      sink.append(text: field.name)
      sink.append(": ")
      sink.append(text: field.value)
      sink.append("\r\n")
    }
    if let length {
      sink.append("content-length: ")
      sink.append(text: String(length))
      sink.append("\r\n")
    }
    sink.append(cors)
    if closes { sink.append("connection: close\r\n") }
    sink.append(date)
    sink.append("\r\n")
  }
}

extension FrameSink {
  fileprivate mutating func append(text: String) { ByteKey(text).withBytes { append($0) } }
}
