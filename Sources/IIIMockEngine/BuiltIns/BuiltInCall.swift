internal import III

/// A call of a built-in function. Its views are valid until the worker has answered.
struct BuiltInCall {
  /// The payload: JSON, checked for its grammar.
  let data: ByteView
  /// The connection that sent the call; `.none` if the engine itself makes the call.
  let sender: PeerID
  /// Whether anybody waits for the answer.
  let wantsReply: Bool
  var baggage: WireString?
  var traceparent: WireString?
  var metadata: ByteView?

  /// The payload as an object whose members the function reads one by one.
  ///
  /// - Throws: What the real engine says of a payload that is no object.
  func input(of function: BuiltInFunction) throws(BuiltInInput.Mismatch) -> BuiltInInput {
    guard let value = try? PayloadCoder.decode(JSONValue.self, from: data) else {
      throw .init(reason: "the value cannot be read")
    }
    return try BuiltInInput(value, named: function.inputName)
  }
}

/// What a built-in function answers.
enum BuiltInReply {
  /// An answer without a `result`.
  case nothing
  /// A result: JSON.
  case bytes([UInt8])
  case failure(InvocationFailure)
  /// The answer follows by `BuiltInHost.reply`, under a token of `BuiltInHost.laterReply`.
  case later(ReplyToken)

  /// A result; `null` is answered as no `result`, as the real engine does.
  static func json(_ value: JSONValue) -> BuiltInReply { value == .null ? .nothing : .bytes(value.jsonBytes) }
}

/// Identifies an answer that a built-in worker still owes.
struct ReplyToken: Hashable, Comparable, Sendable {
  let number: UInt64

  static func < (one: ReplyToken, other: ReplyToken) -> Bool { one.number < other.number }
}

/// Names a call that a built-in worker began; the worker chooses the number and gives it a meaning.
struct CallToken: Hashable, Comparable, Sendable {
  let number: UInt64

  static func < (one: CallToken, other: CallToken) -> Bool { one.number < other.number }

  init(_ number: UInt64) { self.number = number }

  /// Set in the tokens of calls that a worker begins beside those of its `EventDeliverer`.
  static let ofWorker: UInt64 = 1 << 63
}

/// How a call that a built-in worker began has ended.
enum CallOutcome {
  /// The function's result: JSON. The bytes are valid during `callCompleted`.
  case value(ByteView)
  /// The function answered without a result, or with null.
  case nothing
  /// The function answered with an error, is not registered, or its worker left; or the call's deadline passed.
  case failure(InvocationFailure)
}

/// What a condition function said.
enum ConditionVerdict: Equatable {
  /// Any answer but `false`: `null`, `0` and an answer without a result too.
  case holds
  /// The answer was `false`.
  case fails
  /// There was no answer: the function is not registered, failed, or its worker left. Its caller decides what follows.
  case undecided(InvocationFailure)
}

extension JSONValue {
  /// The value as compact JSON.
  var jsonBytes: [UInt8] { Array(jsonString().utf8) }
}
