internal import III

/// The writing side of the journal: a ring of records, and the bytes of frames in a log. Nothing is decoded here. Confined
/// to the engine's loop.
final class JournalRecorder {
  let settings: JournalSettings
  private let isOn: Bool
  private let maxEntries: Int
  private let maxFrameBytes: Int
  private let log: ByteLog

  // `@exclusivity(unchecked)` on what every frame changes: the checks at run time would cost more than the entry. No access overlaps
  // another one, because everything is on the loop and nothing is called while a property is being changed.

  /// The ring: entry `number` is at `(number - 1) % maxEntries`.
  private let records: RecordRing<JournalRecord>
  /// How many places of the ring were written.
  @exclusivity(unchecked) private var count = 0
  @exclusivity(unchecked) private var cursor = 0
  /// The number of the next entry of the ring.
  @exclusivity(unchecked) private var number: UInt64 = 1
  /// The entry of the frame that is being handled, as long as it can still change and is not in the ring: a change there would be
  /// dearer.
  @exclusivity(unchecked) private var pending = JournalRecord(kind: .receivedText, connection: 0, time: 0, position: 0)
  @exclusivity(unchecked) private var isPending = false
  /// The number of the oldest entry that is kept, unless the ring has overwritten it.
  private var oldest: UInt64 = 1
  /// Entries up to this number were cleared.
  private var cleared: UInt64 = 0
  private var details: [UInt64: JournalDetail] = [:]
  /// The numbers of `details`, and the first of them: to be compared without a look at the entry that is overwritten.
  private var detailed = FIFO<UInt64>()
  @exclusivity(unchecked) private var nextDetailed: UInt64 = .max

  /// The time of the present turn, by the engine's time source.
  @exclusivity(unchecked) var now: UInt64 = 0
  /// The connection that is being read.
  @exclusivity(unchecked) var connection: UInt32 = 0
  /// The worker that the router has forgotten and whose connection is about to be dropped.
  var leaving: WorkerLabel?
  /// The frame that is being handled: frames that pass on a part of it refer to it. Empty between frames.
  @exclusivity(unchecked) private var current = ByteView.empty
  @exclusivity(unchecked) private var currentNumber: UInt64 = 0

  /// The time of the engine's start.
  let start: UInt64
  let counts = CallCounts()

  /// Whether somebody waits for a call or for a change.
  @exclusivity(unchecked) var isWatched = false
  /// Called when an entry was added that is no frame, if `isWatched`: perhaps while the router is at work, and perhaps not.
  var onEntry: (() -> Void)?
  /// Called after the router was at work, if `isWatched`.
  var onChange: (() -> Void)?
  /// Counts the turns in which the router was at work or an entry was added.
  @exclusivity(unchecked) private(set) var changes: UInt64 = 0

  init(_ settings: JournalSettings, at now: UInt64) {
    self.settings = settings
    isOn = settings.isOn && settings.maxEntries > 0
    maxEntries = settings.maxEntries
    records = RecordRing<JournalRecord>(capacity: isOn ? maxEntries : 0)
    maxFrameBytes = settings.maxFrameBytes
    start = now
    self.now = now
    log = ByteLog(chunkBytes: min(256 << 10, max(settings.maxBytes / 4, 4 << 10)))
    log.onGrowth = { [unowned self] size in makeRoom(size) }
  }

  /// A journal that records nothing.
  static var none: JournalRecorder {
    var settings = JournalSettings()
    settings.isOn = false
    return JournalRecorder(settings, at: 0)
  }

  // MARK: Frames

  /// A message came; it is being handled until `frameEnded`.
  @inline(__always) func received(_ message: ByteView, isText: Bool) {
    guard isOn else { return }
    let kept = message.count <= maxFrameBytes ? message : message.prefix(maxFrameBytes)
    enter()
    currentNumber = number
    current = message
    pending = JournalRecord(
      kind: isText ? .receivedText : .receivedBinary, connection: connection, time: now,
      size: UInt32(clamping: message.count), count: UInt32(truncatingIfNeeded: kept.count), position: log.append(kept))
    isPending = true
  }

