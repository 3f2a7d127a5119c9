internal import UV

/// One attempt to get a WebSocket: looks the host up, tries its addresses in turn, asks for the upgrade. Confined to the loop.
final class Dialer {
  enum Event {
    /// TCP stands.
    case connected
    /// The WebSocket is open; `rest` are bytes of frames that came with the answer, valid during the call.
    case opened(TCPStream, rest: UnsafeMutableRawBufferPointer)
    case failed(String)
  }

  private let loop: Loop
  private let url: WebSocketURL
  private let request: [UInt8]
  private let key: String
  private var handler: ((Event) -> Void)?

  private var addresses: ArraySlice<SocketAddress> = []
  private var attempt: ConnectAttempt?
  private var stream: TCPStream?
  private var parser = HTTPHeadParser()
  private var problems: [String] = []

  /// `request` asks for the upgrade with `key`. `handler` hears of `failed` or `opened` last, unless `cancel` comes before.
  init(
    on loop: Loop, _ url: WebSocketURL, request: [UInt8], key: String, _ handler: @escaping (Event) -> Void
  ) {
    self.loop = loop
    self.url = url
    self.request = request
    self.key = key
    self.handler = handler
  }

  func start() {
    Resolver.resolve(url.host, port: url.port, on: loop) { [self] addresses, error in
      guard handler != nil else { return }
      self.addresses = addresses[...]
      if let error { problems.append("\(error)") }
      tryNext()
    }
  }

  /// Gives up; nothing more is heard.
  func cancel() {
    handler = nil
    attempt?.cancel()
    attempt = nil
    stream?.close()
    stream = nil
  }

  private func tryNext() {
    guard let address = addresses.popFirst() else {
      finish(.failed(problems.isEmpty ? "no address found for \(url.host)" : problems.joined(separator: "; ")))
      return
    }
    attempt = TCPStream.connect(on: loop, to: address) { [self] result in
      attempt = nil
      switch result {
      case .failure(let error):
        problems.append("\(address): \(error)")
        tryNext()
      case .success(let stream): shakeHands(stream)
      }
    }
  }

  private func shakeHands(_ stream: TCPStream) {
    self.stream = stream
    handler?(.connected)
    guard handler != nil else { return }
    stream.onRead = { [self] in read($0) }
    stream.onEnd = { [self] end in
      let how = if case .failed(let error) = end { ": \(error)" } else { "" }
      fail("the server ended the connection before it answered the WebSocket handshake\(how)")
    }
    request.withUnsafeBytes { stream.write($0) }
    stream.startReading()
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer) {
    switch parser.response(ByteView(UnsafeRawBufferPointer(bytes))) {
    case .needMore: break
    case .malformed(let error): fail("the server's answer to the WebSocket handshake is no HTTP: \(error)")
    case .complete(let head, let consumed):
      do throws(UpgradeFailure) {
        try Upgrade.check(head, key: key)
      } catch {
        fail(error.text)
        return
      }
      guard let stream else { return }
      self.stream = nil
      finish(.opened(stream, rest: UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...])))
    }
  }

  private func fail(_ reason: String) {
    stream?.close()
    stream = nil
    finish(.failed(reason))
  }

  private func finish(_ event: Event) {
    let handler = self.handler
    self.handler = nil
    handler?(event)
  }
}
