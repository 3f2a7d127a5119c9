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

/// A request for a route: carries out what its exchange decides. Confined to the engine's loop.
final class HTTPCall {
  /// An end of a channel that the engine has.
  private enum End {
    /// There is no channel, or the engine is done with it.
    case none
    /// The channel has a name, which functions are told, and nobody has needed more of it.
    case reserved(ChannelName)
    case open(ChannelRelay)
  }

  // Unchecked, because it is used for every step; while it is being changed, nothing is called that could use it.
  @exclusivity(unchecked) private var exchange: HTTPExchange
  private let worker: HTTPWorker
  /// `nil` once the request has ended: until then each keeps the other.
  private var requester: (any HTTPRequester)?
  /// The engine writes the request's body into the one and reads the other.
  private var requestEnd = End.none
  private var responseEnd = End.none
  /// Both, until nobody can open them any more.
  private var channels: HTTPExchange.Channels?
  /// A whole body that the request channel gets when it is opened.
  private var wholeBody: [UInt8] = []
  private var hasBodyEnded = false
  private var readsResponse = false
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

  func completed(_ question: HTTPExchange.Question, _ outcome: CallOutcome) {
    handle { $0.completed(question, outcome, wallClock: worker.host?.wallClock ?? 0) }
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
  func write(piece: ByteView) {
    openReserved(requestEnd)
    if case .open(let relay) = requestEnd { relay.write(piece) }
  }

  func bodyEnded() {
    hasBodyEnded = true
    guard case .open(let relay) = requestEnd else { return }
    requestEnd = .none
    relay.endWriting()
  }

  /// The client takes more of the answer again.
  func resumeAnswer() { if case .open(let relay) = responseEnd { relay.resumeReading() } }

  // MARK: Acting

  private func handle(_ event: (inout HTTPExchange) -> Void) {
    event(&exchange)
    guard !isActing else { return }
    isActing = true
    while let action = exchange.nextAction() { perform(action) }
    isActing = false
  }

  private func perform(_ action: HTTPExchange.Action) {
    switch action {
    case .call(let question, let function, let data): worker.ask(question, function, data, for: self)
    case .makeChannels: makeChannels()
    case .readBody(let isWhole): requester?.readBody(isWhole: isWhole)
    case .endRequestChannel(let bytes):
      wholeBody = bytes
      if case .open(let relay) = requestEnd { writeWholeBody(relay) }
      bodyEnded()
    case .readResponseChannel:
      readsResponse = true
      if case .open(let relay) = responseEnd { relay.hold(reader: self) }
    case .answer(let answer):
      requester?.send(answer)
      end()
    case .begin(let status, let headers): requester?.beginStream(status, headers)
    case .send(let bytes): requester?.sendPiece(bytes)
    case .finish:
      requester?.endStream()
      end()
    case .forgetChannels: forgetChannels()
    }
  }

  private func writeWholeBody(_ relay: ChannelRelay) {
    if !wholeBody.isEmpty { wholeBody.withView { relay.write($0) } }
    wholeBody = []
  }

  // MARK: Channels

  private func makeChannels() {
    guard let table = worker.host?.channels, let request = table.reserve(for: self),
      let response = table.reserve(for: self)
    else { return }
    requestEnd = .reserved(request)
    responseEnd = .reserved(response)
    let channels = HTTPExchange.Channels(request: request, response: response)
    self.channels = channels
    exchange.channelsMade(channels)
  }

  /// Has a channel made that is only reserved; `channelOpened` follows at once.
  private func openReserved(_ end: End) {
    if case .reserved(let name) = end { worker.host?.channels?.open(name.id) }
  }

  private func forgetChannels() {
    guard let channels, let table = worker.host?.channels else { return }
    // The rest of the body waits for a reader that cannot come.
    if !hasBodyEnded { openReserved(requestEnd) }
    table.forget(channels.request)
    table.forget(channels.response)
    self.channels = nil
    if case .reserved = requestEnd { requestEnd = .none }
    if case .reserved = responseEnd { responseEnd = .none }
  }

  private func end() {
    guard !hasEnded else { return }
    hasEnded = true
    requester = nil
    // Channels that are not forgotten outlive the request, until they are swept.
    openReserved(requestEnd)
    openReserved(responseEnd)
    if case .open(let relay) = responseEnd { relay.endReading() }
    responseEnd = .none
    bodyEnded()
    worker.ended(self)
  }

  /// The engine stops: the requester hears no more.
  func drop() { requester = nil }
}

extension HTTPCall: ChannelHolder {
  func channelOpened(_ relay: ChannelRelay) {
    if relay.name == channels?.request {
      requestEnd = .open(relay)
      relay.hold(writer: self)
      writeWholeBody(relay)
      if hasBodyEnded { bodyEnded() }
    } else {
      responseEnd = .open(relay)
      if readsResponse { relay.hold(reader: self) }
    }
  }
}

extension HTTPCall: HeldWriter, HeldReader {
  func channelIsFull() { requester?.bodyMustWait() }
  func channelHasRoom() { requester?.bodyMayGoOn() }

  /// Nobody reads the body any more: the rest of it is read and thrown away.
  func channelReaderLeft() {
    requestEnd = .none
    requester?.bodyMayGoOn()
  }

  func channelDelivers(_ bytes: ByteView, isText: Bool) -> Bool {
    handle { isText ? $0.received(text: bytes) : $0.received(binary: bytes) }
    return requester?.takesMore ?? true
  }

  func channelWriterLeft() { handle { $0.responseChannelEnded() } }
}
