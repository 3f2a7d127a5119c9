public import III

/// What a test has a function do, instead of the worker that has it.
///
/// `MockEngine.stub` and its relatives make one. A stub goes in front of the function of that id, whoever has it or registers
/// it later, and gives it back when it is removed or used up. Of several stubs of one function the newest that fits decides.
///
/// ```swift
/// let bank = try engine.stub("bank::charge", returning: ["ok": true])
///   .then(failing: .code("DECLINED", "insufficient funds"))   // the second call, and all later ones
/// …
/// #expect(try await bank.calls == 2)
/// bank.remove()
/// ```
public struct Stub: Sendable {
  /// The function's id.
  public let functionID: String
  let number: UInt64
  let core: EngineCore

  /// Answers the next call, and those after it, with this value; the response before is used once.
  @discardableResult
  public func then(returning value: JSONValue) -> Stub { adding(.result(Array(value.jsonString().utf8))) }

  /// Answers the next call, and those after it, with this value; the response before is used once.
  ///
  /// - Throws: `EncodingError` if the value cannot be encoded.
  @_disfavoredOverload @discardableResult
  public func then(returning value: some Encodable & Sendable) throws -> Stub {
    adding(.result(try PayloadCoder.encode(value)))
  }

  /// Fails the next call, and those after it; the response before is used once.
  @discardableResult
  public func then(failing failure: StubFailure) -> Stub { adding(.failure(failure)) }

  /// Has the next call, and those after it, run a body; the response before is used once.
  @discardableResult
  public func then(_ body: @escaping @Sendable (_ payload: JSONValue) async throws -> JSONValue) -> Stub {
    adding(.body(body))
  }

  /// Has the next call, and those after it, run a body; the response before is used once.
  @_disfavoredOverload @discardableResult
  public func then<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ body: @escaping @Sendable (Input) async throws -> Output
  ) -> Stub { adding(.body(body)) }

  /// Leaves the next call, and those after it, without an answer; the response before is used once.
  @discardableResult
  public func thenHang() -> Stub { adding(.hang) }

  /// Takes the stub away. Calls that it left without an answer end with `invocation_stopped`.
  public func remove() { core.post(.remove(number)) }

  /// How many calls the stub has had.
  ///
  /// - Throws: ``MockEngineError/stopped``.
  public var calls: Int { get async throws { try await core.calls(ofStub: number) } }

  /// Suspends until the stub has had `count` calls.
  ///
  /// - Throws: As ``MockEngine/waitForFunction(_:within:)``.
  public func waitForCalls(_ count: Int = 1, within limit: Duration = .seconds(10)) async throws {
    try await core.wait(for: .stub(number, functionID: functionID, count: count), within: limit)
  }

  private func adding(_ response: StubResponse) -> Stub {
    core.post(.append(response, to: number))
    return self
  }
}

/// How a stub fails a call.
public enum StubFailure: Sendable, Hashable {
  /// `TIMEOUT` at once, as if nobody had answered in time; see `IIITimeoutError`.
  case timeout
  /// `FORBIDDEN`, with the real engine's text; see `IIIForbiddenError`.
  case forbidden
  /// An error of a function.
  case code(String, _ message: String)

  func failure(of functionID: String) -> InvocationFailure {
    switch self {
    case .timeout: .timedOut(functionID)
    case .forbidden:
      InvocationFailure(
        code: "FORBIDDEN", message: "function '\(functionID)' not allowed (add to rbac.expose_functions)")
    case .code(let code, let message): InvocationFailure(code: code, message: message)
    }
  }
}

/// What a stub does with one call.
enum StubResponse: Sendable {
  /// JSON.
  case result([UInt8])
  case failure(StubFailure)
  /// Runs a test's code; gets the payload's JSON.
  case run(@Sendable (_ payload: [UInt8]) async -> Result<[UInt8], InvocationFailure>)
  /// Never answers.
  case hang
  /// Passes the call on after a while, to an older stub or to the function.
  case delay(Duration)

  static func body<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ body: @escaping @Sendable (Input) async throws -> Output
  ) -> StubResponse {
    .run { payload in
      let input: Input
      do {
        input = try PayloadCoder.decode(Input.self, from: payload)
      } catch {
        return .failure(.ofStub("invalid payload: \(PayloadCoder.message(for: error))"))
      }
      do {
        return .success(try PayloadCoder.encode(try await body(input)))
      } catch let error as IIIInvocationError {
        return .failure(
          InvocationFailure(code: error.code, message: error.message, stacktrace: error.stacktrace))
      } catch {
        return .failure(.ofStub("\(error)"))
      }
    }
  }
}

extension InvocationFailure {
  fileprivate static func ofStub(_ message: String) -> InvocationFailure {
    InvocationFailure(code: "invocation_failed", message: message)
  }
}
