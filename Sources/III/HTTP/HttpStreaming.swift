internal import Synchronization

/// The payload of an `http` trigger with its two channels: what `http` takes apart.
public struct InternalHttpRequest: Sendable, Decodable, JSONSchemaProviding {
  /// The request without the bytes of its body.
  public let request: HttpRequest<JSONValue>
  /// The bytes of the body.
  public let requestBody: ChannelReader
  /// Takes the answer.
  public let response: ChannelWriter

  private enum CodingKeys: String, CodingKey {
    case response
    case requestBody = "request_body"
  }

  /// Decodes the payload.
  ///
  /// - Throws: `DecodingError` with any other decoder than a worker's, and for a payload without channels.
  public init(from decoder: any Decoder) throws {
    request = try HttpRequest(from: decoder)
    let container = try decoder.container(keyedBy: CodingKeys.self)
    requestBody = try container.decode(ChannelReader.self, forKey: .requestBody)
    response = try container.decode(ChannelWriter.self, forKey: .response)
  }

  /// The schema of the payload.
  public static var jsonSchema: JSONValue { HttpRequest<JSONValue>.jsonSchema }
}

/// A request whose body is read in parts.
public struct StreamRequest: Sendable {
  /// The request without the bytes of its body: method, path, parameters, headers, and the parsed body if it is JSON.
  public let head: HttpRequest<JSONValue>
  /// The bytes of the body. Read them before the first write of the answer: the engine removes the channel then, unless it is in use.
  public let requestBody: ChannelReader
}

/// The answer to a ``StreamRequest``, which is written in parts.
///
/// Status and headers are sent with the first part, and have no effect after it. All methods throw ``IIIChannelError``, for example if the
/// client has left, and `CancellationError`.
public struct StreamResponse: Sendable {
  /// The channel that takes the answer.
  public let writer: ChannelWriter
  private let progress = Progress()

  private final class Progress: Sendable {
    let hasBody = Atomic<Bool>(false)
  }

  init(_ writer: ChannelWriter) { self.writer = writer }

  /// Whether a part of the body was written.
  var hasBody: Bool { progress.hasBody.load(ordering: .acquiring) }

  /// Sets the status, 100 to 599; 200 by default.
  public func status(_ code: Int) async throws {
    try await send(["type": "set_status", "status_code": .init(code)])
  }

  /// Sets headers, in addition to those that were set before.
  public func headers(_ headers: [String: String]) async throws {
    try await send(["type": "set_headers", "headers": .init(headers)])
  }

  /// Writes a part of the body. It suspends while the client is slower.
  public func write<Bytes: Sequence & Sendable>(_ bytes: Bytes) async throws where Bytes.Element == UInt8 {
    progress.hasBody.store(true, ordering: .releasing)
    try await writer.write(bytes)
  }

  /// Writes a part of the body that is text.
  public func write(_ text: String) async throws { try await write(Array(text.utf8)) }

  /// Ends the answer; the end of the handler does that too.
  public func close() async throws { try await writer.close() }

  private func send(_ message: JSONValue) async throws { try await writer.sendMessage(message.jsonString()) }
}

/// Makes a handler for `http` triggers that reads the request's body and writes the answer in parts.
///
/// ```swift
/// try iii.registerFunction(
///   "files::upper",
///   handler: http { request, response in
///     try await response.headers(["content-type": "text/plain"])
///     for try await part in request.requestBody { try await response.write(part.map { $0 &- 32 }) }
///   })
/// ```
///
/// The answer ends with the handler. If the handler throws before the first part of the body, the client receives the status 500; after it,
/// the answer is cut off.
public func http(
  _ handler: @escaping @Sendable (StreamRequest, StreamResponse) async throws -> Void
) -> @Sendable (InternalHttpRequest) async throws -> HttpResponse<JSONValue>? {
  http { request, response -> HttpResponse<JSONValue>? in
    try await handler(request, response)
    return nil
  }
}

/// Makes a handler for `http` triggers that writes the answer in parts, or returns it.
///
/// If it returns an answer and has written no part of a body, that answer is sent, and a status and headers that were set are not.
@_disfavoredOverload
public func http(
  _ handler: @escaping @Sendable (StreamRequest, StreamResponse) async throws -> HttpResponse<JSONValue>?
) -> @Sendable (InternalHttpRequest) async throws -> HttpResponse<JSONValue>? {
  { input in
    let response = StreamResponse(input.response)
    let answer = try await handler(StreamRequest(head: input.request, requestBody: input.requestBody), response)
    // The end of the channel is an answer, so it must not be there before one that is returned.
    if answer == nil || response.hasBody { try await response.close() }
    return answer
  }
}
