internal import CCurl
internal import III
internal import UV

/// Makes HTTP requests by libcurl's multi-socket interface on a loop. Confined to that loop; all of libcurl's pointers stay
/// in this file.
///
/// It resolves no names, follows no redirects, uses no proxy, and connects only to addresses that the request allows.
final class HTTPClient {
  struct Request {
    var url: HTTPTargetURL
    var method: String
    var headers: [(name: String, value: String)]
    var body: [UInt8]
    /// The addresses of the URL's host.
    var addresses: [SocketAddress]
    /// Whether an address may be connected to: asked again at the moment of the connection.
    var allows: (SocketAddress) -> Bool
  }

  /// How a request has ended.
  enum End: Equatable {
    case answered(status: Int, body: [UInt8])
    /// There was no answer.
    case requestFailed(String)
    /// The answer had begun.
    case responseFailed(String)
    /// The address that was about to be connected to is not allowed.
    case addressRefused
  }

  /// A request that is under way.
  final class Transfer {
    fileprivate let curl: UnsafePointer<ccurl_library>
    fileprivate let easy: UnsafeMutableRawPointer
    fileprivate var headers: UnsafeMutablePointer<curl_slist>?
    fileprivate var addresses: UnsafeMutablePointer<curl_slist>?
    fileprivate let error = UnsafeMutablePointer<CChar>.allocate(capacity: Int(CURL_ERROR_SIZE))
    fileprivate let allows: (SocketAddress) -> Bool
    fileprivate var done: ((End) -> Void)?
    fileprivate var body: [UInt8] = []
    fileprivate var headBytes = 0
    /// Why the request was given up, if it was.
    fileprivate var problem: End?

    fileprivate init?(_ request: Request, by curl: UnsafePointer<ccurl_library>, done: @escaping (End) -> Void) {
      guard let easy = curl.pointee.easy_init() else { return nil }
      self.curl = curl
      self.easy = easy
      allows = request.allows
      self.done = done
      error[0] = 0
    }

    deinit {
      curl.pointee.easy_cleanup(easy)
      curl.pointee.slist_free_all(headers)
      curl.pointee.slist_free_all(addresses)
      error.deallocate()
    }

    fileprivate static func of(_ context: UnsafeMutableRawPointer?) -> Transfer? {
      context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }
  }

  /// The longest body and the longest head of an answer.
  static let maxBody = 64 << 20
  static let maxHead = 256 << 10
  /// Requests above so many at once wait, within their time.
  private static let maxConnections = 512

  private let loop: Loop
  private let curl: UnsafePointer<ccurl_library>
  private let multi: UnsafeMutableRawPointer
  /// libcurl measures real time, on every clock of the engine.
  private let timers: LoopTimers
  private let authorities: String?
  private var timer: TimerToken?
  private var polls: [curl_socket_t: SocketPoll] = [:]
  private var transfers: [UnsafeMutableRawPointer: Transfer] = [:]
  private var isClosed = false

  /// The library, initialised once, after OpenSSL has been initialised without its exit handler.
  private static let library: CurlLibrary? = {
    guard OpenSSL.isReady, let library = CurlLibrary.loaded else { return nil }
    return library.functions.pointee.global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK ? library : nil
  }()

  /// - Parameter authorities: A file of certificates to trust; without one those of the system.
  init?(on loop: Loop, authorities: String?) {
    guard let curl = HTTPClient.library?.functions, let multi = curl.pointee.multi_init() else { return nil }
    self.loop = loop
    self.curl = curl
    self.multi = multi
    self.authorities = authorities
    timers = LoopTimers(on: loop, source: .system)
    // Unretained: `close` ends all that calls back.
    let me = Unmanaged.passUnretained(self).toOpaque()
    let isPrepared = ccurl_multi_prepare(
      curl, multi, { _, socket, what, context, _ in HTTPClient.of(context)?.watch(socket, what) ?? 0 },
      { _, milliseconds, context in HTTPClient.of(context)?.setTimer(milliseconds) ?? 0 }, me,
      HTTPClient.maxConnections)
    guard isPrepared != 0 else {
      close()
      return nil
    }
  }

