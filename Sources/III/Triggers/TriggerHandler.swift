/// What provides a trigger type: it is told of every trigger of the type, and makes them fire by calling their functions.
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
  /// What the configurations of this type's triggers are decoded into; `JSONValue` takes any.
  associatedtype Config: Codable & Sendable

  /// A trigger was registered. What this throws reaches the trigger's owner as its error.
  ///
  /// After a reconnection the engine registers all triggers anew: the same id may come again and replaces what it was.
  func registerTrigger(_ trigger: TriggerConfig<Config>) async throws

  /// A trigger is gone. Called for triggers that were registered, after `registerTrigger` has ended.
  func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws
}
