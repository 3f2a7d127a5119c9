import III

/// What a handler that streams is given: the channels of its request.
struct StreamedRequest: Decodable, Sendable {
  let body: ChannelReader
  let response: ChannelWriter

  private enum CodingKeys: String, CodingKey {
    case body = "request_body"
    case response
  }
}
