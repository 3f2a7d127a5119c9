internal import III

/// A copy of the journal's records and bytes, taken on the engine's loop and decoded elsewhere.
struct JournalSnapshot: Sendable {
  struct Item: Sendable {
    let number: UInt64
    let record: JournalRecord
    /// The frame's bytes that are kept; of frames that pass on others, none.
    let bytes: [UInt8]
    let detail: JournalDetail?
  }

  var items: [Item] = []
  /// The connections that are open, by their numbers.
  var connections: [UInt32: JournalConnection] = [:]
  /// The time of the engine's start.
  var start: UInt64 = 0
  /// How many entries were dropped because newer ones came.
  var dropped: UInt64 = 0
  /// The number of the next entry.
  var next: UInt64 = 1
}

extension JournalRecorder {
  /// A copy of the entries from `number` on. Earlier frames that one of them passes on are in it too, at the front.
  func snapshot(from number: UInt64 = 1, _ connections: [UInt32: JournalConnection]) -> JournalSnapshot {
    var snapshot = JournalSnapshot(connections: connections, start: start, dropped: dropped, next: next)
    let begin = max(first, number)
    guard begin < next else { return snapshot }
    let sources = Set((begin..<next).compactMap { record($0)?.source }.filter { $0 >= first && $0 < begin && $0 > 0 })
    for number in sources.sorted() + Array(begin..<next) {
      guard let record = record(number) else { continue }
      snapshot.items.append(
        .init(
          number: number, record: record, bytes: record.keepsBytes ? bytes(of: record)?.array ?? [] : [],
          detail: record.hasDetail ? detail(number) : nil))
    }
    return snapshot
  }
}

extension JournalRecord {
  var isFrame: Bool { kind != .detail }
  var keepsBytes: Bool { isFrame && !isPassedOn }
  var isPassedOn: Bool { kind == .passedCall || kind == .passedResult }