  private static func of(_ context: UnsafeMutableRawPointer?) -> HTTPClient? {
    context.map { Unmanaged<HTTPClient>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Ends everything; requests that are under way are not answered.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    for easy in transfers.keys { _ = curl.pointee.multi_remove_handle(multi, easy) }
    transfers = [:]
    _ = curl.pointee.multi_cleanup(multi)
    for poll in polls.values { poll.close() }
    polls = [:]
    timers.close()
  }

  // MARK: Requests

  /// Starts a request; `done` is called once, later, unless the request is cancelled.
  func start(_ request: Request, done: @escaping (End) -> Void) -> Transfer? {
    guard !isClosed, let transfer = Transfer(request, by: curl, done: done) else { return nil }
    for (name, value) in request.headers {
      // Without a value libcurl leaves a header out, unless it is written so.
      transfer.headers = curl.pointee.slist_append(transfer.headers, value.isEmpty ? "\(name);" : "\(name): \(value)")
    }
    // Head and body go out together: no pause for a 100.
    transfer.headers = curl.pointee.slist_append(transfer.headers, "Expect:")
    let list = request.addresses.map(\.urlHost).joined(separator: ",")
    let entry =
      "\(request.url.host.contains(":") ? "[\(request.url.host)]" : request.url.host):\(request.url.port):\(list)"
    transfer.addresses = curl.pointee.slist_append(nil, entry)
    let context = Unmanaged.passUnretained(transfer).toOpaque()
    let isPrepared = request.body.withUnsafeBytes { body in
      withUnsafePointer(to: UInt8(0)) { none in
        ccurl_prepare(
          curl, transfer.easy, request.url.text, request.method, body.baseAddress ?? UnsafeRawPointer(none), body.count,
          transfer.headers, transfer.addresses, authorities, transfer.error, context)
      }
    }
    let hasCallbacks = ccurl_set_callbacks(
      curl, transfer.easy, context,
      { bytes, size, count, context in
        HTTPClient.received(bytes, size * count, Transfer.of(context))
      },
      { bytes, size, count, context in HTTPClient.receivedHead(bytes, size * count, Transfer.of(context)) },
      { context, _, address in HTTPClient.open(address, Transfer.of(context)) })
    guard isPrepared != 0, hasCallbacks != 0, curl.pointee.multi_add_handle(multi, transfer.easy) == CURLM_OK else {
      return nil
    }
    transfers[transfer.easy] = transfer
    return transfer
  }

  /// Gives a request up: its connection is closed, and nobody is told.
  func cancel(_ transfer: Transfer) {
    transfer.done = nil
    guard transfers.removeValue(forKey: transfer.easy) != nil else { return }
    _ = curl.pointee.multi_remove_handle(multi, transfer.easy)
  }

  private static func received(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ transfer: Transfer?
  ) -> Int {
    guard let bytes, let transfer else { return 0 }
    guard transfer.body.count + count <= maxBody else {
      transfer.problem = .responseFailed("the body is longer than \(maxBody) bytes")
      return 0
    }
    transfer.body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
    return count
  }

  private static func receivedHead(
    _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ transfer: Transfer?
  ) -> Int {
    guard let transfer else { return 0 }
    transfer.headBytes += count
    guard transfer.headBytes <= maxHead else {
      transfer.problem = .requestFailed("the head of the answer is longer than \(maxHead) bytes")
      return 0
    }
    return count
  }

  /// Opens the socket of a connection, whose address is checked here, whatever the name resolved to.
  private static func open(
    _ address: UnsafeMutablePointer<curl_sockaddr>?, _ transfer: Transfer?
  ) -> curl_socket_t {
    guard let address, let transfer else { return CURL_SOCKET_BAD }
    let target = withUnsafePointer(to: &address.pointee.addr) {
      SocketAddress(UnsafeRawBufferPointer(start: $0, count: Int(address.pointee.addrlen)))
    }
    guard let target, transfer.allows(target) else {
      transfer.problem = .addressRefused
      return CURL_SOCKET_BAD
    }
    return ccurl_open(address)
  }

  // MARK: What libcurl asks for

  private func watch(_ socket: curl_socket_t, _ what: Int32) -> Int32 {
    guard what != CURL_POLL_REMOVE else {
      polls.removeValue(forKey: socket)?.close()
      return 0
    }
    var events: SocketPoll.Events = []
    if what & CURL_POLL_IN != 0 { events.insert(.readable) }
    if what & CURL_POLL_OUT != 0 { events.insert(.writable) }
    if polls[socket] == nil {
      polls[socket] = try? SocketPoll(socket, on: loop) { [unowned self] events in ready(socket, events) }
    }
    polls[socket]?.watch(events)
    return polls[socket] == nil ? -1 : 0
  }

  private func ready(_ socket: curl_socket_t, _ events: SocketPoll.Events?) {
    var flags = Int32(0)
    if let events {
      if events.contains(.readable) { flags |= CURL_CSELECT_IN }
      if events.contains(.writable) { flags |= CURL_CSELECT_OUT }
    } else {
      flags = CURL_CSELECT_ERR
    }
    act(socket, flags)
  }

  private func setTimer(_ milliseconds: Int) -> Int32 {
    if let timer { timers.cancel(timer) }
    timer = nil
    guard milliseconds >= 0, !isClosed else { return 0 }
    timer = timers.schedule(after: .milliseconds(milliseconds)) { [unowned self] in
      timer = nil
      act(HTTPClient.timeout, 0)
    }
    return 0
  }

  /// What stands for a socket where time has passed.
  private static let timeout: curl_socket_t = -1

  private func act(_ socket: curl_socket_t, _ flags: Int32) {
    var running = Int32(0)
    _ = curl.pointee.multi_socket_action(multi, socket, flags, &running)
    var result = CURLE_OK
    while !isClosed, let easy = ccurl_ended(curl, multi, &result) { ended(easy, result) }
  }

  private func ended(_ easy: UnsafeMutableRawPointer, _ result: CURLcode) {
    guard let transfer = transfers.removeValue(forKey: easy) else { return }
    let status = ccurl_status(curl, easy)
    let text = String(cString: transfer.error)
    _ = curl.pointee.multi_remove_handle(multi, easy)
    let end: End
    if let problem = transfer.problem {
      end = problem
    } else if result == CURLE_OK {
      end = .answered(status: status, body: transfer.body)
    } else {
      let name = curl.pointee.easy_strerror(result).map { String(cString: $0) }
      let reason = text.isEmpty ? name ?? "error \(result.rawValue)" : text
      end =
        switch result {
        case CURLE_COULDNT_CONNECT: .requestFailed("client error (Connect): tcp connect error: \(reason)")
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION:
          .requestFailed("client error (Connect): \(reason)")
        default: status >= 200 ? .responseFailed(reason) : .requestFailed("client error (SendRequest): \(reason)")
        }
    }
    let done = transfer.done
    transfer.done = nil
    done?(end)
  }
}
