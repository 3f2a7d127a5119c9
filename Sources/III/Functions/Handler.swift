/// Makes of a user's typed handler one that takes and gives JSON, and never throws.
enum Handler {
  static func task<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ body: @escaping @Sendable (Input) async throws -> Output
  ) -> RegisteredFunction.Body {
    .task { payload in
      do {
        return .result(try encode(try await body(try input(payload))))
      } catch {
        return outcome(of: error)
      }
    }
  }

  static func task<Input: Decodable & Sendable>(
    _ body: @escaping @Sendable (Input) async throws -> Void
  ) -> RegisteredFunction.Body {
    .task { payload in
      do {
        try await body(try input(payload))
        return .null
      } catch {
        return outcome(of: error)
      }
    }
  }

  static func thread<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ body: @escaping @Sendable (Input) throws -> Output
  ) -> RegisteredFunction.Body {
    .thread { payload in
      do {
        return .result(try encode(try body(try input(payload))))
      } catch {
        return outcome(of: error)
      }
    }
  }

  static func thread<Input: Decodable & Sendable>(
    _ body: @escaping @Sendable (Input) throws -> Void
  ) -> RegisteredFunction.Body {
    .thread { payload in
      do {
        try body(try input(payload))
        return .null
      } catch {
        return outcome(of: error)
      }
    }
  }

  /// What failed around the user's code and not in it.
  private struct Failure: Error {
    var message: String
  }

  private static func input<Input: Decodable & Sendable>(_ payload: [UInt8]) throws(Failure) -> Input {
    do {
      return try PayloadCoder.decode(Input.self, from: payload)
    } catch {
      throw Failure(message: "invalid payload: \(PayloadCoder.message(for: error))")
    }
  }

  private static func encode<Output: Encodable & Sendable>(_ output: Output) throws(Failure) -> [UInt8] {
    do {
      return try PayloadCoder.encode(output)
    } catch {
      throw Failure(message: "the result cannot be encoded: \(PayloadCoder.message(for: error))")
    }
  }

  private static func outcome(of error: any Error) -> HandlerOutcome {
    switch error {
    case let error as Failure: .invocationFailed(error.message)
    case let error as IIIInvocationError:
      .failure(code: error.code, message: error.message, stacktrace: error.stacktrace)
    default: .invocationFailed(PayloadCoder.text(of: error))
    }
  }
}