  var direction: JournalFrame.Direction {
    switch kind {
    case .receivedText, .receivedBinary, .receivedPing: .received
    case .sentText, .sentPong, .passedCall, .passedResult, .detail: .sent
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
  private let places: [UInt64: Int]
  private var connections: [UInt32: JournalConnection]
  /// To which connection the engine passed on the call that a received frame contains.
  private var targets: [UInt64: UInt32] = [:]

  init(_ snapshot: JournalSnapshot) {
    self.snapshot = snapshot
    places = Dictionary(uniqueKeysWithValues: snapshot.items.enumerated().map { ($1.number, $0) })
    connections = snapshot.connections
    for item in snapshot.items {
      // The last entry of a connection says what it was.
      if case .closed(_, let connection) = item.detail { connections[item.record.connection] = connection }
      if item.record.kind == .passedCall { targets[item.record.source] = item.record.connection }
    }
  }

  /// All entries from `number` on.
  func entries(from number: UInt64 = 1) -> [JournalEntry] {
    var functions: [UUID128: String] = [:]
    return snapshot.items.compactMap { item in
      let entry = entry(item, &functions)
      return item.number >= number ? entry : nil
    }
  }

  /// - Parameter functions: The functions of the calls so far, by the calls' ids.
  private func entry(_ item: JournalSnapshot.Item, _ functions: inout [UUID128: String]) -> JournalEntry {
    let record = item.record
    let elapsed = record.time > snapshot.start ? record.time - snapshot.start : 0
    return JournalEntry(
      number: item.number, time: .nanoseconds(Int64(clamping: elapsed)), connection: connection(record.connection),
      event: event(item, &functions))
  }

  private func connection(_ number: UInt32) -> JournalConnection? {
    number == 0
      ? nil : connections[number] ?? JournalConnection(number: Int(number), worker: nil, role: "a connection")
  }

  private func event(_ item: JournalSnapshot.Item, _ functions: inout [UUID128: String]) -> JournalEntry.Event {
    if item.record.isFrame { return .frame(frame(item, &functions)) }
    switch item.detail {
    case .opened(let address, let listener): return .opened(address: address, listener: listener)
    case .refused(let reason): return .refused(reason: reason)
    case .closed(let reason, _): return .closed(reason: reason)
    case .event(let event): return event
    case .outline, nil: return .noted(.warning("an entry of the journal has lost its details"))
    }
  }

  private func frame(_ item: JournalSnapshot.Item, _ functions: inout [UUID128: String]) -> JournalFrame {
    let record = item.record
    var kind = FrameKind(rawValue: record.frame)
    var functionID: String?
    var invocationID: String?
    var payload: JSONValue?
    var bytes = item.bytes
    if record.isPassedOn {
      let source = places[record.source].map { snapshot.items[$0] }
      functionID = record.kind == .passedResult ? functions[record.id] : nil
      functionID = functionID ?? source?.functionID
      invocationID = record.id.description
      if record.kind == .passedCall { functions[record.id] = functionID }
      bytes = passedOn(record, source, functionID)
    } else if case .outline(let function, let invocation) = item.detail {
      functionID = function
      invocationID = invocation?.description
    }
    let isCut = bytes.count < Int(record.size)
    if !isCut, record.form == .text || record.form == .binary {
      bytes.withView { view in
        guard let envelope = try? Envelope.scan(view, maxDepth: Envelope.workerMaxDepth) else { return }
        kind = envelope.kind
        functionID = envelope.text(.functionID) ?? (envelope.kind?.isRegistration == true ? envelope.text(.id) : nil)
        invocationID = envelope.text(.invocationID)
        payload = envelope.payload
      }
    }
    return JournalFrame(
      direction: record.direction, form: record.form, type: kind.flatMap { MessageType(rawValue: "\($0.name)") },
      functionID: functionID, invocationID: invocationID, size: Int(record.size),
      text: String(decoding: bytes, as: UTF8.self), isCut: isCut, payload: payload, route: route(item),
      source: record.source == 0 ? nil : record.source)
  }

  /// The text of a frame that passes on a part of `source`, as far as it is kept.
  private func passedOn(_ record: JournalRecord, _ source: JournalSnapshot.Item?, _ functionID: String?) -> [UInt8] {
    guard let source, let functionID, Int(record.offset) <= source.bytes.count else { return [] }
    let kept = min(Int(record.count), source.bytes.count - Int(record.offset))
    let bytes = source.bytes.withView { bytes in
      let part = bytes.dropFirst(Int(record.offset)).prefix(kept)
      // The engine's own spelling of the id, of whose escapes only the meaning is known.
      let name = FunctionName(functionID)
      guard record.kind == .passedCall else {
        return OutgoingResult(id: record.id, name: name, outcome: PassedValue(json: part), trace: nil).bytes
      }
      let caller = record.namesCaller ? connections[source.record.connection]?.worker.flatMap { UUID128($0.id) } : nil
      return (source.quotedFunctionID ?? name.quoted).withView {
        OutgoingInvocation(id: record.id, functionID: $0, data: part, caller: caller, trace: nil, metadata: nil).bytes
      }
    }
    return kept == Int(record.count) ? bytes : Array(bytes.prefix(source.bytes.count))
  }

  private func route(_ item: JournalSnapshot.Item) -> JournalFrame.Route? {
    switch item.record.route {
    case .none: targets[item.number].flatMap { connections[$0]?.worker }.map { .worker($0) }
    case .builtIn: .builtIn
    case .notFound: .notFound
    case .denied: .denied
    case .middleware: .middleware
    case .enqueued: .queue
    case .stubbed: .stub
    }
  }
}

extension JournalSnapshot.Item {
  /// The id of the function that the frame names.
  fileprivate var functionID: String? {
    if case .outline(let functionID, _) = detail { return functionID }
    return bytes.withView { (try? Envelope.scan($0, maxDepth: Envelope.workerMaxDepth))?.text(.functionID) }
  }

  /// The same as the sender spelled it; `nil` if that is not known.
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
