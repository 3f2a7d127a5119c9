internal import III

/// A copy of the journal's records and bytes, taken on the engine's loop and decoded elsewhere.
struct JournalSnapshot: Sendable {
  struct Item: Sendable {
    let record: JournalRecord
    /// The frame's bytes that are kept.
    let bytes: [UInt8]
    let detail: JournalDetail?
    /// Of the entry that passes this one on.
    let passageDetail: JournalDetail?
  }

  var items: [Item] = []
  /// The number of the first entry that is wanted; the first item may begin with an earlier one.
  var begin: UInt64 = 1
  /// The connections that are open, by their numbers.
  var connections: [UInt32: JournalConnection] = [:]
  /// The time of the engine's start.
  var start: UInt64 = 0
  /// How many entries were dropped because newer ones came.
  var dropped: UInt64 = 0
  /// The number of the oldest entry that was not dropped.
  var first: UInt64 = 1
}

extension JournalRecorder {
  /// A copy of the entries from `number` on.
  func snapshot(from number: UInt64 = 1, _ connections: [UInt32: JournalConnection]) -> JournalSnapshot {
    let begin = max(first, number)
    let items = records(from: begin).map { record in
      JournalSnapshot.Item(
        record: record, bytes: record.isFrame ? bytes(of: record)?.array ?? [] : [], detail: detail(record.number),
        passageDetail: record.passage == .none ? nil : detail(record.number + 1))
    }
    return JournalSnapshot(
      items: items, begin: begin, connections: connections, start: start, dropped: dropped, first: first)
  }
}

extension JournalRecord {
  var isFrame: Bool { kind != .detail }

  var direction: JournalFrame.Direction {
    switch kind {
    case .receivedText, .receivedBinary, .receivedPing: .received
    case .sentText, .sentPong, .detail: .sent
    }
  }

  var form: JournalFrame.Form {
    switch kind {
    case .receivedBinary: .binary
    case .receivedPing: .ping
    case .sentPong: .pong
    default: .text
    }
  }
}

/// Decodes a snapshot.
struct JournalDecoder {
  private let snapshot: JournalSnapshot
  private var connections: [UInt32: JournalConnection]

  init(_ snapshot: JournalSnapshot) {
    self.snapshot = snapshot
    connections = snapshot.connections
    for item in snapshot.items {
      // The last entry of a connection says what it was.
      if case .closed(_, let connection) = item.detail { connections[item.record.connection] = connection }
    }
  }

  /// The entries that are wanted, oldest first.
  var entries: [JournalEntry] {
    // The functions of the calls so far, by the calls' ids.
    var functions: [UUID128: String] = [:]
    var entries: [JournalEntry] = []
    func add(_ number: UInt64, _ connection: UInt32, _ time: UInt64, _ event: JournalEntry.Event) {
      if case .frame(let frame) = event, frame.direction == .sent, frame.type == .invokeFunction,
        let id = frame.invocationID.flatMap({ UUID128($0) })
      {
        // The callee may know the function by another name than its caller.
        let source = frame.source.flatMap { number in entries.last { $0.number == number }?.frame }
        functions[id] = source?.functionID ?? frame.functionID
      }
      guard number >= snapshot.begin else { return }
      let elapsed = time > snapshot.start ? time - snapshot.start : 0
      entries.append(
        JournalEntry(
          number: number, time: .nanoseconds(Int64(clamping: elapsed)), connection: self.connection(connection),
          event: event))
    }
    for item in snapshot.items {
      let record = item.record
      let event = event(item)
      add(record.number, record.connection, record.time, event)
      if record.passage != .none, case .frame(let frame) = event {
        add(record.number + 1, record.target, record.time, .frame(passedOn(frame, item, functions)))
      }
    }
    return entries
  }

  private func connection(_ number: UInt32) -> JournalConnection? {
    number == 0
      ? nil : connections[number] ?? JournalConnection(number: Int(number), worker: nil, role: "a connection")
  }

  private func event(_ item: JournalSnapshot.Item) -> JournalEntry.Event {
    if item.record.isFrame { return .frame(frame(item)) }
    switch item.detail {
    case .opened(let address, let listener): return .opened(address: address, listener: listener)
    case .refused(let reason): return .refused(reason: reason)
    case .closed(let reason, _): return .closed(reason: reason)
    case .event(let event): return event
    case .outline, .passedOn, nil: return .noted(.warning("an entry of the journal has lost its details"))
    }
  }

  /// The frame of an item's record.
  private func frame(_ item: JournalSnapshot.Item) -> JournalFrame {
    let record = item.record
    let distance = UInt64(record.sourceDistance)
    let source = distance > 0 ? sourceIfKept(record.number - distance) : nil
    var frame = DecodedFrame(
      item.bytes, size: Int(record.size), isMessage: record.form == .text || record.form == .binary)
    frame.kind = frame.kind ?? FrameKind(rawValue: record.frame)
    if case .outline(let functionID, let invocationID) = item.detail {
      frame.functionID = functionID
      frame.invocationID = invocationID?.description
    }
    return frame.entry(record.direction, record.form, route: route(record), source: source)
  }

