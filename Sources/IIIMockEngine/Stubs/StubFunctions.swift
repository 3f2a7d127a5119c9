internal import III

/// The functions with which a test in any language stubs others. A strict engine does not have them.
enum StubFunction: String, BuiltInFamily {
  case add = "mock::stubs::add"
  case remove = "mock::stubs::remove"
  case list = "mock::stubs::list"

  var description: String {
    switch self {
    case .add:
      "Have a function return a value, fail, hang or answer later, whoever has registered it; the newest stub that fits decides"
    case .remove: "Remove a stub by its id, the stubs of a function, or all of them"
    case .list: "List the stubs, oldest first, with the number of their calls"
    }
  }

  var inputName: String {
    switch self {
    case .add: "StubAddInput"
    case .remove: "StubRemoveInput"
    case .list: "StubListInput"
    }
  }

  var fields: [BuiltInField] {
    switch self {
    case .add:
      [
        .init("function_id", .string, isRequired: true), .init("returning", .any), .init("error", .object),
        .init("hang", .bool), .init("delay_ms", .u64), .init("then", .any), .init("when", .any), .init("times", .u32),
      ]
    case .remove: [.init("id", .u64), .init("function_id", .string)]
    case .list: []
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

/// The worker `mock`, as far as stubs are concerned; it also makes the calls of `engine.call`.
final class StubFunctionsWorker: BuiltInWorker {
  let manifest = BuiltInManifest(
    name: StubFunctionsSettings.workerName, functions: StubFunction.manifestFunctions)
  let calls = DirectCalls()

  private let functions = StubFunction.allCases
  private var host: BuiltInHost?

  func start(_ host: BuiltInHost) {
    self.host = host
    calls.host = host
  }

  func stop() { calls.stop() }

  func callCompleted(_ token: CallToken, _ outcome: CallOutcome) { calls.completed(token, outcome) }

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    try input.check(function.fields)
    try input.refuseUnknown(function.fields)
    switch functions[function.number] {
    case .add: return try add(input, kernel.stubs.commands)
    case .remove:
      if let number = input.unsigned("id") {
        kernel.stubs.commands.post(.remove(number))
      } else if let id = try input.string("function_id") {
        kernel.stubs.commands.post(.removeAll(of: ByteKey(id)))
      } else {
        kernel.stubs.commands.post(.reset)
      }
      host?.applyStubCommands()
      return .json(["success": true])
    case .list: return .json(["stubs": .array(kernel.stubs.all.map(\.json))])
    }
  }

  private func add(_ input: BuiltInInput, _ commands: StubCommands) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let id = try input.requiredString("function_id")
    let times = input.count("times")
    do throws(MockEngineError) { try StubEntry.check(id, times) } catch {
      return .failure(InvocationFailure(code: "INVALID_STUB", message: error.description))
    }
    var responses = [try StubResponse(input.object, of: id)]
    switch input.member("then") {
    case nil, .null: break
    case .array(let more):
      for one in more {
        guard case .object(let members) = one else { throw .invalidType(one, expected: "a map in `then`") }
        responses.append(try StubResponse(members, of: id))
      }
    case .some(let other): throw .invalidType(other, expected: "a sequence in `then`")
    }
    let matching: JSONValue? = if let when = input.member("when"), when != .null { when } else { nil }
    let number = commands.nextNumber()
    var entry = StubEntry(
      number: number, functionID: ByteKey(id), matching: matching, remaining: times, responses: responses)
    if let delay = input.unsigned("delay_ms"), !responses[0].isDelay {
      entry.delay = .milliseconds(Int64(clamping: delay))
    }
    commands.post(.add(entry))
    host?.applyStubCommands()
    return .json(["id": .uint(number)])
  }
}

extension StubResponse {
  /// What an object with `returning`, `error` or `hang` says; `delay_ms` alone passes the call on after a while.
  fileprivate init(_ members: JSONObject, of functionID: String) throws(BuiltInInput.Mismatch) {
    let named = ["returning", "error", "hang"].filter { members[$0] != nil }
    guard named.count <= 1 else {
      throw .init(reason: "`\(named[0])` and `\(named[1])` exclude each other: a call has one answer")
    }
    if let error = members["error"] {
      self = .failure(try StubFailure(error))
    } else if let value = members["returning"] {
      self = .result(value.jsonBytes)
    } else if members["hang"] == true {
      self = .hang
    } else if case .int(let delay)? = members["delay_ms"], delay >= 0 {
      self = .delay(.milliseconds(delay))
    } else {
      throw .init(reason: "missing field `returning`, `error`, `hang` or `delay_ms`: what is '\(functionID)' to do?")
    }
  }

  fileprivate var isDelay: Bool { if case .delay = self { true } else { false } }

  fileprivate var json: JSONValue {
    switch self {
    case .result(let bytes): ["returning": (try? PayloadCoder.decode(JSONValue.self, from: bytes)) ?? .null]
    case .failure(.timeout): ["error": ["code": "TIMEOUT"]]
    case .failure(.forbidden): ["error": ["code": "FORBIDDEN"]]
    case .failure(.code(let code, let message)): ["error": ["code": .string(code), "message": .string(message)]]
    case .hang: ["hang": true]
    case .delay(let span): ["delay_ms": .uint(span.milliseconds)]
    case .run: ["runs": "code of a Swift test"]
    }
  }
}

extension StubFailure {
  fileprivate init(_ value: JSONValue) throws(BuiltInInput.Mismatch) {
    guard case .object(let members) = value else { throw .invalidType(value, expected: "a map") }
    guard case .string(let code)? = members["code"] else { throw .init(reason: "missing field `error.code`") }
    if case .string(let message)? = members["message"] {
      self = .code(code, message)
    } else {
      switch code {
      case "TIMEOUT": self = .timeout
      case "FORBIDDEN": self = .forbidden
      default: throw .init(reason: "missing field `error.message`")
      }
    }
  }
}

extension StubEntry {
  fileprivate var json: JSONValue {
    [
      "id": .uint(number), "function_id": .string(functionID.text), "when": matching ?? .null,
      "times_left": remaining.map { .int(Int64($0)) } ?? .null, "delay_ms": .uint(delay.milliseconds),
      "responses": .array(responses.map(\.json)),
      "calls": .int(Int64(calls)),
    ]
  }
}

/// Every engine that is not strict has the functions.
struct StubFunctionsSettings: BuiltInSettings {
  static let workerName = "mock"
  static let presence = BuiltInPresence.always

  init(environment: Variables, isOn: Bool) {}
  init(_ entry: WorkerEntry, environment: Variables, warnings: inout [String]) {}

  func makeWorker() -> any BuiltInWorker { StubFunctionsWorker() }
}
