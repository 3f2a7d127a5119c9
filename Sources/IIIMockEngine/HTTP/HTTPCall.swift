internal import III

/// Whoever makes a request: a connection, or this process without one. Confined to the engine's loop.
protocol HTTPRequester: AnyObject {
  /// The request belongs to a route; what follows is for this call.
  func begin(_ call: HTTPCall)

  /// The body is read now: whole, by `bodyRead` of the call, or in pieces.
  func readBody(isWhole: Bool)

  func bodyMustWait()
  func bodyMayGoOn()

  /// A whole answer: the request has ended.
  func send(_ answer: HTTPAnswer)

  /// The head of an answer in pieces.
  func beginStream(_ status: Int, _ headers: HTTPHeaders)
  func sendPiece(_ bytes: [UInt8])
  func endStream()

  /// Whether most of what was sent has been taken.
  var takesMore: Bool { get }
}

/// A request for a route with its channels: carries out what its exchange decides. Confined to the engine's loop.
final class HTTPCall {
  private var exchange: HTTPExchange
  private let worker: HTTPWorker
  private weak var requester: (any HTTPRequester)?
  /// The engine writes the one and reads the other.
  private var requestChannel: ChannelRelay?
  private var responseChannel: ChannelRelay?
  /// Both, until nobody can open them any more.
  private var channels: [ChannelRelay] = []
  var timer: TimerToken?
  private(set) var hasStarted = false
  private var hasEnded = false
  private var isActing = false
  let metadata: [UInt8]?

  init(_ exchange: HTTPExchange, _ worker: HTTPWorker, _ requester: any HTTPRequester) {
    self.exchange = exchange
    self.worker = worker
    self.requester = requester
    metadata = exchange.metadata
  }

  func start() {
    hasStarted = true
    handle { $0.start() }
  }

  func completed(_ question: HTTPExchange.Question, _ result: Result<JSONValue?, InvocationFailure>) {
    let wallClock = worker.host?.wallClock ?? 0
    handle { $0.completed(question, result, wallClock: wallClock) }
  }

  func timedOut() { handle { $0.timedOut() } }

  /// The client has left: whoever reads or writes a channel of the request is told by its end.
  func abandon() {
    handle { $0.abandoned() }
    end()
  }

  // MARK: The body

  func bodyRead(_ bytes: [UInt8]) { handle { $0.bodyRead(bytes) } }

  /// Writes a piece of the body; `bodyMayGoOn` of the requester follows if it must wait then.
  func write(piece: ByteView) { requestChannel?.write(piece) }

  func bodyEnded() {
    requestChannel?.endWriting()
    requestChannel = nil
  }

  /// The client takes more of the answer again.
  func resumeAnswer() { responseChannel?.resumeReading() }

  // MARK: Acting

  private func handle(_ event: (inout HTTPExchange) -> Void) {
    event(&exchange)
    guard !isActing else { return }
    isActing = true
    while case let actions = exchange.takeActions(), !actions.isEmpty {
      for action in actions { perform(action) }
    }
    isActing = false
  }

  private func perform(_ action: HTTPExchange.Action) {
    switch action {
    case .call(let question, let function, let data): worker.ask(question, function, data, for: self)
    case .makeChannels: makeChannels()
    case .readBody(let isWhole): requester?.readBody(isWhole: isWhole)
    case .endRequestChannel(let bytes):
      if !bytes.isEmpty { bytes.withView { requestChannel?.write($0) } }
      bodyEnded()
    case .readResponseChannel: responseChannel?.hold(reader: self)
    case .answer(let answer):
      requester?.send(answer)
      end()
    case .begin(let status, let headers): requester?.beginStream(status, headers)
    case .send(let bytes): requester?.sendPiece(bytes)
    case .finish:
      requester?.endStream()
      end()
    case .forgetChannels:
      for relay in channels { worker.host?.forget(relay) }
      channels = []
    }
  }

  private func makeChannels() {
    guard let request = worker.host?.makeChannel(), let response = worker.host?.makeChannel() else { return }
    requestChannel = request
    responseChannel = response
    channels = [request, response]
    request.hold(writer: self)
    exchange.channelsMade(request: request.name.reference(.read), response: response.name.reference(.write))
  }

  private func end() {
    guard !hasEnded else { return }
    hasEnded = true
    requester = nil
    responseChannel?.endReading()
    responseChannel = nil
    bodyEnded()
    worker.ended(self)
  }
}

extension HTTPCall: HeldWriter, HeldReader {
  func channelIsFull() { requester?.bodyMustWait() }
  func channelHasRoom() { requester?.bodyMayGoOn() }

  /// Nobody reads the body any more: the rest of it is read and thrown away.
  func channelReaderLeft() {
    requestChannel = nil
    requester?.bodyMayGoOn()
  }

  func channelDelivers(_ bytes: ByteView, isText: Bool) -> Bool {
    handle { isText ? $0.received(text: bytes) : $0.received(binary: bytes) }
    return requester?.takesMore ?? true
  }

  func channelWriterLeft() { handle { $0.responseChannelEnded() } }
}
