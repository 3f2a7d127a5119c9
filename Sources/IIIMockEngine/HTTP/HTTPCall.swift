internal import III

/// A request for a route with its channels: carries out what its exchange decides. Confined to the engine's loop.
final class HTTPCall {
  private var exchange: HTTPExchange
  private let worker: HTTPWorker
  private weak var connection: HTTPConnection?
  /// The engine writes the one and reads the other.
  private var requestChannel: ChannelRelay?
  private var responseChannel: ChannelRelay?
  var timer: TimerToken?
  private(set) var hasStarted = false
  private var hasEnded = false
  private var isActing = false
  let metadata: [UInt8]?

  init(_ exchange: HTTPExchange, _ worker: HTTPWorker, _ connection: HTTPConnection) {
    self.exchange = exchange
    self.worker = worker
    self.connection = connection
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

  /// Writes a piece of the body; `bodyMayGoOn` of the connection follows if it must wait then.
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
    case .readBody(let isWhole): connection?.readBody(isWhole: isWhole)
    case .endRequestChannel(let bytes):
      if !bytes.isEmpty { bytes.withView { requestChannel?.write($0) } }
      bodyEnded()
    case .readResponseChannel: responseChannel?.hold(reader: self)
    case .answer(let answer):
      connection?.send(answer)
      end()
    case .begin(let status, let headers): connection?.beginStream(status, headers)
    case .send(let bytes): connection?.sendPiece(bytes)
    case .finish:
      connection?.endStream()
      end()
    case .forgetChannels:
      for relay in [requestChannel, responseChannel] { if let relay { worker.host?.forget(relay) } }
    }
  }

  private func makeChannels() {
    guard let request = worker.host?.makeChannel(), let response = worker.host?.makeChannel() else { return }
    requestChannel = request
    responseChannel = response
    request.hold(writer: self)
    exchange.channelsMade(request: request.name.reference(.read), response: response.name.reference(.write))
  }

  private func end() {
    guard !hasEnded else { return }
    hasEnded = true
    connection = nil
    responseChannel?.endReading()
    responseChannel = nil
    bodyEnded()
    worker.ended(self)
  }
}

extension HTTPCall: HeldWriter, HeldReader {
  func channelIsFull() { connection?.bodyMustWait() }
  func channelHasRoom() { connection?.bodyMayGoOn() }

  /// Nobody reads the body any more: the rest of it is read and thrown away.
  func channelReaderLeft() {
    requestChannel = nil
    connection?.bodyMayGoOn()
  }

  func channelDelivers(_ bytes: ByteView, isText: Bool) -> Bool {
    handle { isText ? $0.received(text: bytes) : $0.received(binary: bytes) }
    return connection?.takesMore ?? true
  }

  func channelWriterLeft() { handle { $0.responseChannelEnded() } }
}
