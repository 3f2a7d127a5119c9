/// A worker's options in the form in which its connection uses them; they are checked before it connects.
struct ConnectionSettings {
  var configuration: Connection.Configuration
  var namespace: String?
  var workerName: String

  init(_ address: String, _ options: InitOptions, _ environment: Environment) throws {
    let url: WebSocketURL
    do throws(WebSocketURLError) {
      url = try WebSocketURL(address)
    } catch {
      throw IIIConnectionError(address: address, problem: "\(error)")
    }
    let feed = options.log == nil ? options.onLog.map { LogFeed($0) } : nil
    let log: @Sendable (LogLevel, String) -> Void = options.log ?? feed?.write ?? ClientLog.write
    var tls: TLSSource?
    if url.isSecure {
      do throws(TLSFailure) {
        tls = try TLSSource(options.tls, systemFile: environment["SSL_CERT_FILE"]) { log(.warn, $0) }
      } catch {
        throw IIIConnectionError(address: address, problem: error.text)
      }
    }
    if let namespace = options.namespace {
      _ = try Namespace.checked(namespace, "InitOptions.namespace")
    }
    let metadata = WorkerMetadata(options, environment)
    namespace = metadata.namespace
    workerName = metadata.name
    // The call itself has no namespace: its payload contains the worker's namespace.
    let introduction = InvokeFunctionMessage(
      functionID: EngineFunctions.registerWorker, data: try PayloadCoder.encode(metadata.payload), action: .void())
    var machine = ConnectionMachine.Configuration(address: url.origin, introduction: introduction)
    machine.reconnection = options.reconnection
    machine.keepAlive = options.keepAlive
    machine.maxQueuedMessages = options.maxQueuedMessages
    machine.maxQueuedBytes = options.maxQueuedBytes
    machine.maxMessageBytes = options.maxMessageBytes
    machine.maxUnsentBytes = options.maxUnsentBytes
    configuration = Connection.Configuration(
      machine: machine, url: url, headers: Self.headers(options.headers, environment, for: url, log),
      maxMessageBytes: options.maxMessageBytes, tls: tls, log: log, endLog: { feed?.finish() })
  }

  /// The headers of the handshake: the user's, without those that cannot be sent, and the token from the environment.
  private static func headers(
    _ given: [String: String], _ environment: Environment, for url: WebSocketURL,
    _ log: (LogLevel, String) -> Void
  ) -> [(key: String, value: String)] {
    var headers = given.sorted { $0.key < $1.key }.filter { header in
      do throws(UpgradeFailure) {
        _ = try Upgrade.request(url, headers: [(key: header.key, value: header.value)], key: "")
        return true
      } catch {
        log(.warn, "\(error)")
        return false
      }
    }
    let isAuthorized = headers.contains { $0.key.equalsIgnoringASCIICase("authorization") }
    if !isAuthorized, let token = environment["III_TOKEN"] { headers.append(("Authorization", "Bearer \(token)")) }
    return headers.map { (key: $0.key, value: $0.value) }
  }
}
