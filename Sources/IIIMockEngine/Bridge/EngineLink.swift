internal import III
internal import UV

/// A connection of this engine to another one, as one of its workers. Confined to the engine's loop, on which the
/// connection lives too; it is kept up until the engine stops.
final class EngineLink {
  /// How a call has ended: a result of JSON, `null` if the function returned none.
  typealias Outcome = Result<[UInt8], RelayFailure>

  static let defaultURL = "ws://localhost:49134"

  private let loop: Loop
  private var worker: III?
  /// Calls that were begun before there was a worker, in order.
  private var waiting: [(III) -> Void] = []
  /// Why there is no worker.
  private var failure: String?

  /// Connects in the background.
  ///
  /// - Parameters:
  ///   - name: The name that the other engine shows.
  ///   - setUp: Registers the worker's functions and triggers; not called on the loop.
  init?(
    to url: String, named name: String, _ host: BuiltInHost, setUp: @escaping @Sendable (III) throws -> Void = { _ in }
  ) {
    guard let core = host.core else { return nil }
    loop = core.loop
    let me = LoopBound(self, on: loop)
    let warning = LoopBound(host, on: loop)
    Task {
      do {
        guard let place = await core.host else { throw MockEngineError.stopped }
        let worker = try await registerWorker(
          url, options: InitOptions(workerName: name, connection: .inBackground), on: place)
        try setUp(worker)
        core.loop.post { me.value.begin(worker) }
      } catch {
        let text = "\(error)"
        core.loop.post {
          me.value.fail(text)
          warning.value.warn("cannot connect to the engine at \(url): \(text)")
        }
      }
    }
  }

  private func begin(_ worker: III) {
    self.worker = worker
    let calls = waiting
    waiting = []
    for call in calls { call(worker) }
  }

  private func fail(_ text: String) {
    failure = text
    waiting = []
  }

  func stop() {
    worker = nil
    waiting = []
    failure = "the engine has stopped"
  }

  /// Calls a function of the other engine; `done` is called once on the loop, later, unless this engine stops first.
  func call(
    _ functionID: String, _ payload: [UInt8], timeout: Duration = .seconds(30), then done: @escaping (Outcome) -> Void
  ) {
    let answer = LoopBound(done, on: loop)
    let loop = loop
    perform(orFail: { reason in loop.post { answer.value(.failure(.notConnected(reason))) } }) { worker in
      worker.relay(functionID, payload, timeout: timeout) { outcome in loop.post { answer.value(outcome) } }
    }
  }

  /// Calls a function of the other engine and waits for no answer; `done` hears whether the call could not be sent.
  func send(_ functionID: String, _ payload: [UInt8], then done: @escaping (RelayFailure?) -> Void = { _ in }) {
    let answer = LoopBound(done, on: loop)
    let loop = loop
    perform(orFail: { reason in loop.post { answer.value(.notConnected(reason)) } }) { worker in
      worker.relayWithoutAnswer(functionID, payload) { failure in loop.post { answer.value(failure) } }
    }
  }

  private func perform(orFail: @escaping (String) -> Void, _ body: @escaping (III) -> Void) {
    if let worker { return body(worker) }
    if let failure { return orFail(failure) }
    waiting.append(body)
  }
}

extension RelayFailure {
  /// The failure in the real engine's words.
  var bridgeText: String {
    switch self {
    case .remote(let code, let message, _): "remote error (\(code)): \(message)"
    case .timedOut: "invocation timed out"
    case .notConnected: "iii is not connected"
    }
  }
}
