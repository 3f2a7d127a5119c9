/// A connected worker, as logs and diagnostics name it.
public struct WorkerLabel: Sendable, Hashable, CustomStringConvertible {
  /// The id that the engine gave this connection, a UUID.
  public let id: String
  /// The name that the worker reported; `nil` until it has.
  public let name: String?

  /// A label for the connection with this id.
  public init(id: String, name: String? = nil) {
    self.id = id
    self.name = name
  }

  /// The name with the id's first part, as `orders (3f2a90c1)`.
  public var description: String { "\(name ?? "worker") (\(id.prefix(8)))" }
}
