internal import III
internal import UV

/// A connection whose upgrade was accepted and that waits for the answer of the listener's auth function. Confined to the
/// engine's loop.
///
/// What the client sends meanwhile is kept as it is, up to a limit; then the connection is not read until the answer.
final class AuthenticatingConnection: ConnectionRole {
  let name = "a connection that waits for its authentication"
  let connection: Peer
  let functionID: String
  let label: WorkerLabel
  /// Gives the connection its role.
  let admit: (ConnectionAccess) -> Void
  private let onEnd: () -> Void
  private(set) var kept: [UInt8] = []

  static let limit = 16 << 10

  init(
    _ connection: Peer, path: String, functionID: String, admit: @escaping (ConnectionAccess) -> Void,
    onEnd: @escaping () -> Void
  ) {
    self.connection = connection
    self.functionID = functionID
    label = WorkerLabel(
      id: path, name: "a client at \(connection.stream.peerAddress?.host ?? "an unknown address")")
    self.admit = admit
    self.onEnd = onEnd
    connection.stream.readLimit = AuthenticatingConnection.limit
  }

  func received(_ bytes: UnsafeMutableRawBufferPointer, on connection: Peer) {
    kept.append(contentsOf: bytes)
    let space = AuthenticatingConnection.limit - kept.count
    if space > 0 { connection.stream.readLimit = space } else { connection.pause(.role) }
  }

  func ended(_ connection: Peer) { onEnd() }

  /// The client is let in: what it sent meanwhile is handled now.
  func accept(_ access: ConnectionAccess) {
    connection.stream.readLimit = nil
    admit(access)
    // Nothing is read within this call, so that what was kept comes first.
    connection.resume(.role)
    connection.handle(kept)
    kept = []
  }

  func refuse(_ refusal: AccessSession.Refusal, closeCode: UInt16?) {
    connection.send(AuthenticationError(message: refusal.message))
    connection.end(
      with: FrameEncoder.close(closeCode, maskKey: nil), because: "not authenticated: \(refusal.message)")
  }
}

/// The one message that a connection gets whose authentication failed.
struct AuthenticationError: OutgoingText {
  let message: String

  func compose<Sink: FrameSink>(into sink: inout Sink) {
    sink.append("{\"type\":\"error\",\"error\":{\"code\":\"AUTH_ERROR\",\"message\":")
    sink.append(quoting: message)
    sink.append("}}")
  }
}

/// The connections of an engine that wait for their authentication. Confined to the engine's loop.
final class Authentications {
  private unowned let engine: Engine
  private let closeCode: UInt16?
  private var connections: [AuthenticationToken: AuthenticatingConnection] = [:]
  private var last: UInt64 = 0
  private var verdicts: [(AuthenticationToken, Result<AccessSession, AccessSession.Refusal>)] = []

  init(_ engine: Engine, closeCode: UInt16?) {
    self.engine = engine
    self.closeCode = closeCode
  }

  var keptBytes: [Int] { connections.values.map(\.kept.count) }

  /// Asks the listener's auth function, if it has one, whether a connection is let in.
  ///
  /// - Parameter admit: Gives the connection its role; not called if it is refused or leaves.
  func begin(_ request: HTTPRequestHead, on connection: Peer, then admit: @escaping (ConnectionAccess) -> Void) {
    let listener = engine.access.listeners[connection.listener]
    guard let functionID = listener.policy.rules?.authFunctionID else {
      return admit(engine.access.unrestricted(on: listener.index))
    }
    last += 1
    let token = AuthenticationToken(number: last)
    let waiting = AuthenticatingConnection(
      connection, path: request.path, functionID: functionID, admit: admit,
      onEnd: { [weak self] in self?.connections[token] = nil })
    connections[token] = waiting
    connection.become(waiting)
    let input = AuthenticationInput(
      headers: request.headers, query: request.query, ipAddress: connection.stream.peerAddress?.host ?? "")
    for name in input.omittedHeaders where engine.access.isFirst("omitted header \(name)") {
      engine.note(
        .warning(
          "header '\(name)' of \(waiting.label) is not shown to '\(functionID)': its value has characters outside of "
            + "visible ASCII"))
    }
    engine.ask(functionID, about: token, input)
  }

  /// An answer came. It is acted on in the loop's next turn, because the router is being changed.
  func decide(_ token: AuthenticationToken, _ verdict: Result<AccessSession, AccessSession.Refusal>) -> Bool {
    verdicts.append((token, verdict))
    return verdicts.count == 1
  }

  func actOnVerdicts() {
    let all = verdicts
    verdicts = []
    for (token, verdict) in all {
      // A client that has left is no longer in the table.
      guard let waiting = connections.removeValue(forKey: token) else { continue }
      switch verdict {
      case .success(let session):
        waiting.accept(ConnectionAccess(on: engine.access.listeners[waiting.connection.listener], session))
      case .failure(let refusal):
        engine.note(
          denial: AccessDenial(
            attempt: .connection, id: waiting.functionID, worker: waiting.label, reason: refusal.message))
        waiting.refuse(refusal, closeCode: closeCode)
      }
    }
  }
}