  /// The message that was received last has been read: its outline is known.
  @inline(__always) func decoded(_ envelope: borrowing Envelope) {
    guard !current.isEmpty, let kind = envelope.kind else { return }
    changeCurrent { $0.frame = kind.rawValue }
    if current.count > maxFrameBytes { keepOutline(envelope) }
  }

  @inline(never) private func keepOutline(_ envelope: borrowing Envelope) {
    attach(
      .outline(
        functionID: envelope.text(.functionID) ?? envelope.text(.id),
        invocationID: envelope.text(.invocationID).flatMap { UUID128($0) }), to: currentNumber)
  }

  /// What becomes of the call that is being handled, if it is not passed on to a worker.
  @inline(__always) func routed(_ route: JournalRecord.Route) {
    if !current.isEmpty { changeCurrent { $0.route = route } }
  }

  @inline(__always) private func changeCurrent(_ change: (inout JournalRecord) -> Void) {
    if isPending { change(&pending) } else if let place = place(of: currentNumber) { change(&records[place]) }
  }

  /// The message that was received is handled, and its memory may be used again.
  @inline(__always) func frameEnded() {
    enter()
    current = .empty
  }

  func received(ping payload: ByteView) { control(.receivedPing, payload, on: connection) }
  func sent(pong payload: ByteView, to connection: UInt32) { control(.sentPong, payload, on: connection) }

  private func control(_ kind: JournalRecord.Kind, _ payload: ByteView, on connection: UInt32) {
    guard isOn else { return }
    let position = log.append(payload)
    add(
      JournalRecord(
        kind: kind, connection: connection, time: now, size: UInt32(clamping: payload.count),
        count: UInt32(clamping: payload.count), position: position))
  }

  /// A message was sent.
  func sent(_ text: some OutgoingText, size: Int, to connection: UInt32) {
    if isOn { keep(text, size: size, to: connection) }
  }

  private func keep(_ text: some OutgoingText, size: Int, to connection: UInt32) {
    let kept = min(size, maxFrameBytes)
    let position: UInt64
    if kept == size {
      position = log.append(size) { text.compose(into: &$0) }
    } else {
      position = text.bytes.withView { log.append($0.prefix(kept)) }
    }
    add(
      JournalRecord(
        kind: .sentText, connection: connection, time: now, size: UInt32(clamping: size),
        count: UInt32(truncatingIfNeeded: kept), position: position))
  }

  /// A call was passed on. Its payload is usually a part of the frame that is being handled, and is not kept again.
  @inline(__always) func sent(_ call: OutgoingInvocation, size: Int, to connection: UInt32) {
    guard isOn else { return }
    // A name that is not the frame's is that of the callee, who knows the function by another one.
    if call.trace == nil, call.metadata == nil, let offset = offset(of: call.data),
      current.offset(of: call.functionID) != nil
    {
      add(
        JournalRecord(
          kind: .passedCall, frame: FrameKind.invokeFunction.rawValue, connection: connection, time: now,
          size: UInt32(truncatingIfNeeded: size),
          count: UInt32(truncatingIfNeeded: call.data.count), offset: offset, namesCaller: call.caller != nil,
          position: log.position, source: currentNumber, id: call.id))
    } else {
      keep(call, size: size, to: connection)
    }
  }

  /// A result was passed on.
  @inline(__always) func sent(_ result: OutgoingResult<some ResultOutcome>, size: Int, to connection: UInt32) {
    guard isOn else { return }
    if result.trace == nil, result.name.localQuoted == nil, let value = result.outcome.value,
      let offset = offset(of: value)
    {
      add(
        JournalRecord(
          kind: .passedResult, frame: FrameKind.invocationResult.rawValue, connection: connection, time: now,
          size: UInt32(truncatingIfNeeded: size), count: UInt32(truncatingIfNeeded: value.count), offset: offset,
          position: log.position, source: currentNumber, id: result.id))
    } else {
      keep(result, size: size, to: connection)
    }
  }

