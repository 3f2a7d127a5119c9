public import III

/// What has happened in an engine: connections, frames in both directions, denials, ignored frames, faults.
///
/// ```swift
/// let calls = await engine.journal.invocations(of: "math::add")
/// #expect(calls.map(\.payload) == [["a": 1, "b": 2]])
/// try await engine.verify("math::add", calledTimes: 1)
/// ```
///
/// The newest entries are kept, as many as ``JournalSettings`` says; ``dropped`` counts the others. Messages of channels are not
/// recorded one by one: the end of their connections says how many bytes there were.
///
/// What is returned as values is as it was sent. Texts, JSON lines and errors have `[REDACTED]` in place of the values of members
/// whose names say that they are secrets (`password`, `api_key`, `token`, `authorization` …).
///
/// A journal can be read after its engine was shut down.
public struct Journal: Sendable {
  let core: EngineCore

  /// All entries that are kept, oldest first.
  public var entries: [JournalEntry] { get async { await entries(after: 0) } }

  /// The entries with a number above `number`, oldest first.
  public func entries(after number: UInt64) async -> [JournalEntry] {
    JournalDecoder(await core.journal(after: number)).entries
  }

  /// How many entries were dropped because newer ones came.
  public var dropped: Int { get async { Int(clamping: await core.journal(from: .max).dropped) } }

  /// The frames that match all that is given, oldest first.
  ///
  /// - Parameters:
  ///   - type: The frame's kind.
  ///   - function: The id of the function that it is about; `*` stands for any text.
  ///   - worker: The name of the worker that sent or received it; `*` stands for any text.
  ///   - direction: Which way it went.
  public func frames(
    _ type: MessageType? = nil, function: String? = nil, worker: String? = nil,
    direction: JournalFrame.Direction? = nil
  ) async -> [JournalEntry] {
    let filter = JournalFilter(type: type, function: function, worker: worker, direction: direction, onlyFrames: true)
    return await entries.filter(filter.matches)
  }

  /// The calls of a function that the journal still has the frames of, oldest first.
  ///
  /// - Parameter functionID: The function's id; `*` stands for any text.
  public func invocations(of functionID: String) async -> [RecordedInvocation] {
    InvocationList(await entries, of: WildcardPattern(functionID)).all
  }

  /// How often a function was called, and how many of those calls have ended. These are counters: they are right also if the
  /// journal has dropped entries.
  ///
  /// - Parameter functionID: The function's id; `*` stands for any text.
  public func count(of functionID: String) async -> (called: Int, ended: Int) {
    let count = await core.calls(of: WildcardPattern(functionID))
    return (Int(count.invoked), Int(count.ended))
  }

  /// All entries that are kept as JSON Lines: an object and a line feed for each. Secrets are redacted.
  public var jsonLines: String {
    get async { await entries.map(\.jsonLine).joined() }
  }

  /// Suspends until there are entries with a number above `number`; returns them, oldest first.
  ///
  /// - Throws: ``MockEngineError/stopped`` once the engine was shut down and all entries were returned; `CancellationError`.
  public func next(after number: UInt64) async throws -> [JournalEntry] {
    try await core.waitForEntries(after: number)
    return await entries(after: number)
  }

  /// Forgets all entries and sets the counts of calls to zero. The numbers of entries go on.
  public func clear() async { await core.clearJournal() }
}

/// Which entries are wanted.
struct JournalFilter {
  var type: MessageType?
  /// What a frame is that has no type.
  var form: JournalFrame.Form?
  var functionPattern: WildcardPattern?
  var workerPattern: WildcardPattern?
  var direction: JournalFrame.Direction?
  var eventName: String?
  var onlyFrames = false

  init(
    type: MessageType? = nil, function: String? = nil, worker: String? = nil,
    direction: JournalFrame.Direction? = nil, onlyFrames: Bool = false
  ) {
    self.type = type
    functionPattern = function.map { WildcardPattern($0) }
    workerPattern = worker.map { WildcardPattern($0) }
    self.direction = direction
    self.onlyFrames = onlyFrames
  }

  private var concernsFrames: Bool {
    onlyFrames || type != nil || form != nil || functionPattern != nil || direction != nil
  }

  func matches(_ entry: JournalEntry) -> Bool {
    if let eventName, entry.event.name != eventName { return false }
    if let workerPattern, !(entry.connection?.worker?.name.map(workerPattern.matches) ?? false) { return false }
    guard let frame = entry.frame else { return !concernsFrames }
    return (type == nil || frame.type == type) && (form == nil || frame.form == form && frame.type == nil)
      && (direction == nil || frame.direction == direction)
      && (functionPattern == nil || frame.functionID.map { functionPattern?.matches($0) ?? true } ?? false)
  }
}
