/// Provides a trigger type: it is told of every trigger of the type, and calls the trigger's function when the trigger fires.
///
/// ```swift
/// struct Webhooks: TriggerHandler {
///   struct Config: Codable, Sendable { var path: String }
///   let routes: Routes
///
///   func registerTrigger(_ trigger: TriggerConfig<Config>) async throws {
///     await routes.add(trigger.config.path, calling: trigger.functionID, id: trigger.id)
///   }
///   func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws { await routes.remove(trigger.id) }
/// }
/// ```
///
/// Mirrors `TriggerHandler` of the Python SDK.
public protocol TriggerHandler<Config>: Sendable {
  /// The type that configurations of triggers are decoded into; `JSONValue` accepts any.
  associatedtype Config: Codable & Sendable

  /// A trigger was registered. If this throws, the error is sent to the trigger's owner.
  ///
  /// A trigger with an id that the handler already has replaces the old one. After a reconnect the handler is told only of triggers that
  /// are new or have changed.
  func registerTrigger(_ trigger: TriggerConfig<Config>) async throws

  /// A trigger has ended, or the handler is no longer responsible for it. Called for triggers whose `registerTrigger` has succeeded.
  func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws
}
