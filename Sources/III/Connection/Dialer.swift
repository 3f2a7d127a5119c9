internal import UV

/// One attempt to open a WebSocket: it looks up the host, tries its addresses in order, starts TLS if it has a context for it, and sends
/// the upgrade request. Confined to the loop.
final class Dialer {
  enum Event {
    /// A TCP connection is open, or TLS on top of it; `awaiting` is the server's next step, for the text of a time-out.
    case connected(awaiting: String)
    /// The WebSocket is open; `rest` are the bytes that came after the server's answer, valid during the call.
    case opened(Transport, rest: UnsafeMutableRawBufferPointer)
    /// The attempt has failed; `status` is that of a server which answered the upgrade with something other than 101.
    case failed(String, status: Int? = nil)
  }

  private let loop: Loop
  private let url: WebSocketURL
  private let request: [UInt8]
  private let key: String
  private let tls: TLSContext?
  private var handler: ((Event) -> Void)?

  private var addresses: ArraySlice<SocketAddress> = []
  private var attempt: ConnectAttempt?
  private var transport: Transport?
  private var parser = HTTPHeadParser()
  private var problems: [String] = []

  /// `request` is the upgrade request with `key`. It goes over TLS if there is a context for it. The last event of `handler` is `failed` or
  /// `opened`, unless `cancel` is called before.
  init(
    on loop: Loop, _ url: WebSocketURL, tls: TLSContext?, request: [UInt8], key: String,
    _ handler: @escaping (Event) -> Void
  ) {
    self.loop = loop
    self.url = url
    self.request = request
    self.key = key
    self.tls = tls
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

  /// Ends the attempt; the handler is not called again.
  func cancel() {
    handler = nil
    attempt?.cancel()
    attempt = nil
    transport?.close()
    transport = nil
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
      case .success(let stream):
        if let tls { secure(stream, tls) } else { ask(.plain(stream)) }
      }
    }
  }

  private func secure(_ stream: TCPStream, _ context: TLSContext) {
    let session: TLSSession
    do throws(TLSFailure) {
      session = try TLSSession(client: context, host: url.host)
    } catch {
      stream.close()
      finish(.failed(error.text))
      return
    }
    let secured = TLSStream(stream, session)
    transport = .secure(secured)
    handler?(.connected(awaiting: "answer to the TLS handshake"))
    guard handler != nil else { return }
    secured.onOpen = { [self, unowned secured] in ask(.secure(secured)) }
    secured.onEnd = { [self] end in
      if case .failed(let reason) = end {
        fail(reason)
      } else {
        fail("the server ended the connection in the TLS handshake")
      }
    }
    secured.start()
  }

  private func ask(_ transport: Transport) {
    self.transport = transport
    handler?(.connected(awaiting: "answer to the WebSocket handshake"))
    guard handler != nil else { return }
    transport.listen(
      onRead: { [self] in read($0) },
      onEnd: { [self] end in
        let how = if case .failed(let reason) = end { ": \(reason)" } else { "" }
        fail("the server ended the connection before it answered the WebSocket handshake\(how)")
      })
    transport.write(request)
    transport.startReading()
  }

  private func read(_ bytes: UnsafeMutableRawBufferPointer) {
    switch parser.response(ByteView(UnsafeRawBufferPointer(bytes))) {
    case .needMore: break
    case .malformed(let error): fail("the server's answer to the WebSocket handshake is not HTTP: \(error)")
    case .complete(let head, let consumed):
      do throws(UpgradeFailure) {
        try Upgrade.check(head, key: key)
      } catch {
        fail(error.text, status: error.status)
        return
      }
      guard let transport else { return }
      self.transport = nil
      finish(.opened(transport, rest: UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...])))
    }
  }

  private func fail(_ reason: String, status: Int? = nil) {
    transport?.close()
    transport = nil
    finish(.failed(reason, status: status))
  }

  private func finish(_ event: Event) {
    let handler = self.handler
    self.handler = nil
    handler?(event)
  }
}
