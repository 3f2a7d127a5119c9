/// Makes of a user's typed handler one that takes and gives JSON, and never throws.
enum Handler {
  static func typed<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ body: @escaping @Sendable (Input) async throws -> Output
  ) -> @Sendable ([UInt8]) async -> HandlerOutcome {
    { payload in
      await run(payload, body) { output in
        do {
          return .result(try PayloadCoder.encode(output))
        } catch {
          return .invocationFailed("the result cannot be encoded: \(PayloadCoder.message(for: error))")
        }
      }
    }
  }

  static func withoutResult<Input: Decodable & Sendable>(
    _ body: @escaping @Sendable (Input) async throws -> Void
  ) -> @Sendable ([UInt8]) async -> HandlerOutcome {
    { payload in await run(payload, body) { _ in .null } }
  }

  private static func run<Input: Decodable & Sendable, Output>(
    _ payload: [UInt8], _ body: @Sendable (Input) async throws -> Output, _ encode: (Output) -> HandlerOutcome
  ) async -> HandlerOutcome {
    let input: Input
    do {
      input = try PayloadCoder.decode(Input.self, from: payload)
    } catch {
      return .invocationFailed("invalid payload: \(PayloadCoder.message(for: error))")
    }
    do {
      return encode(try await body(input))
    } catch let error as IIIInvocationError {
      return .failure(code: error.code, message: error.message, stacktrace: error.stacktrace)
    } catch {
      return .invocationFailed(PayloadCoder.text(of: error))
    }
  }
}
