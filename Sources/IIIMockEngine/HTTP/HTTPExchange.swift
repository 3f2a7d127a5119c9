internal import III

/// One request for a route, from its head to the end of its answer, as a plain value: it says which functions to call and
/// what to answer.
///
/// Global middleware is asked first; then the channels are made and a JSON body is read; then come the condition, the
/// route's middleware, and the handler. The answer is the handler's result or what comes through the response channel,
/// whichever is first.
struct HTTPExchange {
  /// What a function call of the exchange is for.
  enum Question {
    case middleware, condition, handler
  }

  enum Action {
    /// Call a function; `completed` follows.
    case call(Question, ByteKey, [UInt8])
    /// Make both channels; `channelsMade` follows at once.
    case makeChannels
    /// Collect the body for `bodyRead`, or write its pieces into the request channel as they come.
    case readBody(isWhole: Bool)
    /// Write a message into the request channel, if there is one, and end it.
    case endRequestChannel([UInt8])
    /// Take what comes through the response channel.
    case readResponseChannel
    /// Send an answer; the exchange has ended.
    case answer(HTTPAnswer)
    /// Send the head of an answer whose body follows in pieces.
    case begin(status: Int, HTTPHeaders)
    case send([UInt8])
    /// The pieces have ended, and with them the exchange.
    case finish
    /// Nobody can open the channels any more.
    case forgetChannels
  }

  private enum State {
    case global(Int), body, condition, route(Int)
    /// The handler was called; whether it has answered without a result.
    case handler(hasAnswered: Bool)
    case streaming, ended
  }

  private let route: HTTPRoute
  private let head: HTTPRequestHead
  private let globalMiddleware: [ByteKey]
  private var state = State.global(-1)
  private var body = JSONValue.null
  private var channels: (request: JSONValue, response: JSONValue)?
  /// What the response channel has set.
  private var status = 200
  private var headers = HTTPHeaders()
  private(set) var actions: [Action] = []

  init(_ route: HTTPRoute, _ head: HTTPRequestHead, globalMiddleware: [ByteKey]) {
    self.route = route
    self.head = head
    self.globalMiddleware = globalMiddleware
  }

  /// The trigger's metadata, which goes to the handler.
  var metadata: [UInt8]? { route.trigger.metadata }

