/// Which namespace a call names.
enum Namespace {
  /// Functions of the engine live here, whatever the worker's namespace is.
  static let `default` = "default"

  /// The caller's choice, else the worker's own; the engine's functions are in `default`. Without a namespace of the
  /// worker none is named.
  static func target(functionID: String, chosen: String?, worker: String?) throws(IIIRegistrationError) -> String? {
    if let chosen { return try checked(chosen, "the call's namespace") }
    guard let worker else { return nil }
    return functionID.hasPrefix("engine::") ? `default` : worker
  }

  /// The namespace, unless it is blank.
  static func checked(_ namespace: String, _ source: String) throws(IIIRegistrationError) -> String {
    guard !namespace.allSatisfy(\.isWhitespace) else { throw IIIRegistrationError(reason: .emptyNamespace(source)) }
    return namespace
  }
}
