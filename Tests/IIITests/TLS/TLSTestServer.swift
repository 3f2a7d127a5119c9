import TestSupport
import UV

@testable import III

/// A TLS server for tests: each connection has the behaviour that the test sets, and the server reports what it saw.
actor TLSTestServer {
  /// The behaviour of a connection.
  enum Behaviour: Sendable {
    /// TLS; sends back what it receives.
    case echo
    /// TLS; relays to the plain server at that port.
    case relay(to: UInt16)
    /// TLS; then reads nothing.
    case deaf
    /// TCP; sends nothing.
    case silence
    /// Sends these bytes instead of TLS, and ends.
    case bytes(String)
    /// Ends once something has come.
    case end
    /// TLS; sends these bytes, and ends TCP without the end of TLS. The last record lacks its final bytes.
    case cut([UInt8])
  }

  private let loop: Loop
  private let context: TLSContext
  private let behaviour: Behaviour
  private var listener: TCPListener?
  private var carriers: [TLSCarrier] = []
  private let accepted = Mailbox<Int>(isKeepingItems: true)
  private let ends = Mailbox<TransportEnd>()
  private var waits = 0
  private(set) var port: UInt16 = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  private init(_ context: TLSContext, _ behaviour: Behaviour, on loop: Loop) {
    self.context = context
    self.behaviour = behaviour
    self.loop = loop
  }

  /// Listens at a free port of loopback.
  static func start(
    _ context: TLSContext, _ behaviour: Behaviour, host: String = "127.0.0.1", on loop: Loop = TestLoop.shared
  ) async throws -> TLSTestServer {
    let server = TLSTestServer(context, behaviour, on: loop)
    try await server.listen(host)
    return server
  }

  private func listen(_ host: String) throws {
    guard let address = SocketAddress(numericHost: host, port: 0) else { return }
    let listener = try TCPListener.listen(on: loop, at: address) { [self] in accept($0) }
    self.listener = listener
    port = listener.address.port
  }

  private func accept(_ stream: TCPStream) {
    do throws(TLSFailure) {
      let carrier = try TLSCarrier(stream, context, behaviour) { [self] in ends.put($0) }
      carriers.append(carrier)
      carrier.start()
      accepted.put(carriers.count)
    } catch { stream.close() }
  }

  /// Waits for the connection with that number, counted from 1.
  func connection(_ number: Int) async throws {
    _ = try await withCheckedThrowingContinuation { accepted.wait(number, { $0 >= number }, $0) }
  }

  /// How the next connection ended, on this side; those that the server ends itself are left out.
  func end() async throws -> TransportEnd {
    waits += 1
    return try await withCheckedThrowingContinuation { ends.wait(waits, { _ in true }, $0) }
  }

  /// Sends these bytes to the latest connection.
  func send(_ bytes: [UInt8]) { carriers.last?.send(bytes) }

  /// Ends the latest connection with an orderly TLS shutdown.
  func finish() { carriers.last?.finish() }

  /// Ends the latest connection with the end of TCP only.
  func cutOff() { carriers.last?.cutOff() }

  func stop() {
    listener?.close()
    listener = nil
    for carrier in carriers { carrier.close() }
    carriers = []
  }
}