  mutating func takeActions() -> [Action] {
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  /// Whether the head of the answer has not been decided.
  var isUnanswered: Bool {
    switch state {
    case .streaming, .ended: false
    default: true
    }
  }

  // MARK: Events

  mutating func start() { advance() }

  mutating func channelsMade(request: JSONValue, response: JSONValue) {
    channels = (request, response)
    actions.append(.readBody(isWhole: isJSON))
    state = .body
    if !isJSON { advance() }
  }

  /// The whole JSON body was read.
  mutating func bodyRead(_ bytes: [UInt8]) {
    guard case .body = state else { return }
    body = (try? PayloadCoder.decode(JSONValue.self, from: bytes)) ?? .null
    actions.append(.endRequestChannel(bytes))
    advance()
  }

  /// A function has answered; a `value` of `nil` is an answer without a result.
  mutating func completed(_ question: Question, _ outcome: Result<JSONValue?, InvocationFailure>, wallClock: UInt64) {
    guard isUnanswered else { return }
    switch (question, outcome) {
    case (_, .failure(let failure)): answer(.failed(failure, wallClock: wallClock))
    case (.condition, .success(.bool(false)?)): answer(.conditionNotMet)
    case (.condition, .success): advance()
    case (.middleware, .success(let value)):
      if value?["action"]?.stringValue == "respond" {
        answer(.ofMiddleware(value?["response"]))
      } else {
        advance()
      }
    case (.handler, .success(let value)):
      if let value, value != .null { answer(HTTPAnswer(ofResult: value)) } else { state = .handler(hasAnswered: true) }
    }
  }

  mutating func timedOut() {
    guard isUnanswered else { return }
    state = .ended
    actions.append(.answer(.timedOut))
  }

  /// The client has left.
  mutating func abandoned() { state = .ended }

  // MARK: The response channel

  mutating func received(text: ByteView) {
    guard case .handler = state, let message = try? PayloadCoder.decode(JSONValue.self, from: text) else { return }
    switch message["type"]?.stringValue {
    case "set_status":
      if case .int(let code)? = message["status_code"], (100...599).contains(code) { status = Int(code) }
    case "set_headers":
      for (name, value) in message["headers"]?.objectValue ?? [:] {
        if let text = value.stringValue { headers.set(name, text) }
      }
    default: break
    }
  }

  mutating func received(binary bytes: ByteView) {
    if case .handler = state { begin() }
    guard case .streaming = state else { return }
    actions.append(.send(bytes.array))
  }

  mutating func responseChannelEnded() {
    if case .handler = state { begin() }
    guard case .streaming = state else { return }
    state = .ended
    actions.append(.finish)
  }

  // MARK: Steps

  private mutating func begin() {
    state = .streaming
    actions += [.forgetChannels, .begin(status: status, headers)]
  }

  private mutating func answer(_ answer: HTTPAnswer) {
    state = .ended
    actions += [.forgetChannels, .answer(answer)]
  }

  /// Begins the next step.
  private mutating func advance() {
    switch state {
    case .global(let last):
      let next = last + 1
      state = .global(next)
      if next < globalMiddleware.count {
        actions.append(.call(.middleware, globalMiddleware[next], middlewareInput.jsonBytes))
      } else {
        actions.append(.makeChannels)
      }
    case .body:
      state = .condition
      if let condition = route.condition {
        actions.append(.call(.condition, condition, input(withChannels: false).jsonBytes))
      } else {
        advance()
      }
    case .condition:
      state = .route(-1)
      advance()
    case .route(let last):
      let next = last + 1
      state = .route(next)
      if next < route.middleware.count {
        actions.append(.call(.middleware, route.middleware[next], middlewareInput.jsonBytes))
      } else {
        state = .handler(hasAnswered: false)
        actions += [
          .readResponseChannel, .call(.handler, route.trigger.functionID, input(withChannels: true).jsonBytes),
        ]
      }
    case .handler, .streaming, .ended: break
    }
  }

  /// Whether the body is read whole and parsed: the type contains the exact text, in any request.
  private var isJSON: Bool { head.headers.all("content-type").last?.contains("application/json") ?? false }

  // MARK: What functions are given

  private var middlewareInput: JSONValue {
    [
      "context": [:], "phase": "preHandler",
      "request": [
        "headers": headersInput, "method": .string(head.method),
        "path_params": .object(route.parameters(in: head.path)),
        "query_params": query,
      ],
    ]
  }

  private func input(withChannels: Bool) -> JSONValue {
    let path = JSONValue.string(route.apiPath)
    let method = JSONValue.string(head.method)
    var input: JSONObject = [
      "body": body, "headers": headersInput, "method": method, "path": path,
      "path_params": .object(route.parameters(in: head.path)), "query_params": query,
    ]
    if withChannels, let channels {
      input["request_body"] = channels.request
      input["response"] = channels.response
    }
    input["trigger"] = ["method": method, "path": path, "type": .string(HTTPWorker.triggerType)]
    return .object(input)
  }

  /// Names in lower case; of a repeated name the last value; a value that is not visible ASCII is empty.
  private var headersInput: JSONValue {
    var headers = JSONObject()
    for field in head.headers.fields {
      let isVisible = field.value.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 }
      headers[field.name.lowercased()] = .string(isVisible ? field.value : "")
    }
    return .object(headers)
  }

  private var query: JSONValue {
    var items = JSONObject()
    for item in QueryItem.all(of: head.query ?? "") { items[item.name] = .string(item.value) }
    return .object(items)
  }
}
