internal import III

/// All jobs of an engine, at numbers that stay the same until a job is removed.
///
/// Memory grows and shrinks by chunks: no job is ever copied, however many there are.
struct JobTable {
  private struct Chunk {
    var jobs: [Job] = []
    /// Places that are not used.
    var free: [UInt16] = []
  }

  private static let shift: UInt32 = 8
  private static let chunkSize = 1 << Int(shift)

  private var chunks: [Chunk] = []
  /// Chunks that have free places. The last one is filled first.
  private var open: [UInt32] = []
  /// Chunks without memory.
  private var released: [UInt32] = []
  private(set) var count = 0

  /// For how many jobs memory is held.
  var capacity: Int { (chunks.count - released.count) * JobTable.chunkSize }

  subscript(slot: UInt32) -> Job {
    get { chunks[Int(slot >> JobTable.shift)].jobs[Int(slot) & (JobTable.chunkSize - 1)] }
    _modify { yield &chunks[Int(slot >> JobTable.shift)].jobs[Int(slot) & (JobTable.chunkSize - 1)] }
  }

  mutating func insert(_ job: consuming Job) -> UInt32 {
    count += 1
    if open.isEmpty { openChunk() }
    let chunk = open[open.count - 1]
    let place = chunks[Int(chunk)].free.removeLast()
    if chunks[Int(chunk)].free.isEmpty { open.removeLast() }
    chunks[Int(chunk)].jobs[Int(place)] = job
    return chunk << JobTable.shift | UInt32(place)
  }

  private mutating func openChunk() {
    let chunk = released.popLast() ?? UInt32(chunks.count)
    if Int(chunk) == chunks.count { chunks.append(Chunk()) }
    chunks[Int(chunk)].jobs = Array(repeating: Job(), count: JobTable.chunkSize)
    chunks[Int(chunk)].free = (0..<UInt16(JobTable.chunkSize)).reversed()
    open.append(chunk)
  }

  mutating func remove(_ slot: UInt32) {
    let chunk = Int(slot >> JobTable.shift)
    let place = Int(slot) & (JobTable.chunkSize - 1)
    guard chunks[chunk].jobs[place].state != .free else { return }
    count -= 1
    chunks[chunk].jobs[place] = Job()
    chunks[chunk].free.append(UInt16(place))
    switch chunks[chunk].free.count {
    case 1: open.append(UInt32(chunk))
    // One chunk is kept, so that a queue that fills and empties does not make it each time.
    case JobTable.chunkSize where open.count > 1: release(UInt32(chunk))
    default: break
    }
  }

  private mutating func release(_ chunk: UInt32) {
    guard let place = open.lastIndex(of: chunk) else { return }
    open.remove(at: place)
    chunks[Int(chunk)] = Chunk()
    released.append(chunk)
  }

  /// Passes the slots of all jobs to `body`.
  func forEach(_ body: (UInt32) -> Void) {
    for (number, chunk) in chunks.enumerated() {
      for (place, job) in chunk.jobs.enumerated() where job.state != .free {
        body(UInt32(number) << JobTable.shift | UInt32(place))
      }
    }
  }
}

/// A list of jobs, linked through the table: an element is added at either end and taken out anywhere at the same cost.
struct JobList {
  /// The slot of no job.
  static let end = UInt32.max

  private(set) var first = JobList.end
  private var last = JobList.end
  private(set) var count = 0

  var isEmpty: Bool { count == 0 }

  mutating func append(_ slot: UInt32, _ jobs: inout JobTable) {
    jobs[slot].next = JobList.end
    jobs[slot].previous = last
    if last == JobList.end { first = slot } else { jobs[last].next = slot }
    last = slot
    count += 1
  }

  mutating func prepend(_ slot: UInt32, _ jobs: inout JobTable) {
    jobs[slot].previous = JobList.end
    jobs[slot].next = first
    if first == JobList.end { last = slot } else { jobs[first].previous = slot }
    first = slot
    count += 1
  }

  /// Takes out a job that is in this list.
  mutating func remove(_ slot: UInt32, _ jobs: inout JobTable) {
    let (next, previous) = (jobs[slot].next, jobs[slot].previous)
    if next == JobList.end { last = previous } else { jobs[next].previous = previous }
    if previous == JobList.end { first = next } else { jobs[previous].next = next }
    jobs[slot].next = JobList.end
    jobs[slot].previous = JobList.end
    count -= 1
  }

  mutating func popFirst(_ jobs: inout JobTable) -> UInt32? {
    guard first != JobList.end else { return nil }
    let slot = first
    remove(slot, &jobs)
    return slot
  }

  /// Removes and returns the last job.
  mutating func popLast(_ jobs: inout JobTable) -> UInt32? {
    guard last != JobList.end else { return nil }
    let slot = last
    remove(slot, &jobs)
    return slot
  }

  /// The slots after the first `offset`, `limit` at most.
  func slots(_ jobs: JobTable, offset: Int = 0, limit: Int = .max) -> [UInt32] {
    guard offset < count, limit > 0 else { return [] }
    var slots: [UInt32] = []
    slots.reserveCapacity(min(limit, count - offset))
    var slot = first
    var passed = 0
    while slot != JobList.end && slots.count < limit {
      if passed >= offset { slots.append(slot) }
      passed += 1
      slot = jobs[slot].next
    }
    return slots
  }
}
