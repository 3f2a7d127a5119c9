/// The engine's state: values by scope and key, which all workers share. Needs `iii-state` in the engine.
///
/// ```swift
/// let state = State(iii)
/// try await state.set(scope: "carts", key: "17", value: ["count": 0] as JSONValue)
/// let cart = try await state.update(
///   scope: "carts", key: "17", ops: [.increment(path: "count", by: 1)], as: JSONValue.self).newValue
/// ```
///
/// All methods throw as ``III/trigger(_:)``, and `EncodingError` or `DecodingError` if a value cannot be converted.
public struct State: Sendable {
  private let worker: III

  /// The state of the worker's engine.
  public init(_ worker: III) { self.worker = worker }

  /// The value of a key; `nil` if there is none.
  public func get<Value: Decodable & Sendable>(
    scope: String, key: String, as type: Value.Type = Value.self
  ) async throws -> Value? {
    try await worker.trigger(StateFunctions.get, payload: Place(scope: scope, key: key), as: Value?.self)
  }

  /// Sets the value of a key.
  ///
  /// - Returns: The value from before and the new one.
  @discardableResult
  public func set<Value: Codable & Sendable>(
    scope: String, key: String, value: Value
  ) async throws -> StreamSetResult<Value> {
    try await worker.trigger(StateFunctions.set, payload: NewValue(scope: scope, key: key, value: value))
  }

  /// Deletes a key.
  ///
  /// - Returns: The value from before.
  @discardableResult
  public func delete(scope: String, key: String) async throws -> StreamDeleteResult<JSONValue> {
    // The engine answers with the value itself.
    StreamDeleteResult(
      oldValue: try await worker.trigger(
        StateFunctions.delete, payload: Place(scope: scope, key: key), as: JSONValue?.self))
  }

  /// The values of a scope, in the order in which their keys were first set.
  public func list<Value: Decodable & Sendable>(
    scope: String, as type: Value.Type = Value.self
  ) async throws -> [Value] {
    try await worker.trigger(StateFunctions.list, payload: ["scope": .string(scope)])
  }

  /// The scopes that have or had values, sorted.
  public func listGroups() async throws -> [String] {
    let result: Groups = try await worker.trigger(StateFunctions.listGroups, payload: [:] as JSONValue)
    return result.groups
  }

  /// Changes the value of a key without another change in between; a missing one counts as `{}`.
  ///
  /// - Returns: The value from before, the new one, and the operations that could not be applied: the others were.
  @discardableResult
  public func update<Value: Codable & Sendable>(
    scope: String, key: String, ops: [UpdateOp], as type: Value.Type = Value.self
  ) async throws -> StreamUpdateResult<Value> {
    try await worker.trigger(StateFunctions.update, payload: Update(scope: scope, key: key, ops: ops))
  }

  private struct Place: Encodable, Sendable { let scope, key: String }

  private struct NewValue<Value: Encodable & Sendable>: Encodable, Sendable {
    let scope, key: String
    let value: Value
  }

  private struct Update: Encodable, Sendable {
    let scope, key: String
    let ops: [UpdateOp]
  }

  private struct Groups: Decodable, Sendable { let groups: [String] }
}

/// The ids of the functions of `iii-state`.
private enum StateFunctions {
  static let get = "state::get"
  static let set = "state::set"
  static let delete = "state::delete"
  static let list = "state::list"
  static let listGroups = "state::list_groups"
  static let update = "state::update"
}