  /// Where a part of the frame that is being handled begins in it.
  @inline(__always) private func offset(of part: ByteView) -> UInt32? {
    current.offset(of: part).map { UInt32(truncatingIfNeeded: $0) }
  }

  // MARK: Other entries

  /// Adds an entry that is rare.
  func note(_ detail: JournalDetail, connection: UInt32 = 0, at time: UInt64) {
    now = time
    guard isOn else { return }
    let number = next
    keep(detail, of: number)
    add(JournalRecord(kind: .detail, hasDetail: true, connection: connection, time: time, position: log.position))
    changes &+= 1
    if isWatched { onEntry?() }
  }

  private func attach(_ detail: JournalDetail, to number: UInt64) {
    guard let place = place(of: number) else { return }
    records[place].hasDetail = true
    keep(detail, of: number)
  }

  private func keep(_ detail: JournalDetail, of number: UInt64) {
    details[number] = detail
    detailed.append(number)
    nextDetailed = min(nextDetailed, number)
  }

  @inline(never) private func dropDetails(before number: UInt64) {
    while let first = detailed.first, first < number {
      details[first] = nil
      _ = detailed.popFirst()
    }
    nextDetailed = detailed.first ?? .max
  }

  // MARK: Watching

  /// The router was at work.
  @inline(__always) func changed() {
    changes &+= 1
    if isWatched { onChange?() }
  }

  // MARK: The ring

  @inline(__always) private func add(_ record: JournalRecord) {
    enter()
    write(record)
  }

  /// The pending entry enters the ring.
  @inline(__always) private func enter() {
    guard isPending else { return }
    isPending = false
    write(pending)
  }

  @inline(__always) private func write(_ record: JournalRecord) {
    if count < maxEntries {
      count &+= 1
    } else if nextDetailed <= number &- UInt64(maxEntries) {
      dropDetails(before: number &- UInt64(maxEntries) &+ 1)
    }
    cursor = records.write(record, at: cursor)
    number &+= 1
  }

  /// The number of the next entry; the first one is 1.
  var next: UInt64 {
    enter()
    return number
  }

  /// The number of the oldest entry that is kept.
  var first: UInt64 { max(oldest, next > UInt64(count) ? next - UInt64(count) : 1) }

  /// How many entries were dropped because newer ones came.
  var dropped: UInt64 { first - 1 - cleared }

  private func place(of number: UInt64) -> Int? {
    guard number >= first, number < next else { return nil }
    return Int((number - 1) % UInt64(maxEntries))
  }

  /// Discards the bytes of dropped entries, and drops entries as long as there would be too many bytes.
  private func makeRoom(_ size: Int) {
    log.discard(before: position(of: first))
    while log.allocatedBytes + size > settings.maxBytes, let end = log.oldestChunkEnd {
      var number = first
      while number < next, position(of: number) < end { number += 1 }
      drop(before: number)
      log.discard(before: end)
    }
  }

  private func drop(before number: UInt64) {
    dropDetails(before: number)
    oldest = max(oldest, number)
  }

  private func position(of number: UInt64) -> UInt64 { record(number)?.position ?? log.position }

  /// Forgets all entries, and sets the counts of calls to zero.
  func clear(_ functions: FunctionRegistry) {
    drop(before: next)
    cleared = next - 1
    counts.clear(functions)
  }

  // MARK: Reading

  func record(_ number: UInt64) -> JournalRecord? { place(of: number).map { records[$0] } }
  func detail(_ number: UInt64) -> JournalDetail? { details[number] }

  /// The bytes of a frame that are kept.
  func bytes(of record: JournalRecord) -> ByteView? { log.bytes(at: record.position, count: Int(record.count)) }
}
