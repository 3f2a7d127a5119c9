public import III
internal import UV

/// Functions without a worker, and calls without one.
extension MockEngine {
  /// Has a function run this body, whoever has registered it, and whether anybody has.
  ///
  /// ```swift
  /// try engine.stub("bank::charge") { (order: Order) in Receipt(total: order.total) }
  /// ```
  ///
  /// The body runs as a task outside of the engine's thread; with a manual clock on ``taskExecutor``. In it `InvocationContext.current`
  /// is the call's. An error that it throws is the caller's: an `IIIInvocationError` with its code, others as `invocation_failed`.
  /// The stub holds for every call that is made after this returns.
  ///
  /// - Parameters:
  ///   - functionID: The function's id.
  ///   - payload: Members that a call's payload must have, with these values; calls with other payloads go to an older stub, or to
  ///     the function itself.
  ///   - times: How many calls the stub is for; `nil`, the default, for all until it is removed.
  ///   - body: Its result is the call's.
  /// - Throws: ``MockEngineError/invalidStub(_:)`` for functions of the engine that every worker relies on (`engine::…`) and those that
  ///   control the engine (`mock::…`), and if `times` is less than 1.
  @_disfavoredOverload @discardableResult
  public func stub<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ functionID: String, when payload: JSONValue? = nil, times: Int? = nil,
    _ body: @escaping @Sendable (Input) async throws -> Output
  ) throws -> Stub { try add(.body(body), functionID, payload, times) }

  /// Has a function run this body, on JSON.
  ///
  /// ```swift
  /// try engine.stub("bank::charge") { payload in ["ok": true, "order": payload["id"] ?? nil] }
  /// ```
  ///
  /// - Throws: As `stub`.
  @discardableResult
  public func stub(
    _ functionID: String, when payload: JSONValue? = nil, times: Int? = nil,
    _ body: @escaping @Sendable (_ payload: JSONValue) async throws -> JSONValue
  ) throws -> Stub { try add(.body(body), functionID, payload, times) }

  /// Has a function return a value.
  ///
  /// ```swift
  /// try engine.stub("rates::euro", returning: 1.08)
  /// ```
  ///
  /// - Throws: As `stub`.
  @discardableResult
  public func stub(
    _ functionID: String, returning value: JSONValue, when payload: JSONValue? = nil, times: Int? = nil
  ) throws -> Stub { try add(.result(Array(value.jsonString().utf8)), functionID, payload, times) }

  /// Has a function return a value.
  ///
  /// - Throws: As `stub`; `EncodingError` if the value cannot be encoded.
  @_disfavoredOverload @discardableResult
  public func stub(
    _ functionID: String, returning value: some Encodable & Sendable, when payload: JSONValue? = nil,
    times: Int? = nil
  ) throws -> Stub { try add(.result(try PayloadCoder.encode(value)), functionID, payload, times) }

  /// Has calls of a function fail.
  ///
  /// ```swift
  /// try engine.fail("bank::charge", with: .timeout)   // at once, not in 30 s
  /// ```
  ///
  /// - Throws: As `stub`.
  @discardableResult
  public func fail(
    _ functionID: String, with failure: StubFailure, when payload: JSONValue? = nil, times: Int? = nil
  ) throws -> Stub { try add(.failure(failure), functionID, payload, times) }

  /// Passes calls of a function on after `span` of the engine's time, to an older stub or to the function itself.
  ///
  /// ```swift
  /// try engine.delay("bank::charge", by: .seconds(10))
  /// ```
  ///
  /// - Throws: As `stub`; also if the span is negative.
  @discardableResult
  public func delay(
    _ functionID: String, by span: Duration, when payload: JSONValue? = nil, times: Int? = nil
  ) throws -> Stub {
    guard span >= .zero else {
      throw MockEngineError.invalidStub(
        "calls of '\(functionID)' cannot be delayed by \(span): a delay is not negative")
    }
    return try add(.delay(span), functionID, payload, times)
  }

  /// Leaves calls of a function without an answer, until the stub is removed or the engine ends: they end with `invocation_stopped` then.
  /// The engine counts as settled meanwhile.
  ///
  /// - Throws: As `stub`.
  @discardableResult
  public func hang(_ functionID: String, when payload: JSONValue? = nil, times: Int? = nil) throws -> Stub {
    try add(.hang, functionID, payload, times)
  }

  private func add(
    _ response: StubResponse, _ functionID: String, _ matching: JSONValue?, _ times: Int?
  ) throws(MockEngineError) -> Stub {
    try StubEntry.check(functionID, times)
    let number = core.stubCommands.nextNumber()
    core.post(
      .add(
        StubEntry(
          number: number, functionID: ByteKey(functionID), matching: matching, remaining: times, responses: [response]))
    )
    return Stub(functionID: functionID, number: number, core: core)
  }

  // MARK: Calls

  /// Calls a function without a worker, and decodes its result. No access check, no middleware.
  ///
  /// ```swift
  /// let receipt: Receipt = try await engine.call("orders::price", Order(item: "pear", count: 3))
  /// ```
  ///
  /// - Parameters:
  ///   - functionID: The function's id.
  ///   - payload: Encoded as JSON.
  ///   - output: The type that the result is decoded into.
  ///   - timeout: By the engine's time; 30 s by default.
  /// - Throws: `IIIInvocationError` with the function's or the engine's code, as `function_not_found` or `TIMEOUT`; `EncodingError`,
  ///   `DecodingError`; `CancellationError`; ``MockEngineError/stopped``.
  @_disfavoredOverload
  public func call<Output: Decodable & Sendable>(
    _ functionID: String, _ payload: some Encodable & Sendable, as output: Output.Type = Output.self,
    timeout: Duration = .seconds(30)
  ) async throws -> Output {
    try PayloadCoder.decode(
      Output.self, from: try await core.call(functionID, try PayloadCoder.encode(payload), timeout))
  }

  /// Calls a function without a worker, and decodes its result; the payload is a JSON literal or is omitted.
  ///
  /// - Throws: As `call`.
  public func call<Output: Decodable & Sendable>(
    _ functionID: String, _ payload: JSONValue = .null, as output: Output.Type = Output.self,
    timeout: Duration = .seconds(30)
  ) async throws -> Output {
    try PayloadCoder.decode(
      Output.self, from: try await core.call(functionID, try PayloadCoder.encode(payload), timeout))
  }

  /// Calls a function without a worker; the result, as JSON, may be ignored.
  ///
  /// - Throws: As `call`.
  @_disfavoredOverload @discardableResult
  public func call(
    _ functionID: String, _ payload: some Encodable & Sendable, timeout: Duration = .seconds(30)
  ) async throws -> JSONValue {
    try PayloadCoder.decode(
      JSONValue.self, from: try await core.call(functionID, try PayloadCoder.encode(payload), timeout))
  }

  /// Calls a function without a worker; the result, as JSON, may be ignored. The payload is a JSON literal or is omitted.
  ///
  /// - Throws: As `call`.
  @discardableResult
  public func call(
    _ functionID: String, _ payload: JSONValue = .null, timeout: Duration = .seconds(30)
  ) async throws -> JSONValue {
    try PayloadCoder.decode(
      JSONValue.self, from: try await core.call(functionID, try PayloadCoder.encode(payload), timeout))
  }
}

