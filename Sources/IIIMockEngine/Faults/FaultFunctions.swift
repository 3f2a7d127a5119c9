internal import III

/// The functions with which a test in any language sets faults. A strict engine does not have them.
enum FaultFunction: String, BuiltInFamily {
  case add = "mock::faults::add"
  case list = "mock::faults::list"
  case remove = "mock::faults::remove"

  var description: String {
    switch self {
    case .add: "Add a fault: what goes wrong on purpose, once unless `times` says more (0: until it is removed)"
    case .list: "List the faults, and those that have had no effect"
    case .remove: "Remove a fault by its number, or all of them"
    }
  }

  var inputName: String {
    switch self {
    case .add: "FaultAddInput"
    case .list: "FaultListInput"
    case .remove: "FaultRemoveInput"
    }
  }

  var fields: [BuiltInField] {
    switch self {
    case .add: [.init("fault", .string, isRequired: true)] + FaultInput.parameters.map(\.field)
    case .list: []
    case .remove: [.init("fault_id", .usize)]
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

/// The worker `mock`, as far as faults are concerned.
final class FaultFunctionsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: FaultFunctionsSettings.workerName, functions: FaultFunction.manifestFunctions)

  private var host: BuiltInHost?
  private let functions = FaultFunction.allCases

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    try input.check(function.fields)
    try input.refuseUnknown(function.fields)
    guard let host else { return .nothing }
    switch functions[function.number] {
    case .add:
      let fault = try FaultInput.fault(of: input)
      let times = input.count("times") ?? 1
      let seed = input.unsigned("seed") ?? 0
      return host.replyLater { core in
        let handle = Faults(core: core).add(fault, times: times == 0 ? nil : times, seed: seed)
        // Answered when it is in force.
        _ = await core.faultStatus
        return ["fault_id": .int(Int64(handle.id)), "fault": .string(fault.description)]
      }
    case .list:
      return host.replyLater { core in
        let faults = Faults(core: core)
        return [
          "faults": .array(await faults.all.map(\.json)),
          "unmatched": .array(await faults.unmatched.map { .string($0.description) }),
        ]
      }
    case .remove:
      let id = input.count("fault_id")
      return host.replyLater { core in
        if let id, !(await core.faultStatus.contains { $0.id == id }) {
          throw IIIInvocationError(code: "NOT_FOUND", message: "There is no fault \(id).")
        }
        Faults(core: core).post(id.map { .remove(id: $0) } ?? .removeAll)
        _ = await core.faultStatus
        return ["success": true]
      }
    }
  }
}

extension Faults.Status {
  fileprivate var json: JSONValue {
    [
      "fault_id": .int(Int64(id)), "fault": .string(fault.description), "hits": .int(Int64(hits)),
      "remaining": remaining.map { .int(Int64($0)) } ?? .null,
    ]
  }
}

/// Reads a fault of `mock::faults::add`.
enum FaultInput {
  struct Parameter {
    let field: BuiltInField
    /// The faults that read it.
    let faults: Set<ByteKey>
  }

  static let frameFaults: Set<ByteKey> = ["delay", "drop", "duplicate", "reorder", "corrupt", "close", "reset"]
  static let functionFaults: Set<ByteKey> = [
    "deny", "reject_registration", "kill_worker", "drop_result", "lose_acknowledgement",
  ]
  static let connectionFaults: Set<ByteKey> = ["half_open", "blackhole", "slice", "limit_bandwidth", "close", "reset"]
  static let beginningFaults: Set<ByteKey> = ["refuse_connections", "stall_upgrade", "reject_upgrade"]
  static let all = frameFaults.union(functionFaults).union(connectionFaults).union(beginningFaults)

  static let parameters: [Parameter] = [
    Parameter(field: .init("times", .usize), faults: all),
    Parameter(field: .init("seed", .u64), faults: frameFaults),
    Parameter(field: .init("probability", .f64), faults: frameFaults),
    Parameter(field: .init("type", .string), faults: frameFaults),
    Parameter(field: .init("function_id", .string), faults: frameFaults.union(functionFaults)),
    Parameter(
      field: .init("worker_name", .string),
      faults: frameFaults.union(connectionFaults).union(["deny", "reject_registration"])),
    Parameter(
      field: .init("direction", .string), faults: frameFaults.union(["blackhole", "slice", "limit_bandwidth"])),
    Parameter(field: .init("channels", .bool), faults: all.subtracting(functionFaults)),
    Parameter(field: .init("status", .u32), faults: ["reject_upgrade"]),
    Parameter(field: .init("code", .u32), faults: ["close"]),
    Parameter(field: .init("reason", .string), faults: ["close"]),
    Parameter(field: .init("duration_ms", .u64), faults: ["stall_upgrade", "half_open", "blackhole"]),
    Parameter(field: .init("noticed_by", .string), faults: ["half_open"]),
    Parameter(field: .init("bytes", .usize), faults: ["slice"]),
    Parameter(field: .init("bytes_per_second", .usize), faults: ["limit_bandwidth"]),
    Parameter(field: .init("by_ms", .u64), faults: ["delay"]),
    Parameter(field: .init("corruption", .string), faults: ["corrupt"]),
  ]

