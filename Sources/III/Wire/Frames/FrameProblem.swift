/// Why a message has no effect, for the diagnostic that the worker's author reads.
package enum FrameProblem: Error, Equatable, Sendable, CustomStringConvertible {
  case notJSON(at: Int)
  case tooDeep(at: Int)
  case notAnObject
  case missingType
  case unknownType(String)
  case missing(Envelope.Field)
  case wrongType(Envelope.Field, expected: String)
  case repeated(Envelope.Field)
  case notAnID(Envelope.Field)
  case badMember(of: Envelope.Field, String)
  /// A valid message that asks for something that this engine does not support.
  case unsupported(String)

  package init(_ failure: Envelope.Failure) {
    switch failure {
    case .notAnObject: self = .notAnObject
    case .notJSON(.malformed(let offset)): self = .notJSON(at: offset)
    case .notJSON(.tooDeep(let offset)): self = .tooDeep(at: offset)
    }
  }

  package var description: String {
    switch self {
    case .notJSON(let offset): "not JSON, at byte \(offset)"
    case .tooDeep(let offset):
      "more than \(Envelope.engineMaxDepth) objects and arrays inside one another, at byte \(offset)"
    case .notAnObject: "not a JSON object"
    case .missingType: "missing field `type`"
    case .unknownType(let type): "unknown type `\(type)`"
    case .missing(let field): "missing field `\(field.name)`"
    case .wrongType(let field, let expected): "field `\(field.name)` is not \(expected)"
    case .repeated(let field): "field `\(field.name)` occurs twice"
    case .notAnID(let field): "field `\(field.name)` is not a UUID"
    case .badMember(let field, let problem): "field `\(field.name)`: \(problem)"
    case .unsupported(let what): what
    }
  }

  /// What to do about it, if the problem alone does not say so.
  package var hint: String? {
    switch self {
    case .missing(.data): "send `data`, as null when there is no payload: engines drop the call otherwise"
    case .missing(.config): "send `config`, as null when there is none: engines drop the registration otherwise"
    default: nil
    }
  }
}
