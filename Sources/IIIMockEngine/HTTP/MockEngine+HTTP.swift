public import III
internal import UV

extension MockEngine {
  /// A port of an engine.
  public enum Port: Sendable, CaseIterable {
    /// For workers: the first listener.
    case worker
    /// For triggers of type `http`.
    case http
    /// For stream sockets.
    case streams
  }

  /// The URL of a port: `ws://127.0.0.1:49134`, `http://127.0.0.1:3111` or `ws://127.0.0.1:3112`; `nil` where the engine does
  /// not have the built-in worker of the port.
  ///
  /// ```swift
  /// try worker.registerTrigger(HttpTriggerConfig(apiPath: "/greet/:name"), functionID: "hello::greet")
  /// let address = try #require(await engine.url(.http))  // curl "$address/greet/Ada"
  /// ```
  public func url(_ port: Port) async -> String? {
    switch port {
    case .worker: url
    case .http: await core.withBuiltIn(HTTPWorker.self) { $0.url } ?? nil
    case .streams: await core.withBuiltIn(StreamWorker.self) { $0.url } ?? nil
    }
  }

  /// The URL at which triggers of type `http` are served, as `http://127.0.0.1:3111`; `nil` without `iii-http`. The same
  /// as `url(.http)`.
  public var httpURL: String? { get async { await url(.http) } }

  /// The routes of `iii-http`, which can be requested without a socket. Needs ``BuiltIn/http``.
  ///
  /// ```swift
  /// let response = try await engine.http.request(.get, "/orders/1")
  /// #expect(response.status == 200)
  /// #expect(response.json == ["id": "1"])
  /// ```
  public var http: HTTPControls { HTTPControls(engine: self) }

  /// Makes requests to the routes of `iii-http` without a socket. They go the way of a request from outside: routes,
  /// middleware, conditions, channels, time-outs by the engine's clock, and CORS.
  public struct HTTPControls: Sendable {
    let engine: MockEngine

    /// What a request was answered.
    public struct Response: Sendable {
      /// The status, as 200.
      public let status: Int
      /// The headers in their order; names are in lower case unless the handler has written them otherwise.
      public let headers: [(name: String, value: String)]
      /// The whole body, also if it came in pieces.
      public internal(set) var body: [UInt8]

      /// The first value of a header; the case of its name does not count.
      public func header(_ name: String) -> String? {
        headers.first { $0.name.equalsIgnoringASCIICase(name) }?.value
      }

      /// The body as text.
      public var text: String { String(decoding: body, as: UTF8.self) }

      /// The body as JSON; `nil` if the content type is another one, or the body is not valid JSON.
      public var json: JSONValue? {
        guard header("content-type")?.contains("json") == true else { return nil }
        return try? JSONValue(parsing: text)
      }

      /// Decodes the body, which is JSON.
      ///
      /// - Throws: `DecodingError`.
      public func decode<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
        try PayloadCoder.decode(type, from: body)
      }
    }

    /// Requests a path, and returns when the whole answer is there.
    ///
    /// - Parameters:
    ///   - method: The method.
    ///   - path: The path, with a query or not, as it would be sent: `/orders/1?full=true`.
    ///   - headers: Headers of the request; a name may occur twice. `Host` and `Content-Length` are added.
    ///   - body: The body; empty by default.
    /// - Throws: ``MockEngineError/invalidRequest(_:)`` for a path or a header that cannot be sent,
    ///   ``MockEngineError/builtInIsOff(_:)``, ``MockEngineError/stopped``, `CancellationError`.
    public func request(
      _ method: HttpTriggerConfig.Method = .get, _ path: String, headers: KeyValuePairs<String, String> = [:],
      body: [UInt8] = []
    ) async throws -> Response {
      try await request(method, path, headers, body.isEmpty ? nil : body, type: nil)
    }

    /// Requests a path with a body of JSON; the content type is `application/json` unless a header says another one.
    ///
    /// - Throws: As `request(_:_:headers:body:)`.
    public func request(
      _ method: HttpTriggerConfig.Method, _ path: String, headers: KeyValuePairs<String, String> = [:], json: JSONValue
    ) async throws -> Response {
      try await request(method, path, headers, json.jsonBytes, type: "application/json")
    }

    /// Requests a path with a value as JSON; the content type is `application/json` unless a header says another one.
    ///
    /// - Throws: As `request(_:_:headers:body:)`, and `EncodingError` if the value cannot be encoded.
    @_disfavoredOverload
    public func request(
      _ method: HttpTriggerConfig.Method, _ path: String, headers: KeyValuePairs<String, String> = [:],
      json: some Encodable & Sendable
    ) async throws -> Response {
      try await request(method, path, headers, try PayloadCoder.encode(json), type: "application/json")
    }

    private func request(
      _ method: HttpTriggerConfig.Method, _ path: String, _ headers: KeyValuePairs<String, String>, _ body: [UInt8]?,
      type: String?
    ) async throws -> Response {
      let fields = headers.map { (name: $0.key, value: $0.value) }
      let head = try HTTPControl.head(method.rawValue, path, fields, length: body?.count, type: type)
      return try await engine.core.request(head, body ?? [])
    }
  }
}

extension EngineCore {
  /// A request whose caller may be cancelled. Its member is used on the loop only.
  private final class Pending: @unchecked Sendable {
    // Sendable: `request` is read and written on the engine's loop only.
    var request: HTTPDirectRequest?
  }

  func request(_ head: HTTPRequestHead, _ body: [UInt8]) async throws -> MockEngine.HTTPControls.Response {
    let pending = Pending()
    return try await withTaskCancellationHandler {
      try Task.checkCancellation()
      return try await withCheckedThrowingContinuation { continuation in
        do {
          try ask(.http) { (worker: HTTPWorker) in
            let request = HTTPDirectRequest(head, body, of: worker) { continuation.resume(with: $0) }
            pending.request = request
            worker.begin(request)
            if Task.isCancelled { request.fail(CancellationError()) }
          }
        } catch {
          continuation.resume(throwing: error)
        }
      }
    } onCancel: {
      loop.post { pending.request?.fail(CancellationError()) }
    }
  }
}

extension MockEngine.Configuration {
  /// The port of triggers of type `http`, on loopback unless a file says otherwise; 0, the default, chooses a free one.
  public var httpPort: Int {
    get { Int(selection.find(HTTPSettings.self)?.port ?? 0) }
    set {
      var settings = selection.find(HTTPSettings.self) ?? HTTPSettings(environment: Variables([:]), isOn: true)
      settings.port = UInt16(clamping: newValue)
      selection.set(settings)
    }
  }
}