  /// The frame that passes on a part of `source`, the item's frame.
  private func passedOn(
    _ source: JournalFrame, _ item: JournalSnapshot.Item, _ functions: [UUID128: String]
  ) -> JournalFrame {
    let record = item.record
    let functionID = record.passage == .result ? functions[record.id] ?? source.functionID : source.functionID
    let bytes = functionID.map { textPassedOn(item, $0) } ?? []
    var size = bytes.count
    if case .passedOn(let whole) = item.passageDetail { size = whole }
    var frame = DecodedFrame(bytes, size: size, isMessage: true)
    frame.kind = record.passage == .result ? .invocationResult : .invokeFunction
    frame.functionID = frame.functionID ?? functionID
    frame.invocationID = record.id.description
    return frame.entry(.sent, .text, route: nil, source: sourceIfKept(record.number))
  }

  /// The number of an entry; `nil` if it was dropped.
  private func sourceIfKept(_ number: UInt64) -> UInt64? { number >= snapshot.first ? number : nil }

  /// The text of a frame that passes on a part of an item's frame, as far as that is kept.
  private func textPassedOn(_ item: JournalSnapshot.Item, _ functionID: String) -> [UInt8] {
    let record = item.record
    let offset = min(Int(record.offset), item.bytes.count)
    let kept = min(Int(record.partCount), item.bytes.count - offset)
    let bytes = item.bytes.withView { bytes in
      let part = bytes.dropFirst(offset).prefix(kept)
      // The engine's own spelling of the id, of whose escapes only the meaning is known.
      let name = FunctionName(functionID)
      if record.passage == .result {
        return OutgoingResult(id: record.id, name: name, outcome: PassedValue(json: part), trace: nil).bytes
      }
      // The caller's id follows the payload's brace.
      let caller =
        record.passage == .callWithCaller && kept > 0
        ? connections[record.connection]?.worker.flatMap { UUID128($0.id) } : nil
      return (item.quotedFunctionID ?? name.quoted).withView {
        OutgoingInvocation(id: record.id, functionID: $0, data: part, caller: caller, trace: nil, metadata: nil).bytes
      }
    }
    // What was composed ends with a brace, which does not follow what is kept.
    return kept == Int(record.partCount) ? bytes : Array(bytes.dropLast().prefix(item.bytes.count))
  }

  private func route(_ record: JournalRecord) -> JournalFrame.Route? {
    switch record.route {
    case .none: record.passage == .result ? nil : connections[record.target]?.worker.map { .worker($0) }
    case .builtIn: .builtIn
    case .notFound: .notFound
    case .denied: .denied
    case .middleware: .middleware
    case .enqueued: .queue
    case .stubbed: .stub
    }
  }
}

/// What the journal says of a frame that its bytes say.
private struct DecodedFrame {
  let bytes: [UInt8]
  let size: Int
  var kind: FrameKind?
  var functionID: String?
  var invocationID: String?
  var payload: JSONValue?

  private var isCut: Bool { bytes.count < size }

  init(_ bytes: [UInt8], size: Int, isMessage: Bool) {
    self.bytes = bytes
    self.size = size
    guard isMessage, !isCut else { return }
    bytes.withView { view in
      guard let envelope = try? Envelope.scan(view, maxDepth: Envelope.workerMaxDepth) else { return }
      kind = envelope.kind
      functionID = envelope.text(.functionID) ?? (envelope.kind?.isRegistration == true ? envelope.text(.id) : nil)
      invocationID = envelope.text(.invocationID)
      payload = envelope.payload
    }
  }

  func entry(
    _ direction: JournalFrame.Direction, _ form: JournalFrame.Form, route: JournalFrame.Route?, source: UInt64?
  ) -> JournalFrame {
    JournalFrame(
      direction: direction, form: form, type: kind.flatMap { MessageType(rawValue: "\($0.name)") },
      functionID: functionID, invocationID: invocationID, size: size, text: String(decoding: bytes, as: UTF8.self),
      isCut: isCut, payload: payload, route: route, source: source)
  }
}

extension JournalSnapshot.Item {
  /// The id of the function that the frame names, as the sender spelled it; `nil` if that is not known.
  fileprivate var quotedFunctionID: [UInt8]? {
    bytes.withView { (try? Envelope.scan($0, maxDepth: Envelope.workerMaxDepth))?.value(.functionID)?.array }
  }
}

extension FrameKind {
  fileprivate var isRegistration: Bool { self == .registerFunction || self == .unregisterFunction }
}

extension Envelope {
  /// The payload of a call, or what an answer returns.
  fileprivate var payload: JSONValue? {
    let field: Field =
      switch kind {
      case .invokeFunction: .data
      case .invocationResult, .triggerRegistrationResult: text(.error) == nil && value(.error) != nil ? .error : .result
      default: .config
      }
    return value(field).flatMap { try? PayloadCoder.decode(JSONValue.self, from: $0) }
  }
}
