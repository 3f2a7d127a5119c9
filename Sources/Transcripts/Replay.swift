/// The engine's side of a recorded conversation: takes what workers do, says what to send them, and finds the first difference.
///
/// The engine's messages leave in the recorded order, each as soon as all that workers did before it has happened again. What a
/// worker sends may come in another order than it was recorded, because the tasks of an SDK run at the same time; but a worker
/// that does not do what was recorded before an answer does not get this answer, and that is a difference.
///
/// Connections are the caller's: it gives each a number.
package struct Replay: Sendable {
  package enum Action: Sendable {
    case accept(connection: Int)
    case refuse(connection: Int, status: Int, body: String)
    case send(connection: Int, JSON)
    case close(connection: Int, code: UInt16?, reason: String)
    /// The recording is played to its end.
    case finish
    case fail(Difference)
  }

  /// The first difference between a recording and what a worker did.
  package struct Difference: Error, Sendable, CustomStringConvertible {
    /// The number of the step in the recording, from 1 on; `nil` if it has none for what happened.
    package var step: Int?
    /// What happened, and what was recorded.
    package var text: String

    package var description: String { (step.map { "step \($0): " } ?? "") + text }
  }

  private struct Step: Sendable {
    let number: Int
    let peer: String
    let step: ReplayStep
    var isDone = false
  }

  private var steps: [Step] = []
  /// The first step that is not done.
  private var next = 0
  private var placeholders = Placeholders(hosts: [:])
  private var connections: [String: Int] = [:]
  private var peers: [Int: String] = [:]
  private var hasEnded = false

  /// - Throws: What cannot be replayed of it.
  package init(_ transcript: Transcript) throws(Transcript.Unreadable) {
    for (index, recorded) in transcript.steps.enumerated() {
      do throws(Transcript.Unreadable) {
        for (peer, step) in try ReplayStep.read(recorded) {
          steps.append(Step(number: index + 1, peer: peer, step: step))
        }
      } catch {
        throw Transcript.Unreadable(description: "step \(index + 1): \(error.description)")
      }
    }
    guard !steps.isEmpty else { throw Transcript.Unreadable(description: "it has no step that can be replayed") }
  }

  /// Whether nothing is left but that workers end their connections.
  package var awaitsOnlyEnds: Bool { steps[next...].allSatisfy { $0.isDone || $0.step.isLeave } }

  // MARK: What workers do

  /// A worker has connected and asked for an upgrade.
  package mutating func opened(_ connection: Int, path: String) -> [Action] {
    guard !hasEnded else { return [] }
    for index in steps.indices[next...] where !steps[index].isDone {
      guard case .open(let wanted, let refusal) = steps[index].step,
        placeholders.match(.string(wanted), .string(path))
      else { continue }
      steps[index].isDone = true
      connections[steps[index].peer] = connection
      peers[connection] = steps[index].peer
      if let refusal {
        return [.refuse(connection: connection, status: refusal.status, body: refusal.body)] + advance()
      }
      return [.accept(connection: connection)] + advance()
    }
    return fail(nil, "a worker connects to \(path); the recording has no further connection to it")
  }

  /// A worker has sent a message.
  package mutating func received(_ message: JSON, from connection: Int) -> [Action] {
    guard !hasEnded, let peer = peers[connection] else { return [] }
    let candidates = candidates(of: peer)
    for index in candidates {
      guard case .send(let wanted) = steps[index].step, placeholders.match(wanted, message) else { continue }
      steps[index].isDone = true
      return advance()
    }
    guard let first = candidates.first(where: { isAlike($0, message) }) ?? candidates.first,
      case .send(let wanted) = steps[first].step
    else {
      let waits = steps[next...].first { !$0.isDone }.map { "; it waits for step \($0.number)" } ?? ""
      return fail(nil, "\(peer) sends \(shown(message)); the recording has nothing like it here\(waits)")
    }
    return fail(steps[first].number, "\(peer) sends something else\n" + difference(wanted, message))
  }

  /// A worker has ended its connection.
  package mutating func closed(_ connection: Int) -> [Action] {
    guard !hasEnded, let peer = peers.removeValue(forKey: connection) else { return [] }
    connections[peer] = nil
    let left = steps.indices[next...].filter { !steps[$0].isDone && steps[$0].peer == peer }
    for index in left {
      switch steps[index].step {
      case .leave, .close:
        steps[index].isDone = true
        return advance()
      case .open: return []  // the same worker, connecting again
      case .send(let wanted): return fail(steps[index].number, "\(peer) has ended before it sent \(shown(wanted))")
      case .answer(let wanted):
        return fail(steps[index].number, "\(peer) has ended before it was sent \(shown(wanted))")
      }
    }
    return []
  }

  /// No worker will do anything more; `reason` says why.
  package mutating func ended(_ reason: String) -> [Action] {
    guard !hasEnded else { return [] }
    guard let open = steps[next...].first(where: { !$0.isDone && !$0.step.isLeave }) else {
      hasEnded = true
      return [.finish]
    }
    let missing =
      switch open.step {
      case .open(let path, _): "\(open.peer) has not connected to \(path)"
      case .send(let wanted): "\(open.peer) has not sent \(shown(wanted))"
      case .answer(let wanted): "\(open.peer) was not sent \(shown(wanted))"
      case .leave, .close: "\(open.peer) has not ended its connection"
      }
    return fail(open.number, "\(reason): \(missing)")
  }

  // MARK: Internals

  /// The steps that a message of this peer may be, in their order.
  private func candidates(of peer: String) -> [Int] {
    steps.indices[next...].filter { index in
      guard case .send = steps[index].step else { return false }
      return !steps[index].isDone && steps[index].peer == peer
    }
  }

  /// Whether a message is of the kind of a recorded one, and about the same function.
  private func isAlike(_ index: Int, _ message: JSON) -> Bool {
    guard case .send(let wanted) = steps[index].step else { return false }
    let keys = wanted["type"]?.string == "registerfunction" ? ["type", "id"] : ["type", "function_id"]
    return keys.allSatisfy { wanted[$0]?.string == message[$0]?.string }
  }

  /// Makes the engine's steps whose turn it is.
  private mutating func advance() -> [Action] {
    var actions: [Action] = []
    while next < steps.count {
      let step = steps[next]
      if !step.isDone {
        guard step.step.isEngines else { return actions }
        if let connection = connections[step.peer] {
          switch step.step {
          case .answer(let message): actions.append(.send(connection: connection, placeholders.filled(message)))
          case .close(let code, let reason):
            peers[connection] = nil
            connections[step.peer] = nil
            actions.append(.close(connection: connection, code: code, reason: reason))
          case .open, .send, .leave: break
          }
        }
        steps[next].isDone = true
      }
      next += 1
    }
    hasEnded = true
    return actions + [.finish]
  }

  private mutating func fail(_ step: Int?, _ text: String) -> [Action] {
    hasEnded = true
    return [.fail(Difference(step: step, text: text))]
  }

  /// Both messages, and where they begin to differ.
  private func difference(_ wanted: JSON, _ got: JSON) -> String {
    var tentative = placeholders
    let place = tentative.firstDifference(wanted, got, at: "").map {
      "\n  at \($0.path): recorded \($0.wanted), got \($0.got)"
    }
    return "  recorded \(shown(wanted))\n  got      \(shown(got))" + (place ?? "")
  }

  private func shown(_ message: JSON) -> String {
    let text = message.text
    return text.utf8.count > 2000 ? String(text.prefix(2000)) + "…" : text
  }
}

