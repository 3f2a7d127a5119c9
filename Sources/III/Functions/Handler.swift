/// Turns a user's typed handler into one that takes and returns JSON and never throws.
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

  static func task<Output: Encodable & Sendable>(
    _ body: @escaping @Sendable () async throws -> Output
  ) -> RegisteredFunction.Body {
    .task { _ in
      do {
        return .result(try encode(try await body()))
      } catch {
        return outcome(of: error)
      }
    }
  }

  static func task(_ body: @escaping @Sendable () async throws -> Void) -> RegisteredFunction.Body {
    .task { _ in
      do {
        try await body()
        return .null
      } catch {
        return outcome(of: error)
      }
    }
  }

  static func thread<Input: Decodable & Sendable, Output: Encodable & Sendable>(
    _ body: @escaping @Sendable (Input) throws -> Output
  ) -> RegisteredFunction.Body {
    .thread { payload in outcome { try encode(try body(try input(payload))) } }
  }

  static func thread<Input: Decodable & Sendable>(
    _ body: @escaping @Sendable (Input) throws -> Void
  ) -> RegisteredFunction.Body {
    .thread { payload in
      outcome {
        try body(try input(payload))
        return null
      }
    }
  }

  static func thread<Output: Encodable & Sendable>(
    _ body: @escaping @Sendable () throws -> Output
  ) -> RegisteredFunction.Body {
    .thread { _ in outcome { try encode(try body()) } }
  }

  static func thread(_ body: @escaping @Sendable () throws -> Void) -> RegisteredFunction.Body {
    .thread { _ in
      outcome {
        try body()
        return null
      }
    }
  }

  private static let null = Array("null".utf8)

  private static func outcome(of body: () throws -> [UInt8]) -> HandlerOutcome {
    do { return .result(try body()) } catch { return outcome(of: error) }
  }

  /// A failure outside the user's code: the payload or the result cannot be converted.
  private struct Failure: Error {
    var message: String
  }

  private static func input<Input: Decodable & Sendable>(_ payload: [UInt8]) throws(Failure) -> Input {
    do {
      return try PayloadCoder.decode(
        Input.self, from: payload, userInfo: InvocationContext.current?.decoding ?? [:])
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

  /// What the caller receives for an error that a handler threw.
  private static func outcome(of error: any Error) -> HandlerOutcome {
    switch error {
    case let error as Failure: .invocationFailed(error.message)
    case let error as IIIInvocationError: error.passedOn
    default: .invocationFailed(PayloadCoder.text(of: error))
    }
  }
}

/// The outcome of a handler, as its caller receives it.
enum HandlerOutcome: Sendable, Equatable {
  /// The result as JSON; empty if the answer has none.
  case result([UInt8])
  case failure(code: String, message: String, stacktrace: String?)

  static let null = HandlerOutcome.result(Array("null".utf8))

  static func invocationFailed(_ message: String) -> HandlerOutcome {
    .failure(code: "invocation_failed", message: message, stacktrace: nil)
  }
}
