internal import III

/// The waiting jobs of a FIFO queue whose groups run in parallel: one job of a group at a time, in their order.
///
/// The oldest job whose group is free comes next. A group in which a job runs or waits for its retry is not free. What a
/// step costs does not depend on the number of groups that wait for their turn.
struct JobGroups {
  private struct Group {
    let key: [UInt8]
    var jobs = JobList()
    /// Jobs that run or wait for their retry: one at most, unless the queue was of another type before.
    var busy = 0
  }

  private var numbers: [[UInt8]: UInt32] = [:]
  private var groups = NumberedValues<Group>()
  /// The groups that are free and have jobs, by the number of their first job.
  private var ready = TimerHeap<UInt32>()
  /// How many jobs wait.
  private(set) var count = 0

  /// How many groups have a job.
  var groupCount: Int { groups.count }
  var hasReady: Bool { !ready.isEmpty }

  mutating func append(_ slot: UInt32, key: [UInt8], _ jobs: inout JobTable) {
    let number = group(key)
    jobs[slot].group = number
    count += 1
    groups[number]?.jobs.append(slot, &jobs)
    if let group = groups[number], group.busy == 0, group.jobs.count == 1 {
      ready.insert(at: jobs[slot].number, number)
    }
  }

  /// Enters a job that waits for its retry.
  mutating func hold(_ slot: UInt32, key: [UInt8], _ jobs: inout JobTable) {
    let number = group(key)
    jobs[slot].group = number
    groups[number]?.busy += 1
  }

  /// Takes the oldest job whose group is free; its group is busy until `requeue` or `end`.
  mutating func pop(_ jobs: inout JobTable) -> UInt32? {
    guard let number = ready.popDue(now: .max), let slot = groups[number]?.jobs.popFirst(&jobs) else { return nil }
    count -= 1
    groups[number]?.busy += 1
    return slot
  }

  /// Puts back a job of a busy group: it is the first of its group.
  mutating func requeue(_ slot: UInt32, _ jobs: inout JobTable) {
    count += 1
    groups[jobs[slot].group]?.jobs.prepend(slot, &jobs)
    free(jobs[slot].group, jobs)
  }

  /// A job of a busy group is done: it was answered or is a dead letter.
  mutating func end(_ slot: UInt32, _ jobs: JobTable) { free(jobs[slot].group, jobs) }

  /// Takes all waiting jobs out, in no order.
  mutating func removeAll(_ jobs: inout JobTable) -> [UInt32] {
    var slots: [UInt32] = []
    for number in numbers.values {
      while let slot = groups[number]?.jobs.popFirst(&jobs) { slots.append(slot) }
      if groups[number]?.busy == 0 { remove(number) }
    }
    ready.removeAll()
    count = 0
    return slots
  }

  private mutating func group(_ key: [UInt8]) -> UInt32 {
    if let number = numbers[key] { return number }
    let number = groups.insert(Group(key: key))
    numbers[key] = number
    return number
  }

  private mutating func free(_ number: UInt32, _ jobs: JobTable) {
    guard var group = groups[number] else { return }
    group.busy -= 1
    groups[number]?.busy = group.busy
    guard group.busy == 0 else { return }
    if group.jobs.isEmpty { remove(number) } else { ready.insert(at: jobs[group.jobs.first].number, number) }
  }

  private mutating func remove(_ number: UInt32) {
    guard let group = groups.remove(number) else { return }
    numbers[group.key] = nil
  }
}

extension JobGroups {
  /// The value of a group field as a key: strings by their text, other values by their spelling.
  static func key(of value: ByteView) -> [UInt8] {
    JSONText.isString(value) ? [UInt8(ascii: "\"")] + Array(JSONText.unquote(value).utf8) : value.array
  }

  /// The value of the member `field` of a payload; `nil` if the payload is no object or has no such member.
  static func value(of field: ByteKey, in data: ByteView) -> ByteView? {
    guard var members = ObjectMembers(data) else { return nil }
    var value: ByteView?
    while let member = members.next() {
      let isNamed =
        member.keyHasEscapes
        ? field.withBytes { name in member.key.withView { $0 == name } } : field == member.rawKey
      if isNamed { value = member.value }
    }
    return value
  }
}
