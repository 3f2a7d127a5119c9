internal import III

/// A fault that is set in an engine. Confined to the engine's loop.
final class ActiveFault {
  let id: Int
  let fault: Fault
  /// How many more effects it may have; `nil` is without a limit.
  private(set) var remaining: Int?
  private(set) var hits = 0
  private let function: WildcardPattern?
  private let worker: WildcardPattern?
  private var random: SplitMix
  /// The connections on which it has had its effect.
  var connections: Set<UInt32> = []
  /// Ends its effects that last: called when it is removed.
  var heal: [UInt32: () -> Void] = [:]

  init(_ fault: Fault, id: Int, times: Int?, seed: UInt64) {
    self.id = id
    self.fault = fault
    remaining = times
    function = fault.frames.function.map { WildcardPattern($0) }
    worker = fault.frames.worker.map { WildcardPattern($0) }
    random = SplitMix(seed: seed)
  }

  var isSpent: Bool { remaining.map { $0 <= 0 } ?? false }

  /// Whether it has an effect on a frame.
  func matches(_ frame: FaultFrame, ofWorker name: () -> String?) -> Bool {
    let wanted = fault.frames
    guard !isSpent, fault.place == .frame, wanted.isOfChannels == frame.isOfChannel,
      wanted.direction == nil || wanted.direction == frame.direction || frame.isOfChannel,
      wanted.type == nil || wanted.type?.rawValue == frame.type,
      function == nil || frame.functionID.map({ function?.matches($0) ?? true }) ?? false,
      fault.kind != .rejectRegistration || frame.isRegistration, matches(worker: name)
    else { return false }
    return wanted.probability >= 1 || random.unit() < wanted.probability
  }

  func matches(worker name: () -> String?) -> Bool {
    worker == nil || name().map { worker?.matches($0) ?? true } ?? false
  }

  /// It had an effect.
  func hit() {
    hits += 1
    remaining = remaining.map { $0 - 1 }
  }

  /// Ends what it does to connections.
  func healAll() {
    let all = heal
    heal = [:]
    for (_, end) in all.sorted(by: { $0.key < $1.key }) { end() }
  }
}

/// What faults look at of a frame.
struct FaultFrame {
  let direction: JournalFrame.Direction
  var isOfChannel = false
  /// Its `type`.
  var type: String?
  var functionID: String?
  /// The call that it belongs to.
  var invocationID: UUID128?
  var isRegistration = false

  init(ofChannel direction: JournalFrame.Direction) {
    self.direction = direction
    isOfChannel = true
  }

  /// `nil` for frames that faults leave alone: calls of `mock::…` functions and their results.
  init?(_ bytes: ByteView, _ direction: JournalFrame.Direction) {
    self.direction = direction
    guard let envelope = try? Envelope.scan(bytes, maxDepth: Envelope.workerMaxDepth) else { return }
    type = envelope.kind.map { "\($0.name)" }
    isRegistration = envelope.kind == .registerFunction || envelope.kind == .registerTrigger
    invocationID = envelope.text(.invocationID).flatMap { UUID128($0) }
    functionID = envelope.text(.functionID) ?? (envelope.kind == .registerFunction ? envelope.text(.id) : nil)
    if let functionID, functionID.utf8.starts(with: "mock::".utf8) { return nil }
  }
}

/// SplitMix64: random numbers that are the same for the same seed, on every system.
struct SplitMix: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
    return mixed ^ mixed >> 31
  }

  /// A number from 0 to below 1.
  mutating func unit() -> Double { Double(next() >> 11) / Double(1 << 53) }
}