extension ReplayStep {
  /// A worker's end needs not come: a replay may end the worker.
  fileprivate var isLeave: Bool { if case .leave = self { true } else { false } }
}

extension Placeholders {
  /// The first place where two values differ: its path, and both values there.
  mutating func firstDifference(
    _ wanted: JSON, _ got: JSON, at path: String
  ) -> (path: String, wanted: String, got: String)? {
    if match(wanted, got) { return nil }
    switch (wanted, got) {
    case (.object(let a), .object(let b)):
      for (key, value) in a {
        let name = filled(key)
        let place = path.isEmpty ? name : "\(path).\(name)"
        guard let other = got[name] else { return (place, Self.short(value), "nothing") }
        if let found = firstDifference(value, other, at: place) { return found }
      }
      let known = Set(a.map { filled($0.key) })
      guard let extra = b.first(where: { !known.contains($0.key) }) else { break }
      return (path.isEmpty ? extra.key : "\(path).\(extra.key)", "nothing", Self.short(extra.value))
    case (.array(let a), .array(let b)):
      for (index, (x, y)) in zip(a, b).enumerated() {
        if let found = firstDifference(x, y, at: "\(path)[\(index)]") { return found }
      }
      return ("\(path)", "\(a.count) elements", "\(b.count)")
    default: break
    }
    return (path.isEmpty ? "the top" : path, Self.short(wanted), Self.short(got))
  }

  private static func short(_ value: JSON) -> String {
    let text = value.text
    return text.utf8.count > 200 ? String(text.prefix(200)) + "…" : text
  }
}
