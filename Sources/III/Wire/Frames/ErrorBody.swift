/// The `error` of a result: its known members as they were sent.
package struct ErrorBody {
  package let code: WireString
  package let message: WireString
  package let stacktrace: WireString?

  init(_ value: ByteView) throws(FrameProblem) {
    guard var parts = ObjectMembers(value) else { throw .wrongType(.error, expected: "an object") }
    var code: ByteView?
    var message: ByteView?
    var stacktrace: ByteView?
    while let part = parts.next() {
      if part.isNamed("code") {
        if code != nil { throw .badMember(of: .error, "`code` occurs twice") }
        code = part.value
      } else if part.isNamed("message") {
        if message != nil { throw .badMember(of: .error, "`message` occurs twice") }
        message = part.value
      } else if part.isNamed("stacktrace") {
        if stacktrace != nil { throw .badMember(of: .error, "`stacktrace` occurs twice") }
        stacktrace = part.value
      }
    }
    self.code = try ErrorBody.string(code, "code")
    self.message = try ErrorBody.string(message, "message")
    self.stacktrace =
      if let stacktrace, !stacktrace.isNull { try ErrorBody.string(stacktrace, "stacktrace") } else { nil }
  }

  private static func string(_ value: ByteView?, _ name: String) throws(FrameProblem) -> WireString {
    guard let value else { throw .badMember(of: .error, "missing field `\(name)`") }
    guard let string = WireString(value) else { throw .badMember(of: .error, "`\(name)` is not a string") }
    return string
  }
}
