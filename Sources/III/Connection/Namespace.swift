/// Chooses the namespace of a call.
enum Namespace {
  /// The namespace of the engine's functions, whatever the worker's namespace is.
  static let `default` = "default"

  /// The caller's choice, else the worker's own; for the engine's functions `default`. `nil` if the worker has no namespace.
  static func target(functionID: String, chosen: String?, worker: String?) throws(IIIRegistrationError) -> String? {
    if let chosen { return try checked(chosen, "the call's namespace") }
    guard let worker else { return nil }
    return functionID.hasPrefix("engine::") ? `default` : worker
  }

  /// Returns the namespace; throws if it is blank.
  static func checked(_ namespace: String, _ source: String) throws(IIIRegistrationError) -> String {
    guard !namespace.allSatisfy(\.isWhitespace) else { throw IIIRegistrationError(reason: .emptyNamespace(source)) }
    return namespace
  }
}
