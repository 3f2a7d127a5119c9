/// The client refused a registration without asking the engine.
public struct IIIRegistrationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// Why a registration is refused.
  public enum Reason: Sendable, Hashable {
    /// The id is empty or blank.
    case emptyID
    /// This worker already has a function with this id; unregister it first.
    case alreadyRegistered(String)
    /// The namespace from this source (an option, an environment variable) is blank.
    case emptyNamespace(String)
  }

  /// Why the registration was refused.
  public let reason: Reason

  /// Creates an error.
  public init(reason: Reason) { self.reason = reason }

  /// What happened and what to do.
  public var description: String {
    switch reason {
    case .emptyID: "id is required: the given one is empty or blank"
    case .alreadyRegistered(let id): "function id '\(id)' already registered: unregister it first"
    case .emptyNamespace(let source):
      "namespace is empty: \(source) is blank. Give it a name, or leave it unset to use `default`"
    }
  }
}
