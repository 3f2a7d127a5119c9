extension PayloadCoder {
  /// The reason why a payload could not be encoded or decoded, as `<coding path>: <reason>`; it never contains values of the payload.
  package static func message(for error: any Error) -> String {
    switch error {
    case let error as DecodingError: message(for: error)
    case EncodingError.invalidValue(let value, let context):
      line(context.codingPath, "\(type(of: value)) cannot be encoded: \(context.debugDescription)")
    default: String(describing: error)
    }
  }

  private static func message(for error: DecodingError) -> String {
    switch error {
    case .keyNotFound(let key, let context): line(context.codingPath + [key], "required member is missing")
    case .valueNotFound(let type, let context), .typeMismatch(let type, let context):
      line(context.codingPath, mismatch(type, context))
    case .dataCorrupted(let context): line(context.codingPath, corruption(context))
    @unknown default: "cannot be decoded"
    }
  }

  private static func mismatch(_ type: Any.Type, _ context: DecodingError.Context) -> String {
    // The texts of our own coder, which contain kinds and never values.
    context.debugDescription.hasPrefix("expected ") ? context.debugDescription : "expected \(name(of: type))"
  }

  /// The reason from a coder, without the value that the standard library quotes in some of them.
  private static func corruption(_ context: DecodingError.Context) -> String {
    let reason = context.debugDescription
    guard reason.hasPrefix("Cannot initialize "), let range = reason.firstRange(of: " value ") else { return reason }
    return String(reason[..<range.lowerBound]) + " value"
  }

  private static func name(of type: Any.Type) -> String {
    if type is any CollectionOfMembers.Type { return "an object" }
    if type is any CollectionOfElements.Type { return "an array" }
    return "\(type)"
  }

  private static func line(_ path: [any CodingKey], _ reason: String) -> String {
    var text = ""
    for key in path {
      if let index = key.intValue {
        text += "[\(index)]"
      } else {
        text += text.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
    return text.isEmpty ? reason : "\(text): \(reason)"
  }
}

/// Marks dictionaries, which coders name if they expected an object.
private protocol CollectionOfMembers {}
extension Dictionary: CollectionOfMembers {}

/// Marks arrays, which coders name if they expected one.
private protocol CollectionOfElements {}
extension Array: CollectionOfElements {}

extension DecodingError {
  /// The same error, with `words` before its reason.
  func prefixed(_ words: String) -> DecodingError {
    func context(_ context: Context) -> Context {
      Context(
        codingPath: context.codingPath, debugDescription: words + context.debugDescription,
        underlyingError: context.underlyingError)
    }
    return switch self {
    case .typeMismatch(let type, let reason): .typeMismatch(type, context(reason))
    case .valueNotFound(let type, let reason): .valueNotFound(type, context(reason))
    case .keyNotFound(let key, let reason): .keyNotFound(key, context(reason))
    case .dataCorrupted(let reason): .dataCorrupted(context(reason))
    @unknown default: self
    }
  }
}