  static func fault(of input: BuiltInInput) throws(BuiltInInput.Mismatch) -> Fault {
    let name = ByteKey(try input.requiredString("fault"))
    guard all.contains(name) else { throw .unknown(name.text, in: "fault", all.map(\.text).sorted()) }
    for parameter in parameters where input.member(parameter.field.name) != nil && !parameter.faults.contains(name) {
      let taken = parameters.filter { $0.faults.contains(name) }.map { "`\($0.field.name)`" }.joined(separator: ", ")
      throw .init(reason: "`\(parameter.field.name)` does not belong to fault `\(name)`, which takes \(taken)")
    }
    var fault = try self.fault(name, input)
    if input.member("channels") == true { fault = fault.onChannels }
    return fault
  }

  private static func fault(_ name: ByteKey, _ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> Fault {
    let frames = try frames(input)
    let worker = frames.worker
    switch name.text {
    case "refuse_connections": return .refuseConnections
    case "stall_upgrade": return .stallUpgrade(for: try span("duration_ms", input))
    case "reject_upgrade":
      let status = input.count("status") ?? 503
      guard (300...599).contains(status) else { throw .init(reason: "`status` must be from 300 to 599") }
      return .rejectUpgrade(status: status)
    case "close":
      let code = input.unsigned("code") ?? 1012
      guard let short = UInt16(exactly: code), CloseReason.isAllowed(short) else {
        throw .init(reason: "`code` \(code) is not a code that a Close may have")
      }
      return .close(short, reason: try input.string("reason") ?? "", on: frames)
    case "reset": return .reset(on: frames)
    case "half_open":
      let side: Fault.Side? = try choice("noticed_by", input)
      guard let side else { throw .init(reason: "missing field `noticed_by`") }
      return .halfOpen(noticedBy: side, for: try span("duration_ms", input) ?? .seconds(60), worker: worker)
    case "blackhole": return .blackhole(frames.direction, for: try span("duration_ms", input), worker: worker)
    case "slice":
      return .slice(bytes: try positive("bytes", input) ?? 1, frames.direction, worker: worker)
    case "limit_bandwidth":
      guard let rate = try positive("bytes_per_second", input) else {
        throw .init(reason: "missing field `bytes_per_second`")
      }
      return .limitBandwidth(bytesPerSecond: rate, frames.direction, worker: worker)
    case "delay":
      guard let span = try span("by_ms", input) else { throw .init(reason: "missing field `by_ms`") }
      return .delay(frames, by: span)
    case "drop": return .drop(frames)
    case "duplicate": return .duplicate(frames)
    case "reorder": return .reorder(frames)
    case "corrupt":
      let corruption: Fault.Corruption? = try choice("corruption", input)
      guard let corruption else { throw .init(reason: "missing field `corruption`") }
      return .corrupt(frames, corruption)
    default:
      let function = try input.requiredString("function_id")
      return switch name.text {
      case "deny": .deny(function, worker: worker)
      case "reject_registration": .rejectRegistration(of: function, worker: worker)
      case "kill_worker": .killWorker(during: function)
      case "drop_result": .dropResult(of: function)
      default: .loseAcknowledgement(of: function)
      }
    }
  }

  private static func frames(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> Fault.Frames {
    let type: MessageType? = try choice("type", input)
    let direction: JournalFrame.Direction? = try choice("direction", input)
    let probability = input.number("probability") ?? 1
    guard (0...1).contains(probability) else { throw .init(reason: "`probability` must be from 0 to 1") }
    return .frames(
      type, of: try input.string("function_id"), worker: try input.string("worker_name"), direction: direction,
      probability: probability)
  }

  private static func choice<Choice: RawRepresentable<String> & CaseIterable>(
    _ name: String, _ input: BuiltInInput
  ) throws(BuiltInInput.Mismatch) -> Choice? {
    guard let text = try input.string(name) else { return nil }
    guard let choice = Choice(rawValue: text) else {
      throw .unknown(text, in: name, Choice.allCases.map(\.rawValue))
    }
    return choice
  }

  private static func positive(_ name: String, _ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> Int? {
    guard let number = input.count(name) else { return nil }
    guard number > 0 else { throw .init(reason: "`\(name)` must be above 0") }
    return number
  }

  private static func span(_ name: String, _ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> Duration? {
    input.unsigned(name).map { .milliseconds(Int64(clamping: $0)) }
  }
}

/// Every engine that is not strict has the functions.
struct FaultFunctionsSettings: BuiltInSettings {
  static let workerName = "mock"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { FaultFunctionsWorker() }
}
