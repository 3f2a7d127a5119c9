/// The configuration of a trigger of one of the engine's own types. Members that are `nil` are left out.
public protocol BuiltinTriggerConfig: Codable, Sendable {
  /// The type's id.
  static var triggerType: String { get }
}
