extension IIIInvocationError {
  /// Decodes the `error` member of a result, which is neither absent nor `null`.
  ///
  /// - Parameters:
  ///   - raw: The member's JSON, already validated.
  ///   - functionID: The function that the caller asked for.
  package static func decode(_ raw: ByteView, functionID: String?, invocationID: String?) -> IIIInvocationError {
    var code = "UNKNOWN"
    var message = "<no message>"
    var stacktrace: String?
    switch try? JSONParser.parse(raw) {
    case .object(let members):
      if case .string(let text) = members["code"] { code = text }
      if case .string(let text) = members["message"] { message = text }
      if case .string(let text) = members["stacktrace"] { stacktrace = text }
    case .string(let text): message = text
    case .some(let other): message = other.jsonString()
    case nil: break
    }
    return make(
      code: code, message: message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID,
      origin: .answer)
  }

  /// The error of a call, in the class that belongs to its code.
  static func make(
    code: String, message: String, functionID: String?, stacktrace: String? = nil, invocationID: String? = nil,
    origin: Origin, disconnection: String? = nil
  ) -> IIIInvocationError {
    switch code {
    case IIIErrorCode.forbidden:
      IIIForbiddenError(
        code, message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID, origin: origin,
        disconnection: disconnection)
    case IIIErrorCode.timeout:
      IIITimeoutError(
        code, message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID, origin: origin,
        disconnection: disconnection)
    default:
      IIIInvocationError(
        code, message, functionID: functionID, stacktrace: stacktrace, invocationID: invocationID, origin: origin,
        disconnection: disconnection)
    }
  }

  /// The JSON of the `error` member of a result.
  package var wireBytes: [UInt8] { Self.wireBytes(code: code, message: message, stacktrace: stacktrace) }

  /// The JSON of an `error` member.
  package static func wireBytes(code: String, message: String, stacktrace: String? = nil) -> [UInt8] {
    var buffer = JSONBuffer()
    buffer.append("{\"code\":")
    buffer.append(quoting: code)
    buffer.append(",\"message\":")
    buffer.append(quoting: message)
    if let stacktrace {
      buffer.append(",\"stacktrace\":")
      buffer.append(quoting: stacktrace)
    }
    buffer.append(UInt8(ascii: "}"))
    return buffer.bytes()
  }
}
