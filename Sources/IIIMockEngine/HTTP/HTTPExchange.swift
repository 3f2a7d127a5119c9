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
    /// Write the whole body into the request channel, if there is one, and end it.
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

  /// The channels of a request: one with its body, and one for pieces of the answer.
  struct Channels {
    let request: ChannelName
    let response: ChannelName
  }

  private let route: HTTPRoute
  private let request: HTTPRequest
  private let globalMiddleware: [ByteKey]
  private var state = State.global(-1)
  /// What functions are given as the body: JSON.
  private var body = HTTPExchange.noBody
  private var channels: Channels?
  /// What the response channel has set.
  private var status = 200
  private var headers = HTTPHeaders()
  private var actions: [Action] = []
  /// How many of them have been taken.
  private var taken = 0

  private static let noBody = JSONValue.null.jsonBytes

  init(_ route: HTTPRoute, _ request: HTTPRequest, globalMiddleware: [ByteKey]) {
    self.route = route
    self.request = request
    self.globalMiddleware = globalMiddleware
    actions.reserveCapacity(4)
  }

  /// The trigger's metadata, which goes to the handler.
  var metadata: [UInt8]? { route.trigger.metadata }

  /// The next thing to do.
  mutating func nextAction() -> Action? {
    guard taken < actions.count else {
      actions.removeAll(keepingCapacity: true)
      taken = 0
      return nil
    }
    defer { taken += 1 }
    return actions[taken]
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

  mutating func channelsMade(_ channels: Channels) {
    self.channels = channels
    actions.append(.readBody(isWhole: request.fields.isJSON))
    state = .body
    if !request.fields.isJSON { advance() }
  }

  /// The whole JSON body was read.
  mutating func bodyRead(_ bytes: [UInt8]) {
    guard case .body = state else { return }
    if let value = try? PayloadCoder.decode(JSONValue.self, from: bytes) { body = value.jsonBytes }
    actions.append(.endRequestChannel(bytes))
    advance()
  }

  /// A function has answered.
  mutating func completed(_ question: Question, _ outcome: CallOutcome, wallClock: @autoclosure () -> UInt64) {
    guard isUnanswered else { return }
    if case .failure(let failure) = outcome { return answer(.failed(failure, wallClock: wallClock())) }
    switch question {
    case .condition: if ConditionVerdict(outcome) == .fails { answer(.conditionNotMet) } else { advance() }
    case .middleware:
      let value = outcome.json
      if value?["action"]?.stringValue == "respond" {
        answer(.ofMiddleware(value?["response"]))
      } else {
        advance()
      }
    case .handler:
      if case .value(let bytes) = outcome, let result = HTTPAnswer(ofResult: bytes) {
        answer(result)
      } else {
        state = .handler(hasAnswered: true)
      }
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
    actions.append(.forgetChannels)
    actions.append(.begin(status: status, headers))
  }

  private mutating func answer(_ answer: HTTPAnswer) {
    state = .ended
    actions.append(.forgetChannels)
    actions.append(.answer(answer))
  }

  /// Begins the next step.
  private mutating func advance() {
    switch state {
    case .global(let last):
      let next = last + 1
      state = .global(next)
      if next < globalMiddleware.count {
        actions.append(.call(.middleware, globalMiddleware[next], middlewareInput))
      } else {
        actions.append(.makeChannels)
      }
    case .body:
      state = .condition
      if let condition = route.condition {
        actions.append(.call(.condition, condition, input(channels: nil)))
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
        actions.append(.call(.middleware, route.middleware[next], middlewareInput))
      } else {
        state = .handler(hasAnswered: false)
        actions.append(.readResponseChannel)
        actions.append(.call(.handler, route.trigger.functionID, input(channels: channels)))
      }
    case .handler, .streaming, .ended: break
    }
  }

  private var middlewareInput: [UInt8] { HTTPRequest.MiddlewareInput(request: request, route: route).bytes }

  private func input(channels: Channels?) -> [UInt8] {
    HTTPRequest.Input(request: request, route: route, body: body, channels: channels).bytes
  }
}

extension CallOutcome {
  /// The result, if there is one and it can be read.
  fileprivate var json: JSONValue? {
    if case .value(let bytes) = self { try? PayloadCoder.decode(JSONValue.self, from: bytes) } else { nil }
  }
}
