extension DecodingError {
  /// The same error, with words before its reason.
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