extension StubEntry {
  /// Throws where a function must not be stubbed, or so.
  static func check(_ functionID: String, _ times: Int?) throws(MockEngineError) {
    if let prefix = ["engine::", "mock::"].first(where: { functionID.utf8.starts(with: $0.utf8) }) {
      throw .invalidStub(
        "'\(functionID)' cannot be stubbed: every worker relies on the functions \(prefix)…; stub a function that calls it, or "
          + "deny it (`engine.access.deny`)")
    }
    guard !functionID.utf8.allSatisfy({ $0 == 0x20 }) else {
      throw .invalidStub("a stub needs the id of a function: it was given none")
    }
    if let times, times < 1 {
      throw .invalidStub("a stub of '\(functionID)' for \(times) calls would have no effect: `times` is at least 1")
    }
  }
}

extension EngineCore {
  nonisolated func post(_ command: StubCommands.Command) {
    stubCommands.post(command)
    loop.post { [weak self] in
      guard let self else { return }
      assumeIsolated { $0.engine?.applyStubCommands() }
    }
  }

  func calls(ofStub number: UInt64) throws -> Int {
    guard let engine else { throw MockEngineError.stopped }
    return engine.stubs.callCount(of: number)
  }

  /// Calls a function; returns its result's JSON.
  func call(_ functionID: String, _ payload: [UInt8], _ timeout: Duration) async throws -> [UInt8] {
    let activity = HandlerActivity.current
    let call = DirectCalls.Call(activity)
    return try await withTaskCancellationHandler {
      try Task.checkCancellation()
      return try await withCheckedThrowingContinuation { continuation in
        call.continuation = continuation
        guard let calls = engine?.builtIn(StubFunctionsWorker.self)?.calls else {
          return call.end(.failure(MockEngineError.stopped))
        }
        calls.begin(call, ByteKey(functionID), payload, timeout)
        if Task.isCancelled { calls.cancel(call) }
      }
    } onCancel: {
      loop.post { [weak self] in
        guard let self else { return }
        assumeIsolated { $0.engine?.builtIn(StubFunctionsWorker.self)?.calls.cancel(call) }
      }
    }
  }
}

