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

  /// The ring of the newest records, which have the newest entries and perhaps more.
  private let records: RecordRing<JournalRecord>
  /// The place of the next record.
  @exclusivity(unchecked) private var cursor = 0
  /// Whether every place was written.
  @exclusivity(unchecked) private var isFull = false
  /// The number of the next entry; the first one is 1.
  @exclusivity(unchecked) private(set) var next: UInt64 = 1
  /// Entries below this number were dropped for their bytes, or cleared.
  private var dropLimit: UInt64 = 1
  /// Entries up to this number were cleared.
  private var cleared: UInt64 = 0
  private var details: [UInt64: JournalDetail] = [:]
  /// The numbers of `details`.
  private var detailed = FIFO<UInt64>()
  /// When an entry with this number is added, the details of dropped entries are removed.
  @exclusivity(unchecked) private var detailLimit: UInt64 = .max

  /// The time of the present turn, by the engine's time source.
  @exclusivity(unchecked) var now: UInt64 = 0
  /// The connection that is being read.
  @exclusivity(unchecked) var connection: UInt32 = 0
  /// The worker that the router has forgotten and whose connection is about to be dropped.
  var leaving: WorkerLabel?
  /// The frame that is being handled: frames that pass on a part of it refer to it. Empty between frames.
  @exclusivity(unchecked) private var current = ByteView.empty
  @exclusivity(unchecked) private var currentNumber: UInt64 = 0
  @exclusivity(unchecked) private var currentPlace = 0

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
    maxEntries = max(settings.maxEntries, 0)
    records = RecordRing<JournalRecord>(capacity: isOn ? maxEntries : 0)
    maxFrameBytes = max(settings.maxFrameBytes, 0)
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
    let position = log.append(prefixToKeep(of: message))
    current = message
    currentNumber = next
    currentPlace = cursor
    add(
      JournalRecord(
        kind: isText ? .receivedText : .receivedBinary, connection: connection, size: UInt32(clamping: message.count),
        time: now, position: position, number: next))
  }

  /// The bytes of a frame that are kept.
  @inline(__always) private func prefixToKeep(of bytes: ByteView) -> ByteView {
    bytes.count <= maxFrameBytes ? bytes : bytes.prefix(maxFrameBytes)
  }

  /// The message that was received last has been read: its outline is known.
  @inline(__always) func decoded(_ envelope: borrowing Envelope) {
    guard let kind = envelope.kind else { return }
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
  @inline(__always) func routed(_ route: JournalRecord.Route) { changeCurrent { $0.route = route } }

  /// Changes the record of the frame that is being handled, unless so many came since that its place was taken.
  @inline(__always) private func changeCurrent(_ change: (inout JournalRecord) -> Void) {
    guard !current.isEmpty, records[currentPlace].number == currentNumber else { return }
    change(&records[currentPlace])
  }

  /// The message that was received is handled, and its memory may be used again.
  @inline(__always) func frameEnded() { current = .empty }

  func received(ping payload: ByteView) { control(.receivedPing, payload, on: connection) }
  func sent(pong payload: ByteView, to connection: UInt32) { control(.sentPong, payload, on: connection) }

  private func control(_ kind: JournalRecord.Kind, _ payload: ByteView, on connection: UInt32) {
    guard isOn else { return }
    let position = log.append(prefixToKeep(of: payload))
    add(
      JournalRecord(
        kind: kind, connection: connection, size: UInt32(clamping: payload.count), time: now, position: position,
        number: next))
  }

  /// A message was sent.
  func sent(_ text: some OutgoingText, size: Int, to connection: UInt32) {
    if isOn { append(text, size: size, to: connection) }
  }

  /// Adds an entry for a message that was sent, with its bytes.
  ///
  /// - Parameters:
  ///   - distance: The record's `sourceDistance`.
  ///   - kind: What kind of frame it is, if `outline` is known.
  ///   - outline: What its envelope says, for a message that is too long to be kept.
  private func append(
    _ text: some OutgoingText, size: Int, to connection: UInt32, distance: UInt32 = 0, _ kind: FrameKind? = nil,
    outline: @autoclosure () -> JournalDetail? = nil
  ) {
    let position: UInt64
    if size <= maxFrameBytes {
      position = log.append(size) { text.compose(into: &$0) }
    } else {
      position = text.bytes.withView { log.append(prefixToKeep(of: $0)) }
      if let outline = outline() { attach(outline, to: next) }
    }
    add(
      JournalRecord(
        kind: .sentText, frame: kind?.rawValue ?? .max, connection: connection, size: UInt32(clamping: size), time: now,
        position: position, number: next, offset: distance))
  }

  /// A call was passed on. Its payload is usually a part of the frame that is being handled, and is not kept again.
  @inline(__always) func sent(_ call: OutgoingInvocation, size: Int, to connection: UInt32) {
    guard isOn else { return }
    // A name that is not the frame's is that of the callee, who knows the function by another one.
    let hasName = offsetInFrame(of: call.functionID) != nil
    if hasName, let offset = offsetInFrame(of: call.data), isCurrentNewest, call.trace == nil, call.metadata == nil {
      passOn(
        call.caller == nil ? .call : .callWithCaller, of: call.id, at: offset, call.data.count, size, to: connection)
    } else {
      append(call, size: size, to: connection, isPassedOn: hasName || offsetInFrame(of: call.data) != nil)
    }
  }

  @inline(never) private func append(
    _ call: OutgoingInvocation, size: Int, to connection: UInt32, isPassedOn: Bool
  ) {
    if isPassedOn { changeCurrent { if $0.passage == .none { $0.target = connection } } }
    append(
      call, size: size, to: connection, distance: isPassedOn ? distance : 0, .invokeFunction,
      outline: .outline(
        functionID: (try? JSONValue(parsing: call.functionID.string))?.stringValue, invocationID: call.id))
  }

  /// A result was passed on.
  @inline(__always) func sent(_ result: OutgoingResult<some ResultOutcome>, size: Int, to connection: UInt32) {
    guard isOn else { return }
    let offset = result.outcome.value.flatMap { offsetInFrame(of: $0) }
    if let offset, let value = result.outcome.value, isCurrentNewest, result.trace == nil,
      result.name.localQuoted == nil
    {
      passOn(.result, of: result.id, at: offset, value.count, size, to: connection)
    } else {
      append(
        result, size: size, to: connection, distance: offset == nil ? 0 : distance, .invocationResult,
        outline: .outline(functionID: result.name.text, invocationID: result.id))
    }
  }

  /// Where a part of the frame that is being handled begins in it.
  @inline(__always) private func offsetInFrame(of part: ByteView) -> Int? {
    current.isEmpty ? nil : current.offset(of: part)
  }

  /// Whether the frame that is being handled is the newest entry.
  private var isCurrentNewest: Bool { next == currentNumber &+ 1 }
  /// How far the next entry is from the frame that is being handled.
  private var distance: UInt32 { UInt32(clamping: next - currentNumber) }

  /// Adds the entry of a frame that passes on a part of the newest one to its record.
  @inline(__always) private func passOn(
    _ passage: JournalRecord.Passage, of id: UUID128, at offset: Int, _ count: Int, _ size: Int, to connection: UInt32
  ) {
    changeCurrent {
      $0.passage = passage
      $0.target = connection
      $0.id = id
      $0.offset = UInt32(truncatingIfNeeded: offset)
      $0.partCount = UInt32(truncatingIfNeeded: count)
    }
    if current.count > maxFrameBytes { attach(.passedOn(size: size), to: next) }
    next &+= 1
  }

  // MARK: Other entries

  /// Adds an entry that is rare.
  func note(_ detail: JournalDetail, connection: UInt32 = 0, at time: UInt64) {
    now = time
    guard isOn else { return }
    attach(detail, to: next)
    add(JournalRecord(kind: .detail, connection: connection, time: time, position: log.position, number: next))
    changes &+= 1
    if isWatched { onEntry?() }
  }

  @inline(never) private func attach(_ detail: JournalDetail, to number: UInt64) {
    details[number] = detail
    detailed.append(number)
    setDetailLimit()
  }

  @inline(never) private func dropDetails(before number: UInt64) {
    while let first = detailed.first, first < number {
      details[first] = nil
      _ = detailed.popFirst()
    }
    setDetailLimit()
  }

  /// An entry outlives its drop by one, because its record may have the next entry, too.
  private func setDetailLimit() { detailLimit = detailed.first.map { $0 + UInt64(maxEntries) + 1 } ?? .max }

  // MARK: Watching

  /// The router was at work.
  @inline(__always) func changed() {
    changes &+= 1
    if isWatched { onChange?() }
  }

  // MARK: The ring

  @inline(__always) private func add(_ record: JournalRecord) {
    if next >= detailLimit { dropDetails(before: next - UInt64(maxEntries)) }
    cursor = records.write(record, at: cursor)
    if cursor == 0 { isFull = true }
    next &+= 1
  }

  /// How many records there are.
  private var count: Int { isFull ? maxEntries : cursor }

  /// A record, by its place in the order of time.
  private func record(at index: Int) -> JournalRecord { records[isFull ? (cursor + index) % maxEntries : index] }

  /// How many of the records, oldest first, come before the first one of which `condition` does not hold.
  private func count(while condition: (JournalRecord) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if condition(record(at: middle)) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The number of the oldest entry that is kept.
  var first: UInt64 {
    let limit = UInt64(maxEntries)
    return max(dropLimit, count > 0 ? record(at: 0).number : next, next > limit ? next - limit : 1)
  }

  /// Whether an entry with a number above `number` is kept.
  func hasEntries(after number: UInt64) -> Bool { next > first && next - 1 > number }

  /// How many entries were dropped because newer ones came.
  var dropped: UInt64 { first - 1 - cleared }

  /// Discards the bytes of dropped entries, and drops entries as long as there would be too many bytes.
  private func makeRoom(_ size: Int) {
    log.discard(before: records(from: first).first?.position ?? log.position)
    while log.allocatedBytes + size > settings.maxBytes, let end = log.oldestChunkEnd {
      let index = count { $0.position < end }
      drop(before: index < count ? record(at: index).number : next)
      log.discard(before: end)
    }
  }

  private func drop(before number: UInt64) {
    dropDetails(before: number)
    dropLimit = max(dropLimit, number)
  }

  /// Forgets all entries, and sets the counts of calls to zero.
  func clear(_ functions: FunctionRegistry) {
    drop(before: next)
    cleared = next - 1
    counts.clear(functions)
  }

  // MARK: Reading

  /// The records of the entries from `number` on; the first one may begin with an earlier entry.
  func records(from number: UInt64) -> some Collection<JournalRecord> {
    let begin = number < next ? max(count { $0.number <= number }, 1) - 1 : count
    return (begin..<count).lazy.map { self.record(at: $0) }
  }

  func detail(_ number: UInt64) -> JournalDetail? { details[number] }

  /// The bytes of a frame that are kept.
  func bytes(of record: JournalRecord) -> ByteView? {
    log.bytes(at: record.position, count: min(Int(record.size), maxFrameBytes))
  }
}
