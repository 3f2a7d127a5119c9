import III

/// What each worker of the interop run offers, whatever its language: functions to be called, and `call` and `big`, which
/// call a function of another worker and say what became of it.
struct InteropFunctions: Sendable {
  let worker: III
  let prefix: String
  private let notes = Notes()

  init(worker: III, prefix: String) {
    self.worker = worker
    self.prefix = prefix
  }

  private actor Notes {
    private(set) var all: [JSONValue] = []
    func append(_ note: JSONValue) { all.append(note) }
  }

  private struct Sum: Codable, Sendable { let a, b: Int }
  private struct Total: Codable, Sendable { let sum: Int }
  private struct Call: Codable, Sendable {
    let function: String
    let payload: JSONValue
    let action: String?
    let queue: String?
    let timeoutMs: Int?

    enum CodingKeys: String, CodingKey {
      case function, payload, action, queue
      case timeoutMs = "timeout_ms"
    }
  }
  private struct Outcome: Codable, Sendable {
    var value: JSONValue?
    var error: Failure?
  }
  private struct Failure: Codable, Sendable { let code, message, stacktrace, function: String? }
  private struct Big: Codable, Sendable {
    let function: String
    let bytes: Int
  }
  private struct Text: Codable, Sendable { let text: String }

  func register() async throws {
    try worker.registerFunction("\(prefix)::add", description: "adds", metadata: ["kind": "sum"]) {
      (input: Sum) async throws -> Total in
      Total(sum: input.a + input.b)
    }
    try worker.registerFunction("\(prefix)::echo") { (input: JSONValue) async throws -> JSONValue in input }
    try worker.registerFunction("\(prefix)::typed") { (input: TypedPayload) async throws -> TypedPayload in input }
    try worker.registerFunction("\(prefix)::fail") { (_: JSONValue) async throws -> JSONValue in
      throw IIIInvocationError(code: "DECLINED", message: "no funds: déjà vu", stacktrace: "at the till\nat the door")
    }
    try worker.registerFunction("\(prefix)::note") { (input: JSONValue) async throws -> Void in
      await notes.append(input["note"] ?? input)
    }
    try worker.registerFunction("\(prefix)::notes") { (_: JSONValue) async throws -> JSONValue in
      .array(await notes.all)
    }
    try worker.registerFunction("\(prefix)::hang") { (_: JSONValue) async throws -> JSONValue in
      let (silence, end) = AsyncStream.makeStream(of: Never.self)
      for await _ in silence {}  // until the task is cancelled
      end.finish()
      return .null
    }
    try worker.registerFunction("\(prefix)::call") { (input: Call) async throws -> Outcome in
      do {
        if input.action == "void" {
          try await worker.trigger(input.function, payload: input.payload, action: .void())
          return Outcome()
        }
        if let queue = input.queue {
          let receipt = try await worker.trigger(input.function, payload: input.payload, action: .enqueue(queue: queue))
          return Outcome(value: ["messageReceiptId": .string(receipt.messageReceiptId)])
        }
        let timeout = input.timeoutMs.map { Duration.milliseconds($0) }
        return Outcome(value: try await worker.trigger(input.function, payload: input.payload, timeout: timeout))
      } catch let error as IIIInvocationError {
        return Outcome(
          error: Failure(
            code: error.code, message: error.message, stacktrace: error.stacktrace, function: error.functionID))
      }
    }
    try worker.registerFunction("\(prefix)::big") { (input: Big) async throws -> Outcome in
      let text = String(repeating: "0123456789abcdeé", count: input.bytes / 17)
      do {
        let back: Text = try await worker.trigger(input.function, payload: Text(text: text))
        return Outcome(value: .bool(back.text == text))
      } catch let error as IIIInvocationError {
        return Outcome(
          error: Failure(
            code: error.code, message: error.message, stacktrace: error.stacktrace, function: error.functionID))
      }
    }
  }
}