/// The calls that a test makes of an engine's functions. Confined to the engine's loop.
final class DirectCalls {
  /// One call, whose caller waits.
  final class Call: @unchecked Sendable {
    // Sendable: everything but `activity` is used on the loop only.
    fileprivate let activity: HandlerActivity?
    var continuation: CheckedContinuation<[UInt8], any Error>?
    fileprivate var functionID = ""

    init(_ activity: HandlerActivity?) { self.activity = activity }

    fileprivate func begin() { activity?.beginWait() }

    func end(_ result: Result<[UInt8], any Error>) {
      guard let continuation else { return }
      self.continuation = nil
      continuation.resume(with: result)
    }
  }

  private var waiting: [CallToken: Call] = [:]
  private var last: UInt64 = 0
  var host: BuiltInHost?

  func begin(_ call: Call, _ functionID: ByteKey, _ payload: [UInt8], _ timeout: Duration) {
    guard let host else { return call.end(.failure(MockEngineError.stopped)) }
    last += 1
    let token = CallToken(last)
    call.functionID = functionID.text
    waiting[token] = call
    call.begin()
    host.call(functionID, payload, token: token, deadline: timeout)
  }

  func completed(_ token: CallToken, _ outcome: CallOutcome) {
    guard let call = waiting[token] else { return }
    switch outcome {
    case .value(let bytes): end(token, .success(bytes.array))
    case .nothing: end(token, .success(StubTable.null))
    case .failure(let failure):
      let error = IIIInvocationError.wireBytes(
        code: failure.code, message: failure.message, stacktrace: failure.stacktrace)
      end(
        token,
        .failure(error.withView { IIIInvocationError.decode($0, functionID: call.functionID, invocationID: nil) }))
    }
  }

  func cancel(_ call: Call) {
    guard let token = waiting.first(where: { $0.value === call })?.key else { return }
    end(token, .failure(CancellationError()))
  }

  private func end(_ token: CallToken, _ result: Result<[UInt8], any Error>) {
    guard let call = waiting.removeValue(forKey: token) else { return }
    call.activity?.endWait()
    call.end(result)
  }

  func stop() {
    for token in waiting.keys.sorted() { end(token, .failure(MockEngineError.stopped)) }
    host = nil
  }
}
