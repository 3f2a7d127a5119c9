internal import III

/// What faults do to messages that come from a worker.
extension Router {
  /// A message came while faults are set, or messages are held.
  ///
  /// - Returns: How the connection ends, if a fault makes the message one that ends it.
  @inline(never) mutating func receiveThroughFaults(
    _ message: ByteView, isText: Bool, from peer: PeerID, _ output: some RouterOutput
  ) -> ConnectionEnd? {
    let held = faults.held.removeValue(forKey: .init(connection: journal.connection, direction: .received)) ?? []
    let end = receive(message, isText: isText, from: peer, faults.fault(for: message, workers[peer]), output)
    journal.frameEnded()
    for one in held { one.bytes.withView { deliver($0, isText: one.isText, from: peer, output) } }
    return end
  }

  /// Handles a message whose turn has come.
  mutating func deliver(_ message: ByteView, isText: Bool, from peer: PeerID, _ output: some RouterOutput) {
    if isText || !receive(binary: message, from: peer) { receive(message, from: peer, output) }
  }

  private mutating func receive(
    _ message: ByteView, isText: Bool, from peer: PeerID, _ met: FaultTable.Met?, _ output: some RouterOutput
  ) -> ConnectionEnd? {
    guard let met else {
      deliver(message, isText: isText, from: peer, output)
      return nil
    }
    let connection = journal.connection
    func note(_ effect: String) { faults.note(met.fault, effect, connection: connection, at: now) }
    if met.fault.fault.kind.withholds, let invocation = met.frame.invocationID { output.hold(invocation) }
    switch met.fault.fault.kind {
    case .drop: note("\(met.frame) was lost")
    case .duplicate:
      note("\(met.frame) came twice")
      deliver(message, isText: isText, from: peer, output)
      deliver(message, isText: isText, from: peer, output)
    case .delay(let span):
      note("\(met.frame) comes \(span) later")
      output.deliver(message.array, isText: isText, from: peer, connection: connection, after: span)
    case .reorder:
      note("\(met.frame) comes after the next one")
      let place = FaultTable.Held.Place(connection: connection, direction: .received)
      faults.held[place, default: []].append(.init(bytes: message.array, isText: isText))
      output.releaseHeld(place, of: peer)
    case .corrupt(let corruption):
      note("\(met.frame) was broken: \(corruption.rawValue)")
      journal.frameEnded()
      switch corruption.text(of: message) {
      case .success(let text): text.withView { deliver($0, isText: isText, from: peer, output) }
      case .failure(let violation): return .broken(violation)
      }
    case .deny:
      note("\(met.frame) was denied")
      journal.routed(.denied)
      deny(message, from: peer, output)
    case .rejectRegistration:
      note("\(met.frame) was rejected")
      reject(message, from: peer, output)
    case .close, .reset, .kill:
      note(met.fault.fault.kind.effect(on: met.frame))
      deliver(message, isText: isText, from: peer, output)
      output.inflict(met.fault, on: connection)
    case .refuseConnections, .stallUpgrade, .rejectUpgrade, .halfOpen, .blackhole, .slice, .limitBandwidth:
      deliver(message, isText: isText, from: peer, output)
    }
    return nil
  }

  /// Denies a call in the words of access control.
  private mutating func deny(_ message: ByteView, from peer: PeerID, _ output: some RouterOutput) {
    guard let envelope = try? Envelope.scan(message, maxDepth: Envelope.engineMaxDepth),
      let frame = try? InvocationFrame(envelope), let worker = workers[peer]
    else { return }
    let name = FunctionName(frame.functionID.text)
    note(AccessDenial(attempt: .call, id: name.text, worker: worker.label, reason: "denied by a fault"), output)
    send(
      .result(
        id: frame.invocationID ?? newID(), name: name,
        outcome: .failure(AccessDecision(isAllowed: false, step: .override).failure(of: name.text)),
        trace: TraceHeaders(echoing: frame)), to: peer, output)
  }

  /// Refuses a registration, as engines since 0.23 do a function whose id another worker has.
  private mutating func reject(_ message: ByteView, from peer: PeerID, _ output: some RouterOutput) {
    guard let envelope = try? Envelope.scan(message, maxDepth: Envelope.engineMaxDepth) else { return }
    if envelope.kind == .registerFunction {
      let id = envelope.text(.id) ?? ""
      let answer: JSONValue = [
        "type": "registrationrejected", "code": "FUNCTION_NAMESPACE_CONFLICT", "namespace": "default",
        "function_id": .string(id), "owner_worker_id": "",
      ]
      output.send(text: OutgoingBytes(bytes: answer.jsonBytes), to: peer)
    } else if let frame = try? TriggerRegistrationFrame(envelope) {
      let entry = TriggerEntry(
        id: frame.id.key, type: frame.triggerType.key, functionID: frame.functionID.key, config: frame.config.array,
        metadata: frame.metadata?.array, owner: peer)
      let failure = InvocationFailure(code: "trigger_registration_failed", message: "rejected by a fault")
      send(.triggerRegistrationResult(entry, .failure(failure)), to: peer, output)
    }
  }
}

extension FaultTable {
  /// A fault that has an effect on a frame.
  struct Met {
    let fault: ActiveFault
    let frame: FaultFrame
  }

  fileprivate func fault(for message: ByteView, _ worker: WorkerRecord?) -> Met? {
    fault(for: FaultFrame(message, .received), ofWorker: { worker?.metadata.name })
  }

  /// The first fault that has an effect on a frame, if there is one.
  func fault(for frame: FaultFrame?, ofWorker name: () -> String?) -> Met? {
    guard let frame, let fault = first(for: frame, ofWorker: name) else { return nil }
    return Met(fault: fault, frame: frame)
  }
}

extension FaultFrame: CustomStringConvertible {
  /// The frame's kind and function.
  var description: String {
    isOfChannel ? "a channel's message" : (type ?? "a message") + (functionID.map { " of '\($0)'" } ?? "")
  }
}

extension Fault.Kind {
  /// What a frame makes happen to its connection.
  func effect(on frame: FaultFrame) -> String {
    switch self {
    case .close: "the connection is closed at \(frame)"
    case .kill: "the connection is dropped at \(frame)"
    default: "the connection is reset at \(frame)"
    }
  }
}

extension Fault.Kind {
  /// Whether a frame does not reach its receiver, or later.
  var withholds: Bool {
    switch self {
    case .drop, .delay, .reorder, .corrupt: true
    default: false
    }
  }
}

extension Fault.Corruption {
  static let oversizeBytes = 65 << 20

  /// What is made of a message: a text, or what the WebSocket layer finds wrong with it.
  func text(of message: ByteView) -> Result<[UInt8], FrameViolation> {
    switch self {
    case .truncated:
      var count = message.count / 2
      // Not within a character: the text is to stay valid UTF-8.
      while count > 0, message[count] & 0xC0 == 0x80 { count -= 1 }
      return .success(message.prefix(count).array)
    case .notJSON: return .success(Array("this is not JSON".utf8))
    case .unknownType: return .success(Array(#"{"type":"unknown_by_fault"}"#.utf8))
    case .oversize:
      return .failure(
        FrameViolation(closeCode: 1009, text: "a message of \(Self.oversizeBytes) bytes, made by a fault"))
    case .badUTF8: return .failure(FrameViolation(closeCode: 1007, text: "text is not UTF-8, made so by a fault"))
    }
  }
}

/// A message that exists already.
struct OutgoingBytes: OutgoingText {
  let bytes: [UInt8]

  func compose<Sink: FrameSink>(into sink: inout Sink) { sink.append(bytes) }
}
