internal import III

/// What built-in workers have asked for and the kernel has not done yet, in order. Confined to the engine's loop.
///
/// Adding never calls anybody: a worker cannot be re-entered by what it asks for.
final class Outbox {
  enum Request {
    case call(EngineCall)
    case reply(ReplyToken, BuiltInReply)
    case metadata(ReportedMetadata, of: PeerID)
    /// The next message of a worker that waited for the answer of a hook.
    case heldMessage(of: PeerID)
    /// A built-in worker's turn, which it asked for.
    case turn(BuiltInID)
  }

  private var requests = FIFO<Request>()
  private var replies: UInt64 = 0

  /// Kept beside the queue: it is looked at after every message.
  private(set) var isEmpty = true

  /// Returns whether the outbox was empty before.
  func add(_ request: Request) -> Bool {
    let wasEmpty = isEmpty
    requests.append(request)
    isEmpty = false
    return wasEmpty
  }

  func next() -> Request? {
    let request = requests.popFirst()
    isEmpty = requests.isEmpty
    return request
  }

  func nextReply() -> ReplyToken {
    replies += 1
    return ReplyToken(number: replies)
  }

  /// Answers that wait for a test, or for time to pass: the engine counts as settled without them.
  private var held: Set<ReplyToken> = []

  func hold(_ token: ReplyToken) { held.insert(token) }
  func release(_ token: ReplyToken) { held.remove(token) }
  func isHeld(_ token: ReplyToken) -> Bool { held.contains(token) }
}

/// A call that the engine makes, for one of its built-in workers or for access control.
struct EngineCall {
  /// Who hears of the call's end.
  enum Purpose {
    case call(CallToken)
    case condition(CallToken, trigger: ByteKey)
    case access(AccessCall)
    /// A worker was given a call that another one has put into a queue.
    case enqueue(WaitingReply, receipt: UUID128)
  }

  let functionID: ByteKey
  let data: [UInt8]
  let metadata: [UInt8]?
  /// `nil` for access control.
  let caller: BuiltInID?
  /// `nil` if nobody waits for the answer.
  let purpose: Purpose?
  let deadline: Duration?
  /// The trace headers of who asked for the call; engine calls without have their own.
  var trace: TraceHeaders?
  /// The member `delivery` of the frame, of a queue's job.
  var delivery: [UInt8]?
}

/// A place in the table of engine calls that wait for an answer.
struct EngineCallKey: Hashable, Sendable {
  let slot: UInt32
}
