internal import III

/// The functions with which a test in any language moves the engine's clock. A strict engine does not have them.
enum ClockFunction: String, BuiltInFamily {
  case now = "mock::clock::now"
  case advance = "mock::clock::advance"
  case settle = "mock::clock::settle"

  var description: String {
    switch self {
    case .now: "Tell what the engine's clock shows, and whether it is a manual one"
    case .advance:
      "Advance the engine's manual clock, deadline by deadline, and answer when nothing is under way any more"
    case .settle: "Answer when nothing is under way in the engine"
    }
  }

  var inputName: String {
    switch self {
    case .now: "ClockNowInput"
    case .advance: "ClockAdvanceInput"
    case .settle: "ClockSettleInput"
    }
  }

  var fields: [BuiltInField] {
    switch self {
    case .now: []
    case .advance: [.init("milliseconds", .any), .init("to_milliseconds", .any), .init("ignoring", .any)]
    case .settle: [.init("ignoring", .any)]
    }
  }

  var responseSchema: JSONValue {
    let number: JSONValue = ["type": "integer"]
    return [
      "type": "object",
      "properties": ["milliseconds": number, "time": ["type": "string"], "manual": ["type": "boolean"]],
      "required": ["milliseconds", "time", "manual"],
    ]
  }

  static var isMockOnly: Bool { true }
}

/// The worker `mock`, as far as the clock is concerned.
final class ClockFunctionsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: ClockFunctionsSettings.workerName, functions: ClockFunction.manifestFunctions)

  private let functions = ClockFunction.allCases
  private var host: BuiltInHost?

  func start(_ host: BuiltInHost) { self.host = host }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    guard let host else { return .nothing }
    let input = try call.input(of: function)
    try input.refuseUnknown(function.fields)
    let ignoring = try ignoredFunctions(input)
    switch functions[function.number] {
    case .now: return host.replyLater { core in core.clockJSON }
    case .settle:
      return host.replyLater { core in
        try await core.settle(ignoring: ignoring)
        return core.clockJSON
      }
    case .advance:
      let span = try span(input, "milliseconds")
      let moment = try span == nil ? self.span(input, "to_milliseconds") : nil
      guard span != nil || moment != nil else { throw .init(reason: "missing field `milliseconds`") }
      return host.replyLater { core in
        if let span {
          try await core.advance(by: span, ignoring: ignoring)
        } else if let moment {
          try await core.advance(to: EngineClock.Instant(sinceEpoch: moment), ignoring: ignoring)
        }
        return core.clockJSON
      }
    }
  }

  /// A number of milliseconds, whole or with a fraction.
  private func span(_ input: BuiltInInput, _ key: String) throws(BuiltInInput.Mismatch) -> Duration? {
    switch input.member(key) {
    case nil, .null: return nil
    case .int(let number)?: return .milliseconds(number)
    case .uint?: return .seconds(Int64.max)
    case .double(let number)? where number.magnitude < 9e15: return .microseconds(Int64(number * 1000))
    case .double?: return .seconds(Int64.max)
    case .some(let other): throw .invalidType(other, expected: "a number of milliseconds in `\(key)`")
    }
  }

  private func ignoredFunctions(_ input: BuiltInInput) throws(BuiltInInput.Mismatch) -> [String] {
    switch input.member("ignoring") {
    case nil, .null: return []
    case .string(let id)?: return [id]
    case .array(let ids)?:
      var texts: [String] = []
      for id in ids {
        guard case .string(let text) = id else { throw .invalidType(id, expected: "a string in `ignoring`") }
        texts.append(text)
      }
      return texts
    case .some(let other): throw .invalidType(other, expected: "a sequence of function ids in `ignoring`")
    }
  }
}

/// Every engine that is not strict has the functions.
struct ClockFunctionsSettings: BuiltInSettings {
  static let workerName = "mock"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { ClockFunctionsWorker() }
}

extension EngineCore {
  /// The clock, as its functions answer.
  nonisolated var clockJSON: JSONValue {
    let now = wallClock
    return [
      "milliseconds": .uint(now / 1_000_000), "time": .string(EngineClock.Instant(nanoseconds: now).description),
      "manual": .bool(time.isManual),
    ]
  }
}
