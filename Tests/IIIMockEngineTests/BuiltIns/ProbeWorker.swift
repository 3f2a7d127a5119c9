import III

@testable import IIIMockEngine

/// A built-in worker that does what a test tells it, and keeps what the kernel tells it.
final class ProbeWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: "iii-probe",
    functions: [
      BuiltInFunction("probe::echo", "Answers with its input.", input: "EchoInput"),
      BuiltInFunction("probe::owe", "Answers later.", input: "OweInput"),
      BuiltInFunction("probe::fail", "Fails.", input: "FailInput"),
      BuiltInFunction("mock::probe", "Is this engine's own.", input: "MockInput", isMockOnly: true),
    ], triggerTypes: [BuiltInTriggerType(id: "probe::type", description: "")])

  private(set) var host: BuiltInHost?
  /// One line for each thing that the kernel told.
  private(set) var heard: [String] = []
  private(set) var senders: [PeerID] = []
  private(set) var owed: [ReplyToken] = []
  private(set) var triggers = BuiltInTriggers()
  /// Why the next trigger is refused.
  var refusal: InvocationFailure?
  /// Called with the outcome of each call, within `callCompleted`.
  var onCompleted: (() -> Void)?

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    senders.append(call.sender)
    heard.append("\(function.id) \(call.data.string)")
    switch function.number {
    case 0: return .bytes(call.data.array)
    case 1:
      guard let host else { return .nothing }
      owed.append(host.laterReply())
      return .later(owed[owed.count - 1])
    default: return .failure(InvocationFailure(code: "probe_error", message: "as asked", stacktrace: "here"))
    }
  }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) {
    let text =
      switch outcome {
      case .value(let value): value.string
      case .nothing: "nothing"
      case .failure(let failure): "\(failure.code): \(failure.message)" + (failure.stacktrace.map { " (\($0))" } ?? "")
      }
    heard.append("\(token.number) ended: \(text)")
    onCompleted?()
  }

  func conditionDecided(_ token: CallToken, _ verdict: ConditionVerdict) {
    let text =
      switch verdict {
      case .holds: "holds"
      case .fails: "fails"
      case .undecided(let failure): "undecided: \(failure.code)"
      }
    heard.append("\(token.number) \(text)")
  }

  func triggerRegistered(_ trigger: TriggerEntry, replacing old: TriggerEntry?) -> InvocationFailure? {
    if let refusal {
      self.refusal = nil
      return refusal
    }
    triggers.insert(trigger, replacing: old)
    heard.append("+\(trigger.id)" + (old == nil ? "" : " again"))
    return nil
  }

  func triggerUnregistered(_ trigger: TriggerEntry) {
    triggers.remove(trigger)
    heard.append("-\(trigger.id)")
  }

  func timerFired(_ token: TimerToken, _ kernel: borrowing KernelView) { heard.append("timer") }

  func take() -> [String] {
    defer { heard = [] }
    return heard
  }
}
