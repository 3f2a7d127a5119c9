internal import III

/// What an operation on a stream has come to.
enum StreamOutcome: Equatable {
  /// An item was set, changed or removed.
  case changed(StreamChange)
  /// What was read: JSON; `nil` is no result.
  case read([UInt8]?)
  case failed(InvocationFailure)

  /// What a function that serves a stream in place of the store has answered.
  init(ofCustom outcome: CallOutcome, _ function: StreamFunction) {
    switch (function, outcome) {
    case (.set, .value(let json)): self = StreamOutcome.change(json, named: "SetResult", needsNew: true)
    case (.update, .value(let json)): self = StreamOutcome.change(json, named: "UpdateResult", needsNew: true)
    case (.delete, .value(let json)): self = StreamOutcome.change(json, named: "DeleteResult", needsNew: false)
    case (.set, .nothing), (.update, .nothing), (.delete, .nothing):
      self = .failed(function.failure("Function returned no result"))
    case (.set, .failure(let failure)), (.update, .failure(let failure)), (.delete, .failure(let failure)):
      self = .failed(function.failure("Failed to invoke function: \(failure.debugText)"))
    case (_, .value(let json)): self = .read(json.array)
    case (_, .nothing): self = .read(nil)
    case (_, .failure(let failure)): self = .failed(failure)
    }
  }

  /// Reads a result as `{old_value, new_value, errors}`; other members are dropped.
  private static func change(_ json: ByteView, named name: String, needsNew: Bool) -> StreamOutcome {
    do throws(InputMismatch) {
      return .changed(try StreamChange(result: json, named: name, needsNew: needsNew))
    } catch {
      return .failed(
        InvocationFailure(code: "JSON_ERROR", message: "Failed to convert result to value: \(error.reason)"))
    }
  }
}

extension StreamChange {
  /// - Throws: The reason, in the words of the real engine's decoder.
  init(result json: ByteView, named name: String, needsNew: Bool) throws(InputMismatch) {
    guard var members = ObjectMembers(json) else { throw .invalidType(of: json, expected: "struct \(name)") }
    while let member = members.next() {
      if member.isNamed("old_value") {
        old = EditableJSON.Kind(of: member.value) == .null ? nil : member.value.array
      } else if member.isNamed("new_value"), needsNew {
        new = member.value.array
      } else if member.isNamed("errors"), var elements = ArrayElements(member.value) {
        errors = elements.next() == nil ? nil : member.value.array
      }
    }
    if needsNew, new == nil { throw .missing("new_value") }
  }
}
