internal import III

/// What access control knows of one worker's connection. Confined to the engine's loop.
final class ConnectionAccess {
  let listener: ListenerAccess
  let session: AccessSession
  /// Whether the session has lists of functions, which are read before the listener's rules.
  let hasLists: Bool
  /// The registration about which a hook is asked.
  var asked: PendingRegistration? {
    didSet { updateWaiting() }
  }
  /// Whether a hook is asked or messages wait.
  private(set) var isWaiting = false
  /// Whether a message that was held is being handled.
  var isReplaying = false
  /// Messages that came while a hook was asked, in order.
  private var held = FIFO<[UInt8]>()
  private var heldBytes = 0
  private var noted = NotedCauses(limit: 100)

  /// While a hook is asked so much is read of a connection and no more.
  static let heldLimit = 16 << 20

  init(on listener: ListenerAccess, _ session: AccessSession) {
    self.listener = listener
    self.session = session
    hasLists = session.hasLists
  }

  /// Whether its messages are checked.
  var isGuarded: Bool { !listener.isOpen }
  /// Whether messages have to wait for others that came before.
  var isHolding: Bool { isWaiting && !isReplaying }
  var hasHeld: Bool { !held.isEmpty }
  var isFull: Bool { heldBytes >= ConnectionAccess.heldLimit }

  func hold(_ message: [UInt8]) {
    held.append(message)
    heldBytes += message.count
    updateWaiting()
  }

  func nextHeld() -> [UInt8]? {
    guard let message = held.popFirst() else { return nil }
    heldBytes -= message.count
    updateWaiting()
    return message
  }

  private func updateWaiting() { isWaiting = asked != nil || !held.isEmpty }

  func isFirst(_ cause: String) -> Bool { noted.isFirst(cause) }

  /// The id under which the engine keeps a function of this worker.
  func prefixed(_ id: String) -> String { session.registrationPrefix.map { "\($0)::\(id)" } ?? id }
}

/// A registration that waits for the answer of its hook, or that needs none.
struct PendingRegistration {
  var registration: HookedRegistration
  /// What hooks are not shown: the two schemas, as JSON.
  var formats: (request: [UInt8]?, response: [UInt8]?) = (nil, nil)
  /// How a function is called over HTTP, if it is.
  var http: HTTPFunction?
}

/// Why access control called a function.
enum AccessCall {
  /// Whether a connection may become a worker.
  case authentication(AuthenticationToken)
  /// Whether a worker may register something.
  case hook(PeerID)
  /// The answer is the answer to a worker's call.
  case middleware(MiddlewareCall)

  /// Whether a connection is not handled until the answer comes.
  var blocks: Bool { if case .middleware = self { false } else { true } }
}

/// A worker's call that a middleware function answers.
struct MiddlewareCall {
  let id: UUID128
  let caller: PeerID
  let name: FunctionName
  let trace: TraceHeaders?
}

/// Names a connection that is being authenticated.
struct AuthenticationToken: Hashable, Sendable {
  let number: UInt64
}
