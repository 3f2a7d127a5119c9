internal import CUV
internal import Synchronization

/// One libuv loop on a thread of its own, and the executor of the actors and tasks that live there.
///
/// Everything that belongs to the loop is used on its thread only. Other threads reach it through `post` and Swift's own jobs. Both share
/// one queue and run in the order in which they came; the loop is woken once, however many are queued before it wakes.
///
/// A turn of the loop has a bounded amount of work: a number of queued jobs, one read of each stream, and a time
/// (`turnEnd`) after which what is left waits for the next turn.
///
/// A loop that admits guests lends itself to a thread that calls `postOrRun` while the loop's own thread waits for events. So a message can
/// leave at once, without a change of threads. "On the loop" means: on the loop's thread, or as its guest.
@usableFromInline package final class Loop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // Sendable: `shared` is behind its lock, `thread` is atomic, everything else is used only by the thread that has the loop: its own, or a
  // guest, and `shared` says which. `init` ends before the loop's thread starts, and `stop` works through the queue.

  package let name: String

  /// libuv's loop.
  let handle: UnsafeMutablePointer<uv_loop_t>
  /// The buffer for all reads.
  let readBuffer: UnsafeMutableRawBufferPointer
  var buffers = BufferPool()

  private let wake: WakePipe
  /// Active while work waits on the loop itself, so that polling does not block.
  private let idle: UnsafeMutablePointer<uv_idle_t>
  private let prepare: UnsafeMutablePointer<uv_prepare_t>
  private let check: UnsafeMutablePointer<uv_check_t>

  enum Work {
    case job(UnownedJob)
    case call(@Sendable () -> Void)
    /// It has run.
    case done
  }

  enum Phase {
    case running, draining, ended
  }

  struct Shared {
    var work: [Work] = []
    var isSignalled = false
    var guests: Guests
    var phase = Phase.running
    /// Whether a thread runs the jobs that came after the end.
    var isLateThreadRunning = false
  }

  let shared: Lock<Shared>
  /// The thread that has the loop: its own, or its guest's.
  let thread = Atomic<UInt>(0)
  private let admitsGuests: Bool
  /// When the wait of the loop's thread ends without an event, by libuv's clock; `UInt64.max` if never.
  var waitDeadline = UInt64.max
  /// Signalled by a guest that leaves while the loop's thread waits for that.
  let guestHasLeft = Monitor(false)
  /// The loop's own thread while a guest has the loop, otherwise 0.
  var loopThread: UInt = 0
  /// Work that has reached the loop's thread; the first `localHead` items have run.
  private var local: [Work] = []
  private var localHead = 0
  private var spare: [Work] = []
  private var dirty: [TCPStream] = []
  /// Streams with bytes that an earlier turn had no time for; the first has waited longest.
  private var postponed: [TCPStream] = []
  /// How many of them were postponed before this turn.
  private var resumable = 0
  private var isIdleActive = false
  /// Whether `finish` has begun to close the handles.
  private var hasFinished = false
  /// `turnEnd`, or 0 if it was not read in this turn.
  private var turnEndsAt: UInt64 = 0
  private var resources: [ObjectIdentifier: any LoopResource] = [:]
  /// Changes with everything that the loop does: jobs, reads, writes.
  private(set) var activity: UInt64 = 0
  /// Called at the end of each turn, while set: for a watch that waits until the loop has nothing to do.
  private var onTurnEnd: (() -> Void)?
  /// Called before each job, each read and each poll, while set: for a loop that runs the same way each time, so not beside other threads. It
  /// may block.
  ///
  /// While it is set, bytes from one stream of the loop to another have arrived before a poll, and a turn has no limit of time.
  package var beforeStep: (() -> Void)?
  /// Whether the next polls return at once, although no work waits on the loop.
  private var isPollingOn = false
  private var ended: CheckedContinuation<Int, Never>?

  /// The number of jobs that run in one turn.
  private static let jobsPerTurn = 256
  /// How long the work of one turn may take, in nanoseconds. A single job or message is not interrupted.
  private static let turnNanoseconds: UInt64 = 500_000

  /// Starts the loop's thread.
  ///
  /// - Parameter admitsGuests: Whether `postOrRun` may run its work on the calling thread. It costs one system call a turn.
  package init(name: String, admitsGuests: Bool = false) throws(UVError) {
    self.name = name
    self.admitsGuests = admitsGuests
    shared = Lock(Shared(guests: Guests(isThreadWaiting: !admitsGuests)))
    handle = .allocate(capacity: 1)
    idle = .allocate(capacity: 1)
    prepare = .allocate(capacity: 1)
    check = .allocate(capacity: 1)
    readBuffer = .allocate(byteCount: 256 << 10, alignment: 64)
    let code = uv_loop_init(handle)
    guard code == 0 else { throw UVError(code: code, operation: "start loop '\(name)'") }
    wake = try WakePipe(on: handle)
    try startHandles()
    try startThread()
  }

  deinit {
    handle.deallocate()
    // Not earlier, because another thread may have signalled until here.
    wake.deallocate()
    idle.deallocate()
    prepare.deallocate()
    check.deallocate()
    readBuffer.deallocate()
  }

  private func startHandles() throws(UVError) {
    // Unretained: the loop's thread holds the loop until it has closed these handles.
    let me = Unmanaged.passUnretained(self).toOpaque()
    wake.poll.pointee.data = me
    idle.pointee.data = me
    prepare.pointee.data = me
    check.pointee.data = me
    let code = uv_poll_start(wake.poll, Int32(UV_READABLE.rawValue)) { poll, _, _ in
      guard let loop = Loop.from(poll?.pointee.data) else { return }
      loop.wake.clear()  // before the work is taken: what comes later signals again
      loop.moveShared()
    }
    try UVError.check(code, "start loop '\(name)'")
    uv_idle_init(handle, idle)
    uv_prepare_init(handle, prepare)
    uv_check_init(handle, check)
    uv_prepare_start(prepare) {
      guard let loop = Loop.from($0?.pointee.data) else { return }
      loop.flushDirty()
      loop.beforeStep?()
      loop.turnEndsAt = 0
      loop.resumable = loop.postponed.count
    }
    uv_check_start(check) {
      guard let loop = Loop.from($0?.pointee.data) else { return }
      loop.runLocal()
      loop.resumePostponed()
      loop.flushDirty()
      loop.onTurnEnd?()
    }
  }

  private static func from(_ data: UnsafeMutableRawPointer?) -> Loop? {
    data.map { Unmanaged<Loop>.fromOpaque($0).takeUnretainedValue() }
  }

  // MARK: The thread

  private func startThread() throws(UVError) {
    let code = Loop.detach(Unmanaged.passRetained(self)) { loop in
      loop.runOnThisThread { loop.run() }
    }
    guard code == 0 else { throw UVError(code: -code, operation: "start the thread of loop '\(name)'") }
  }

  /// Starts a detached thread that runs `body` with the loop; it takes over the reference to the loop.
  private static func detach(_ loop: Unmanaged<Loop>, _ body: @escaping @Sendable (Loop) -> Void) -> Int32 {
    final class Start: Sendable {
      let loop: Loop
      let body: @Sendable (Loop) -> Void
      init(_ loop: Loop, _ body: @escaping @Sendable (Loop) -> Void) {
        self.loop = loop
        self.body = body
      }
    }
    return startDetachedThread(named: loop.takeUnretainedValue().name) {
      let start = Start(loop.takeRetainedValue(), body)
      start.body(start.loop)
    }
  }

  /// The threads of all loops of the process.
  private static let threads = Lock<Set<UInt>>([])

  /// Whether the calling thread belongs to a loop and so must not block.
  package static var isOnAnyLoop: Bool {
    let current = currentThread
    return threads.withLock { $0.contains(current) }
  }

  private func runOnThisThread(_ body: () -> Void) {
    let current = Loop.currentThread
    Loop.threads.withLock { _ = $0.insert(current) }
    thread.store(current, ordering: .releasing)
    body()
    Loop.threads.withLock { _ = $0.remove(current) }
  }

  @usableFromInline static var currentThread: UInt { UInt(cuv_current_thread()) }

  /// Whether the caller runs on the loop.
  @usableFromInline package var isOnLoop: Bool { thread.load(ordering: .relaxed) == Loop.currentThread }

  private func run() {
    cuv_block_sigpipe()
    if admitsGuests { runWithGuests() } else { uv_run(handle, UV_RUN_DEFAULT) }
    // All handles are closed: libuv runs nothing any more, and later posts are refused.
    let code = uv_loop_close(handle)
    buffers.removeAll()
    thread.store(0, ordering: .releasing)
    let late = shared.withLock { shared in
      shared.phase = .ended
      shared.isLateThreadRunning = !shared.work.isEmpty
      return shared.isLateThreadRunning
    }
    if late { startLateThread() }
    ended?.resume(returning: Int(code))
    ended = nil
  }

  // MARK: Posting

  /// Runs `call` on the loop; any thread may call this. Returns `false` if the loop has begun to stop: `call` will not
  /// run then.
  @discardableResult package func post(_ call: @escaping @Sendable () -> Void) -> Bool {
    if isOnLoop {
      // The phase is not checked: while the loop stops, its own work may still post to it.
      appendLocal(.call(call))
      return true
    }
    return append(.call(call), evenWhenStopping: false)
  }

  @usableFromInline package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isOnLoop { appendLocal(.job(job)) } else { _ = append(.job(job), evenWhenStopping: true) }
  }

  /// Runs `call` on the loop: before this method returns if the loop waits for events and admits guests, otherwise as `post` does. The
  /// caller must hold no lock that work on the loop takes.
  ///
  /// - Returns: `false` if the loop has begun to stop: `call` will not run then.
  @discardableResult package func postOrRun(_ call: @escaping @Sendable () -> Void) -> Bool {
    guard admitsGuests && !isOnLoop else { return post(call) }
    switch enterAsGuest(orPost: .call(call)) {
    case .entered:
      turnEndsAt = 0
      perform(.call(call))
      flushDirty()
      leaveAsGuest()
    case .posted(let signals): if signals { signal() }
    case .refused: return false
    }
    return true
  }

  private func appendLocal(_ work: Work) {
    local.append(work)
    keepTurning(true)
  }

  /// Whether polling returns at once because work waits.
  private func keepTurning(_ isActive: Bool) {
    guard isActive != isIdleActive && !hasFinished else { return }
    isIdleActive = isActive
    if isActive { uv_idle_start(idle) { _ in } } else { uv_idle_stop(idle) }
  }

  /// Swift's jobs cannot be refused, since their awaits would hang. After the end a separate thread runs them.
  private func append(_ work: Work, evenWhenStopping: Bool) -> Bool {
    enum Next { case refused, nothing, signal, lateThread }
    let next = shared.withLock { shared -> Next in
      guard shared.phase == .running || evenWhenStopping else { return .refused }
      shared.work.append(work)
      if shared.phase == .ended {
        defer { shared.isLateThreadRunning = true }
        return shared.isLateThreadRunning ? .nothing : .lateThread
      }
      return shared.needsSignal() ? .signal : .nothing
    }
    switch next {
    case .refused: return false
    case .nothing: break
    // Outside the lock, which the loop takes when it wakes.
    case .signal: signal()
    case .lateThread: startLateThread()
    }
    return true
  }

  /// Wakes the loop's thread; see `Shared.needsSignal`.
  func signal() { wake.signal() }

  @usableFromInline package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
    UnownedSerialExecutor(ordinary: self)
  }
  @usableFromInline package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
  @usableFromInline package func checkIsolated() { precondition(isOnLoop, "not on the thread of loop '\(name)'") }
  @usableFromInline package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

  // MARK: Running

  private func perform(_ work: Work) {
    activity &+= 1
    switch work {
    case .job(let job):
      job.runSynchronously(on: asUnownedSerialExecutor())
    case .call(let call): call()
    case .done: break
    }
  }

  /// Moves the work that other threads have posted behind the loop's own.
  func moveShared() {
    var batch = spare
    spare = []
    takeShared(&batch)
    if local.isEmpty {
      swap(&local, &batch)
    } else {
      local += batch
      batch.removeAll(keepingCapacity: batch.count <= 4096)
    }
    spare = batch
    if !local.isEmpty { keepTurning(true) }
  }

  private func takeShared(_ batch: inout [Work]) {
    let empty = batch
    batch = shared.withLock { shared in
      let work = shared.work
      shared.work = empty
      shared.isSignalled = false
      shared.guests.arrivals += work.count
      return work
    }
  }

  /// Runs queued work within the turn's limits. Work that comes meanwhile runs in the same pass.
  private func runLocal() {
    guard !local.isEmpty else { return }
    var count = 0
    while localHead < local.count && count < Loop.jobsPerTurn {
      let work = local[localHead]
      local[localHead] = .done  // releases what the closure holds
      localHead += 1
      count += 1
      beforeStep?()
      perform(work)
      if count % 4 == 0 && isTurnOver { break }
    }
    if localHead == local.count {
      local.removeAll(keepingCapacity: local.count <= 4096)
      localHead = 0
      keepTurning(!postponed.isEmpty || isPollingOn)
    } else if localHead > 4096 && localHead > local.count / 2 {
      // Not earlier: moving the rest forward after each pass would cost the square of the queue's length.
      local.removeFirst(localHead)
      localHead = 0
    }
  }

  // MARK: Fairness

  /// When this turn's work should end, by `monotonicNanoseconds()`; `.max` if only its amount is limited. The time begins with the first access
  /// in a turn.
  package var turnEnd: UInt64 {
    guard beforeStep == nil else { return .max }
    if turnEndsAt == 0 { turnEndsAt = monotonicNanoseconds() + Loop.turnNanoseconds }
    return turnEndsAt
  }

  /// Whether this turn's work should end now.
  package var isTurnOver: Bool { turnEnd <= monotonicNanoseconds() }

  /// Resumes `stream` in the next turn, to handle the bytes that it kept.
  func resumeLater(_ stream: TCPStream) {
    postponed.append(stream)
    keepTurning(true)
  }

  /// Handles bytes that earlier turns had no time for. Streams that were already read in this turn are not resumed, so a stream with many
  /// bytes never delays one with few.
  private func resumePostponed() {
    let waiting = postponed
    // There are fewer if the loop has stopped in the meantime.
    let count = min(resumable, waiting.count)
    guard count > 0 else { return }
    postponed = []
    var next = 0
    repeat {
      waiting[next].resume()
      next += 1
    } while next < count && !isTurnOver
    // Streams that were not reached stay in front of those that postponed again.
    if next < waiting.count { postponed = Array(waiting[next...]) + postponed }
    resumable = 0
    keepTurning(!local.isEmpty || !postponed.isEmpty || isPollingOn)
  }

  // MARK: The end of a turn

  /// Notes that something happened on the loop.
  func noteActivity() { activity &+= 1 }

  /// Has `body` called at the end of each turn, with a number that changes with everything the loop does; `nil` ends that.
  ///
  /// The loop waits for events as always: `keepsPolling` makes its next turns come at once.
  package func watchTurns(_ body: ((_ activity: UInt64) -> Void)?) {
    onTurnEnd = body.map { body in { [unowned self] in body(activity) } }
    if body == nil { keepsPolling = false }
  }

  /// Whether turns follow each other at once, also while nothing happens.
  package var keepsPolling: Bool {
    get { isPollingOn }
    set {
      isPollingOn = newValue
      keepTurning(newValue || localHead < local.count || !postponed.isEmpty)
    }
  }

  /// Whether work waits on the loop: jobs, bytes that were read or written in a turn and not handled yet.
  package var hasWork: Bool {
    localHead < local.count || !postponed.isEmpty || !dirty.isEmpty || hasShared
  }

  /// What is under way on the loop's connections, one entry for each connection that has something. Both ends are looked at
  /// where both are streams of this loop.
  package var traffic: [StreamTraffic] {
    let streams = resources.values.compactMap { $0 as? TCPStream }.filter { !$0.isClosed }
    let unmatched = streams.filter { $0.partner == nil && !$0.isConnecting }
    if !unmatched.isEmpty { TCPStream.match(unmatched) }
    let ports = Set(resources.values.compactMap { ($0 as? TCPListener)?.address.port })
    return streams.compactMap { $0.traffic(listeningPorts: ports) }
  }

  /// Flushes `stream` before the loop waits again.
  func markDirty(_ stream: TCPStream) { dirty.append(stream) }

  private func flushDirty() {
    guard !dirty.isEmpty else { return }
    var next = 0
    while next < dirty.count {  // a flush may report a backlog, whose owner may write to other streams
      dirty[next].flushAtTurnEnd()
      if beforeStep != nil { dirty[next].waitForArrival() }
      next += 1
    }
    dirty.removeAll(keepingCapacity: true)
  }

  // MARK: Stopping

  func register(_ resource: any LoopResource) { resources[ObjectIdentifier(resource)] = resource }
  func unregister(_ resource: any LoopResource) { resources[ObjectIdentifier(resource)] = nil }

  /// Ends the loop: refuses posts, runs what was accepted, closes every handle, ends the thread.
  ///
  /// Returns what `uv_loop_close` returned: 0 unless a handle was left open. A second call returns 0 at once.
  @discardableResult package func stop() async -> Int {
    let isFirst = shared.withLock { shared in
      guard shared.phase == .running else { return false }
      shared.phase = .draining
      return true
    }
    guard isFirst else { return 0 }
    return await withCheckedContinuation { continuation in
      // Accepted although the loop is draining, because this ends the draining.
      _ = append(.call { self.finish(continuation) }, evenWhenStopping: true)
    }
  }

  private func finish(_ continuation: CheckedContinuation<Int, Never>) {
    ended = continuation
    while localHead < local.count || hasShared {
      var batch = Array(local[localHead...])
      local = []
      localHead = 0
      for work in batch { perform(work) }
      batch = []
      takeShared(&batch)
      for work in batch { perform(work) }
    }
    hasFinished = true
    beforeStep = nil
    postponed = []
    uv_idle_stop(idle)
    for resource in resources.values { resource.closeWithLoop() }
    let handles = [
      UnsafeMutableRawPointer(wake.poll), UnsafeMutableRawPointer(idle), UnsafeMutableRawPointer(prepare),
      UnsafeMutableRawPointer(check),
    ]
    for handle in handles { uv_close(handle.assumingMemoryBound(to: uv_handle_t.self), nil) }
  }

  private var hasShared: Bool { shared.withLock { !$0.work.isEmpty } }

  /// Starts a thread that runs the jobs that came after the end, one after another, until there are none.
  private func startLateThread() {
    _ = Loop.detach(Unmanaged.passRetained(self)) { loop in
      loop.runOnThisThread {
        while let batch = loop.takeLate() {
          for work in batch { loop.perform(work) }
        }
      }
    }
  }

  /// The jobs that came since the last call; `nil` ends the late thread.
  private func takeLate() -> [Work]? {
    shared.withLock { shared in
      let work = shared.work
      shared.work = []
      guard work.isEmpty else { return work }
      thread.store(0, ordering: .releasing)
      shared.isLateThreadRunning = false
      return nil
    }
  }
}
