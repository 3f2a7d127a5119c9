internal import CUV
internal import Synchronization

/// One libuv loop on a thread of its own, and the executor of the actors and tasks that live there.
///
/// Whatever belongs to the loop is touched on its thread only. Others reach it by `post` and by Swift's own jobs, which
/// share one queue: they run in the order in which they came, and however many come before the loop wakes, it is woken
/// once.
package final class Loop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  // Sendable: `shared` is behind its lock, `thread` is atomic, everything else is touched by the loop's thread alone:
  // `init` ends before that thread starts, and `stop` works through the queue.

  package let name: String

  /// What the loop's own objects need: libuv's loop, and the memory that every read goes through.
  let handle: UnsafeMutablePointer<uv_loop_t>
  let readBuffer: UnsafeMutableRawBufferPointer
  var buffers = BufferPool()

  private let wake: UnsafeMutablePointer<uv_async_t>
  /// Active while local work waits, so that polling does not block.
  private let idle: UnsafeMutablePointer<uv_idle_t>
  private let prepare: UnsafeMutablePointer<uv_prepare_t>
  private let check: UnsafeMutablePointer<uv_check_t>

  private enum Work {
    case job(UnownedJob)
    case call(@Sendable () -> Void)
  }

  private enum Phase {
    case running, draining, ended
  }

  private struct Shared {
    var work: [Work] = []
    var isSignalled = false
    var isWakeClosed = false
    var phase = Phase.running
    /// Whether a thread runs what came after the end.
    var isLateThreadRunning = false
  }

  private let shared = Lock(Shared())
  private let thread = Atomic<UInt>(0)
  private var local: [Work] = []
  private var spare: [Work] = []
  private var dirty: [TCPStream] = []
  private var resources: [ObjectIdentifier: any LoopResource] = [:]
  private var ended: CheckedContinuation<Int, Never>?

  /// Work done in one turn before I/O is looked at again.
  private static let budget = 256

  /// Starts the loop's thread.
  package init(name: String) throws(UVError) {
    self.name = name
    handle = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    idle = .allocate(capacity: 1)
    prepare = .allocate(capacity: 1)
    check = .allocate(capacity: 1)
    readBuffer = .allocate(byteCount: 256 << 10, alignment: 64)
    let code = uv_loop_init(handle)
    guard code == 0 else { throw UVError(code: code, operation: "start loop '\(name)'") }
    try startHandles()
    try startThread()
  }

  deinit {
    handle.deallocate()
    wake.deallocate()
    idle.deallocate()
    prepare.deallocate()
    check.deallocate()
    readBuffer.deallocate()
  }

  private func startHandles() throws(UVError) {
    // Unretained: the loop's thread holds the loop until it has closed these handles.
    let me = Unmanaged.passUnretained(self).toOpaque()
    wake.pointee.data = me
    idle.pointee.data = me
    prepare.pointee.data = me
    check.pointee.data = me
    try UVError.check(uv_async_init(handle, wake) { Loop.from($0?.pointee.data)?.runShared() }, "start loop '\(name)'")
    uv_idle_init(handle, idle)
    uv_prepare_init(handle, prepare)
    uv_check_init(handle, check)
    uv_prepare_start(prepare) { Loop.from($0?.pointee.data)?.flushDirty() }
    uv_check_start(check) {
      guard let loop = Loop.from($0?.pointee.data) else { return }
      loop.runLocal()
      loop.flushDirty()
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

  /// Starts a detached thread that runs `body` with the loop, whose reference it takes over.
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

  /// Whether the calling thread is some loop's: it must not block.
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

  private static var currentThread: UInt { UInt(cuv_current_thread()) }

  /// Whether the caller runs on the loop's thread.
  package var isOnLoop: Bool { thread.load(ordering: .relaxed) == Loop.currentThread }

  private func run() {
    cuv_block_sigpipe()
    uv_run(handle, UV_RUN_DEFAULT)
    // All handles are closed: nothing of libuv runs any more, and what is posted from here on is refused.
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

  /// Runs `call` on the loop, from any thread; `false` says that the loop has begun to stop and will not.
  @discardableResult package func post(_ call: @escaping @Sendable () -> Void) -> Bool {
    if isOnLoop {
      // No check of the phase: while the loop stops, its own work may still post to it.
      appendLocal(.call(call))
      return true
    }
    return append(.call(call), evenWhenStopping: false)
  }

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    if isOnLoop { appendLocal(.job(job)) } else { _ = append(.job(job), evenWhenStopping: true) }
  }

  private func appendLocal(_ work: Work) {
    if local.isEmpty { uv_idle_start(idle) { _ in } }
    local.append(work)
  }

  /// Swift's jobs cannot be refused: their awaits would hang. After the end a thread of their own runs them.
  private func append(_ work: Work, evenWhenStopping: Bool) -> Bool {
    let (isAccepted, isLate) = shared.withLock { shared in
      guard shared.phase == .running || evenWhenStopping else { return (false, false) }
      shared.work.append(work)
      if shared.phase == .ended {
        let starts = !shared.isLateThreadRunning
        shared.isLateThreadRunning = true
        return (true, starts)
      }
      if !shared.isSignalled && !shared.isWakeClosed {
        shared.isSignalled = true
        uv_async_send(wake)  // under the lock: `finish` closes the handle under it too
      }
      return (true, false)
    }
    if isLate { startLateThread() }
    return isAccepted
  }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }
  package func asUnownedTaskExecutor() -> UnownedTaskExecutor { UnownedTaskExecutor(ordinary: self) }
  package func checkIsolated() { precondition(isOnLoop, "not on the thread of loop '\(name)'") }
  package func isIsolatingCurrentContext() -> Bool? { isOnLoop }

  // MARK: Running

  private func perform(_ work: Work) {
    switch work {
    case .job(let job):
      job.runSynchronously(on: asUnownedSerialExecutor())
    case .call(let call): call()
    }
  }

  private func runShared() {
    var batch = spare
    spare = []
    takeShared(&batch)
    for work in batch { perform(work) }
    batch.removeAll(keepingCapacity: batch.count <= 4096)
    spare = batch
  }

  private func takeShared(_ batch: inout [Work]) {
    let empty = batch
    batch = shared.withLock { shared in
      let work = shared.work
      shared.work = empty
      shared.isSignalled = false
      return work
    }
  }

  private func runLocal() {
    guard !local.isEmpty else { return }
    // What comes while this runs is run in the same pass, within the budget; then I/O has its turn.
    var next = 0
    while next < local.count && next < Loop.budget {
      let work = local[next]
      next += 1
      perform(work)
    }
    if next == local.count {
      local.removeAll(keepingCapacity: local.count <= 4096)
      uv_idle_stop(idle)
    } else {
      local.removeFirst(next)
    }
  }

  // MARK: The end of a turn

  /// Has `stream` flushed before the loop waits again.
  func markDirty(_ stream: TCPStream) { dirty.append(stream) }

  private func flushDirty() {
    guard !dirty.isEmpty else { return }
    var next = 0
    while next < dirty.count {  // a flush may report a backlog, whose owner may write to other streams
      dirty[next].flushAtTurnEnd()
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
      // Accepted although draining: this is what the draining ends with.
      _ = append(.call { self.finish(continuation) }, evenWhenStopping: true)
    }
  }

  private func finish(_ continuation: CheckedContinuation<Int, Never>) {
    ended = continuation
    while !local.isEmpty || hasShared {
      var batch = local
      local = []
      for work in batch { perform(work) }
      batch = []
      takeShared(&batch)
      for work in batch { perform(work) }
    }
    uv_idle_stop(idle)
    for resource in resources.values { resource.closeWithLoop() }
    shared.withLock { shared in
      shared.isWakeClosed = true
      uv_close(UnsafeMutableRawPointer(wake).assumingMemoryBound(to: uv_handle_t.self), nil)
    }
    for closing in [UnsafeMutableRawPointer(idle), UnsafeMutableRawPointer(prepare), UnsafeMutableRawPointer(check)] {
      uv_close(closing.assumingMemoryBound(to: uv_handle_t.self), nil)
    }
  }

  private var hasShared: Bool { shared.withLock { !$0.work.isEmpty } }

  /// Runs jobs that came after the end, one after another as the loop did, until there are none.
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
