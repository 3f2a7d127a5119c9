import III
import UV

/// Runs the cases of a fuzzing server, one connection a case.
actor CaseClient {
  private static let agent = "iii-swift"

  private let loop: Loop
  private let server: SocketAddress
  private var attempt: ConnectAttempt?

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(on loop: Loop, server: SocketAddress) {
    self.loop = loop
    self.server = server
  }

  /// All cases, then the report.
  func run() async throws {
    var count = 0
    try await connect("/getCaseCount") { count = Int($0) ?? 0 }
    guard count > 0 else { throw CaseError.noCases }
    for number in 1...count { try await connect("/runCase?case=\(number)&agent=\(Self.agent)") }
    try await connect("/updateReports?agent=\(Self.agent)")
    print("\(count) cases run")
  }

  /// One connection, from the upgrade to its end; messages are echoed unless `received` takes them.
  private func connect(_ target: String, received: ((String) -> Void)? = nil) async throws {
    let url = try WebSocketURL("ws://\(server)\(target)")
    try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
      attempt = TCPStream.connect(on: loop, to: server) { result in
        self.attempt = nil
        do {
          let stream = try result.get()
          let key = Upgrade.newKey()
          try Upgrade.request(url, key: key).withUnsafeBytes { stream.write($0) }
          var parser = HTTPHeadParser()
          stream.onEnd = { _ in
            continuation.resume(throwing: CaseError.endedEarly)
          }
          stream.onRead = { bytes in
            switch parser.response(ByteView(UnsafeRawBufferPointer(bytes))) {
            case .needMore: break
            case .malformed(let error):
              stream.close()
              continuation.resume(throwing: error)
            case .complete(let head, let consumed):
              do { try Upgrade.check(head, key: key) } catch {
                stream.close()
                return continuation.resume(throwing: error)
              }
              let connection = EchoConnection(stream, role: .client, received: received) { continuation.resume() }
              if consumed < bytes.count {
                connection.take(UnsafeMutableRawBufferPointer(rebasing: bytes[consumed...]))
              }
            }
          }
          stream.startReading()
        } catch { continuation.resume(throwing: error) }
      }
    }
  }
}
