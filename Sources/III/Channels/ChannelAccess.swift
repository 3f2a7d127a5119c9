internal import UV

/// How further connections of a worker are opened, for channels and telemetry: to its engine, with its headers and TLS, on its loop.
struct ChannelAccess: Sendable {
  let host: LoopHost
  let url: WebSocketURL
  let headers: [(key: String, value: String)]
  let tls: TLSSource?
  let handshakeTimeout: Duration
  /// Returns a new random number from -1...1 at each call.
  let random: @Sendable () -> Double
  let log: @Sendable (LogLevel, String) -> Void

  /// The key under which a worker's decoder has its `ChannelAccess`.
  static let key = CodingUserInfoKey(rawValue: "iii.channels")

  /// The `userInfo` of a worker's decoders.
  var decoding: [CodingUserInfoKey: any Sendable] { Self.key.map { [$0: self] } ?? [:] }

  init(_ settings: Connection.Configuration, on host: LoopHost) {
    self.host = host
    url = settings.url
    headers = settings.headers
    tls = settings.tls
    handshakeTimeout = settings.machine.keepAlive.handshakeTimeout
    random = settings.machine.random
    log = settings.log
  }

  /// The access for telemetry, which may go to another engine, with further headers.
  func telemetry(of address: String, _ options: InitOptions, _ environment: Environment) throws -> ChannelAccess {
    let otel = options.otel
    guard otel.engineURL != nil || !otel.headers.isEmpty else { return self }
    var other = InitOptions(
      keepAlive: options.keepAlive, headers: options.headers.merging(otel.headers) { $1 }, tls: options.tls)
    other.log = log
    return ChannelAccess(
      try ConnectionSettings(otel.engineURL ?? address, other, environment).configuration, on: host)
  }

  /// The access of an end that belongs to no worker.
  init(engineURL: String, headers: [String: String]) throws {
    self.init(
      try ConnectionSettings(engineURL, InitOptions(headers: headers), .current).configuration,
      on: try SharedLoop.host())
  }

  /// The URL for telemetry: the engine's, with `/otel` behind its path.
  var telemetryURL: WebSocketURL {
    var url = url
    while url.path.hasSuffix("/") { url.path.removeLast() }
    if !url.path.hasSuffix("/otel") { url.path += "/otel" }
    return url
  }

  /// The URL of an end. The query of the engine's URL comes first; the SDKs before 0.25 put the path behind it.
  func url(of ref: StreamChannelRef) -> WebSocketURL {
    var url = url
    let base = url.path.hasSuffix("/") ? String(url.path.dropLast()) : url.path
    url.path = "\(base)/ws/channels/\(Self.encoded(ref.channelID))"
    let query = "key=\(Self.encoded(ref.accessKey))&dir=\(ref.direction.rawValue)"
    url.query = url.query.map { $0.isEmpty ? query : "\($0)&\(query)" } ?? query
    return url
  }

  /// Percent-encodes everything but the unreserved characters (RFC 3986 §2.3).
  private static func encoded(_ text: String) -> String {
    let hex = Array("0123456789ABCDEF".utf8)
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"):
        bytes.append(byte)
      default: bytes += [UInt8(ascii: "%"), hex[Int(byte >> 4)], hex[Int(byte & 15)]]
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The ref and the access of an end that is decoded as part of a payload.
  static func decode(
    _ direction: StreamChannelRef.Direction, _ type: Any.Type, from decoder: any Decoder
  ) throws -> (ref: StreamChannelRef, access: ChannelAccess) {
    func corrupted(_ text: String) -> DecodingError {
      .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: text))
    }
    let ref = try StreamChannelRef(from: decoder)
    guard ref.direction == direction else { throw corrupted(IIIChannelError(.wrongDirection, ref).description) }
    guard let key, let access = decoder.userInfo[key] as? ChannelAccess else {
      throw corrupted(
        "a \(type) can be decoded from the payloads and results of a worker only: decode a StreamChannelRef, and create the \(type) with "
          + "the engine's URL")
    }
    return (ref, access)
  }

  /// The JSON Schema of a ref.
  static func schema(_ direction: StreamChannelRef.Direction) -> JSONValue {
    [
      "type": "object", "required": ["channel_id", "access_key", "direction"],
      "properties": [
        "channel_id": ["type": "string"], "access_key": ["type": "string"],
        "direction": ["const": .string(direction.rawValue)],
      ],
    ]
  }
}
