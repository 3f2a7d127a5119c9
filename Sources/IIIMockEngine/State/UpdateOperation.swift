internal import III

/// One operation of `state::update`.
struct UpdateOperation: Equatable {
  enum Action: Equatable {
    case set(value: [UInt8])
    case merge(value: [UInt8])
    case increment(by: Int64)
    case decrement(by: Int64)
    case append(value: [UInt8])
    case remove
  }

  let action: Action
  /// Keys from the root to the value that is changed; empty: the root itself.
  let path: [[UInt8]]

  /// As messages and error codes name it.
  var name: String {
    switch action {
    case .set: "set"
    case .merge: "merge"
    case .increment: "increment"
    case .decrement: "decrement"
    case .append: "append"
    case .remove: "remove"
    }
  }
}

/// Why an operation was skipped.
struct UpdateProblem: Equatable {
  let code: String
  let message: String

  /// Its entry in the `errors` of an update's result.
  func write(index: Int, into output: inout [UInt8]) {
    output += "{\"code\":".utf8
    output += JSONText.quoted(code)
    output += ",\"doc_url\":\"https://iii.dev/docs/workers/iii-state#error-codes\",\"message\":".utf8
    output += JSONText.quoted(message)
    output += ",\"op_index\":\(index)}".utf8
  }
}
