internal import III

/// Puts calls together from entries of the journal.
struct InvocationList {
  private(set) var all: [RecordedInvocation] = []
  /// The place of the last call with an id.
  private var places: [ByteKey: Int] = [:]
  private let pattern: WildcardPattern?

  /// - Parameter pattern: The ids of the functions; nil: all.
  init(_ entries: [JournalEntry], of pattern: WildcardPattern? = nil) {
    self.pattern = pattern
    var received: [UInt64: JournalEntry] = [:]
    for entry in entries {
      if let frame = entry.frame {
        if frame.direction == .received, frame.type == .invokeFunction { received[entry.number] = entry }
        add(frame, entry, source: frame.source.flatMap { received[$0] })
      } else if case .closed = entry.event {
        stop(entry)
      }
    }
  }

  private mutating func add(_ frame: JournalFrame, _ entry: JournalEntry, source: JournalEntry?) {
    switch (frame.type, frame.direction) {
    case (.invokeFunction, .sent):
      begin(
        frame, at: source?.time ?? entry.time, payload: source?.frame?.payload ?? frame.payload?.withoutCaller,
        caller: source?.connection?.worker ?? caller(of: frame), callee: entry.connection?.worker,
        functionID: source?.frame?.functionID)
    case (.invokeFunction, .received):
      guard frame.route == .builtIn else { return }
      begin(frame, at: entry.time, payload: frame.payload, caller: entry.connection?.worker, callee: nil)
    case (.invocationResult, _): end(frame, entry)
    default: break
    }
  }

  /// Who called, where the frame with the call is no longer in the journal or was not passed on as it came.
  private func caller(of frame: JournalFrame) -> WorkerLabel? {
    guard case .string(let id)? = frame.payload?[JSONValue.callerKey] else { return nil }
    return WorkerLabel(id: id)
  }

  private mutating func begin(
    _ frame: JournalFrame, at time: Duration, payload: JSONValue?, caller: WorkerLabel?, callee: WorkerLabel?,
    functionID: String? = nil
  ) {
    guard let id = functionID ?? frame.functionID, pattern?.matches(id) ?? true else { return }
    if let invocation = frame.invocationID { places[ByteKey(invocation)] = all.count }
    all.append(
      RecordedInvocation(
        functionID: id, invocationID: frame.invocationID, payload: payload, caller: caller, callee: callee,
        begin: time, duration: nil, outcome: .pending))
  }

  /// The first answer counts: it came from the callee, or the engine made it.
  private mutating func end(_ frame: JournalFrame, _ entry: JournalEntry) {
    guard let id = frame.invocationID, let place = places.removeValue(forKey: ByteKey(id)) else { return }
    all[place].duration = entry.time - all[place].begin
    all[place].outcome = .returned(frame.payload ?? .null)
    guard let failure = frame.failure else { return }
    all[place].outcome = .failed(code: failure.code, message: failure.message)
  }

  /// A worker left: what it was called for and had not answered ended with it.
  private mutating func stop(_ entry: JournalEntry) {
    guard let worker = entry.connection?.worker else { return }
    for (id, place) in places where all[place].callee?.id == worker.id {
      places[id] = nil
      all[place].duration = entry.time - all[place].begin
      all[place].outcome = .failed(
        code: InvocationFailure.stopped.code, message: InvocationFailure.stopped.message)
    }
  }
}

extension JournalFrame {
  /// The error of an answer.
  fileprivate var failure: (code: String, message: String)? {
    guard type == .invocationResult, let error = (try? JSONValue(parsing: text))?["error"], case .object = error else {
      return nil
    }
    func string(_ value: JSONValue?) -> String { if case .string(let string)? = value { string } else { "" } }
    return (string(error["code"]), string(error["message"]))
  }
}

extension JSONValue {
  fileprivate static let callerKey = "_caller_worker_id"

  /// Without the caller's id, which the engine adds.
  fileprivate var withoutCaller: JSONValue {
    var value = self
    value[JSONValue.callerKey] = nil
    return value
  }
}
