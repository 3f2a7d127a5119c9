internal import III
internal import UV

/// Something that is still under way, so that the engine is not settled.
enum InFlight {
  /// A handler of a worker on the engine's loop, or of a stub, runs.
  case handler(HandlerActivity)
  /// A worker that does not run on the engine's loop has not answered.
  case invocation(Invocation, worker: WorkerLabel)
  /// A worker on the engine's loop connects.
  case connecting(address: String)
  case traffic(StreamTraffic)
  /// A function of the engine owes an answer.
  case reply(functionID: String)
  /// Something is being written to a file.
  case storage
  /// Timers that are due have not fired.
  case timers
  /// Jobs of handlers wait for their turn.
  case executor
  /// A worker has not answered the ping that follows what it was sent.
  case unacknowledged(WorkerLabel)

  init(_ activity: WorkerActivity) {
    switch activity {
    case .connecting(let address): self = .connecting(address: address)
    case .handling(let activity): self = .handler(activity)
    }
  }

  /// The function that is called, if it is a call.
  var functionID: String? {
    switch self {
    case .handler(let activity): activity.functionID
    case .invocation(let invocation, _): invocation.name.text
    case .reply(let id): id
    default: nil
    }
  }

  /// A line for errors.
  ///
  /// - Parameters:
  ///   - realNow: Real time, of the same kind as the beginning of handlers.
  ///   - now: The engine's time, as the beginning of invocations.
  func text(realNow: UInt64, now: UInt64) -> String {
    switch self {
    case .handler(let activity):
      let invocation = activity.invocationID.map { "invocation \($0)" } ?? "no answer is expected"
      return "the handler of '\(activity.functionID)' runs (\(invocation)), since "
        + "\(InFlight.span(realNow &- activity.begun)) of real time"
    case .invocation(let invocation, let worker):
      return
        "'\(invocation.name.text)' was delivered to \(worker) and is not answered (invocation \(invocation.id)), since "
        + "\(InFlight.span(now &- invocation.begun)) of the engine's time"
    case .connecting(let address): return "a worker connects to \(address)"
    case .traffic(.connecting): return "a connection is being opened"
    case .traffic(.arriving(let bytes)): return "\(bytes) bytes, or the end of a connection, have not been read yet"
    case .traffic(.unsent(let bytes, let peer)): return "\(bytes) bytes wait for \(peer), which does not read them"
    case .reply(let id): return "the engine's function '\(id)' has not answered yet"
    case .storage: return "data is being written to a file"
    case .timers: return "timers that are due have not fired"
    case .executor: return "a task of a handler runs, or waits for its turn"
    case .unacknowledged(let worker):
      return "\(worker) has not answered a ping, so it may not have read what it was sent"
    }
  }

  private static func span(_ nanoseconds: UInt64) -> String {
    let milliseconds = nanoseconds / 1_000_000
    return milliseconds < 1000 ? "\(milliseconds) ms" : "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s"
  }
}

extension Engine {
  /// All that is under way. What waits for time to pass, or for a test, is not.
  var inFlight: [InFlight] {
    var found: [InFlight] = []
    if timers.hasDue { found.append(.timers) }
    if !storage.isIdle { found.append(.storage) }
    found += loop.traffic.map { .traffic($0) }
    found += unansweredInvocations
    let replies = router.lateReplies.filter { !router.outbox.isHeld($0.key) && !$0.value.name.key.hasPrefix("mock::") }
    for reply in replies.valuesInOrder {
      found.append(.reply(functionID: reply.name.text))
    }
    return found
  }

  /// The invocations that workers owe which do not run on this loop: those that do are asked what their handlers do.
  ///
  /// Of another process only frames are known. A worker that waits for as many calls of its own as it owes answers is taken to
  /// answer when those are answered.
  private var unansweredInvocations: [InFlight] {
    guard router.invocations.count > 0 else { return [] }
    var owed: [PeerID: [Invocation]] = [:]
    var awaited: [PeerID: Int] = [:]
    for invocation in router.invocations.all {
      if invocation.caller != invocation.callee { awaited[invocation.caller, default: 0] += 1 }
      guard let peer = peers.connection(of: invocation.callee), !peer.stream.isOfThisLoop, !holds.isHeld(peer),
        !holds.isHeld(invocation.id)
      else { continue }
      owed[invocation.callee, default: []].append(invocation)
    }
    for reply in router.lateReplies.values where !reply.name.key.hasPrefix("mock::") {
      awaited[reply.caller, default: 0] += 1
    }
    return owed.sorted { $0.key.slot < $1.key.slot }.flatMap { peer, invocations -> [InFlight] in
      guard invocations.count > awaited[peer] ?? 0, let label = label(of: peer) else { return [] }
      return invocations.sorted { $0.sequence < $1.sequence }.map { .invocation($0, worker: label) }
    }
  }
}

/// What tests hold back, so that it is not under way. Confined to the engine's loop.
///
/// Faults that cut a connection or swallow a message note it here.
final class Holds {
  private var peers: Set<ObjectIdentifier> = []
  private var invocations: Set<UUID128> = []

  func hold(_ peer: Peer) { peers.insert(ObjectIdentifier(peer)) }
  func release(_ peer: Peer) { peers.remove(ObjectIdentifier(peer)) }
  func isHeld(_ peer: Peer) -> Bool { !peers.isEmpty && peers.contains(ObjectIdentifier(peer)) }

  /// The answer of this invocation will not come.
  func hold(_ invocation: UUID128) { invocations.insert(invocation) }
  func release(_ invocation: UUID128) { invocations.remove(invocation) }
  func isHeld(_ invocation: UUID128) -> Bool { !invocations.isEmpty && invocations.contains(invocation) }

  func releaseAll() {
    peers = []
    invocations = []
  }
}
