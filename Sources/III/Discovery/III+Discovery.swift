/// The engine's lists of functions, triggers, trigger types and workers.
extension III {
  private struct FunctionList: Decodable, Sendable { let functions: [FunctionInfo] }
  private struct TriggerList: Decodable, Sendable {
    let registeredTriggers: [TriggerInfo]
    enum CodingKeys: String, CodingKey { case registeredTriggers = "registered_triggers" }
  }
  private struct TriggerTypeList: Decodable, Sendable { let triggers: [TriggerTypeInfo] }
  private struct WorkerList: Decodable, Sendable { let workers: [WorkerInfo] }
  private struct FunctionsChanged: Decodable, Sendable { let functions: [FunctionInfo] }

  /// Lists the functions of the engine, ordered by id.
  ///
  /// ```swift
  /// for function in try await iii.listFunctions(prefix: "orders::") { print(function.functionID) }
  /// ```
  ///
  /// - Parameters:
  ///   - prefix: Only functions whose ids begin with this text.
  ///   - search: Only functions with this text in id or description; case is ignored.
  ///   - worker: Only functions of the worker with this name.
  ///   - includeInternal: Whether to include functions whose ids begin with `engine::`.
  /// - Throws: As ``trigger(_:)``.
  public func listFunctions(
    prefix: String? = nil, search: String? = nil, worker: String? = nil, includeInternal: Bool = false
  ) async throws -> [FunctionInfo] {
    let input = filters(["prefix": prefix, "search": search, "worker": worker], includeInternal)
    let list: FunctionList = try await ask(EngineFunctions.listFunctions, input)
    return list.functions
  }

  /// Describes one function: its schemas, metadata and owner.
  ///
  /// - Throws: As ``trigger(_:)``; the engine's code for an unknown function is `NOT_FOUND`.
  public func functionInfo(_ functionID: String) async throws -> FunctionInfo {
    try await ask(EngineFunctions.infoFunctions, ["function_id": .string(functionID)])
  }

  /// Lists the registered triggers, ordered by id.
  ///
  /// - Parameters:
  ///   - functionID: Only triggers that call this function.
  ///   - triggerType: Only triggers of this type.
  ///   - includeInternal: Whether to include triggers that call the engine's own functions.
  /// - Throws: As ``trigger(_:)``.
  public func listTriggers(
    functionID: String? = nil, triggerType: String? = nil, includeInternal: Bool = false
  ) async throws -> [TriggerInfo] {
    let input = filters(["function_id": functionID, "trigger_type": triggerType], includeInternal)
    let list: TriggerList = try await ask(EngineFunctions.listRegisteredTriggers, input)
    return list.registeredTriggers
  }

  /// Lists the trigger types, ordered by id.
  ///
  /// - Parameter includeInternal: Whether to include the engine's own types.
  ///
  /// - Throws: As ``trigger(_:)``.
  public func listTriggerTypes(includeInternal: Bool = false) async throws -> [TriggerTypeInfo] {
    let list: TriggerTypeList = try await ask(EngineFunctions.listTriggers, filters([:], includeInternal))
    return list.triggers
  }

  /// Lists the workers: those that have registered their metadata, and the engine's own.
  ///
  /// - Throws: As ``trigger(_:)``.
  public func listWorkers() async throws -> [WorkerInfo] {
    let list: WorkerList = try await ask(EngineFunctions.listWorkers, [:])
    return list.workers
  }

  /// Calls `handler` with all functions when their set has changed; the engine checks every five seconds.
  ///
  /// It registers a function and a trigger of its own; the result's `cancel` ends both.
  ///
  /// - Throws: As `registerTrigger`.
  @discardableResult
  public func onFunctionsAvailable(
    _ handler: @escaping @Sendable ([FunctionInfo]) async -> Void
  ) throws -> Cancellation {
    let function = try registerFunction("iii::on-functions-available::\(newID())") {
      (event: FunctionsChanged) async in await handler(event.functions)
    }
    let trigger: Trigger
    do {
      trigger = try registerTrigger(
        RegisterTriggerInput(type: EngineTriggers.functionsAvailable, functionID: function.id, config: [:]))
    } catch {
      function.unregister()
      throw error
    }
    return Cancellation {
      trigger.unregister()
      function.unregister()
    }
  }

  private func filters(_ texts: KeyValuePairs<String, String?>, _ includeInternal: Bool) -> JSONValue {
    var input = JSONObject()
    for (name, text) in texts { input[name] = text.map { .string($0) } }
    if includeInternal { input["include_internal"] = true }
    return .object(input)
  }

  private func ask<Output: Decodable & Sendable>(_ functionID: String, _ input: JSONValue) async throws -> Output {
    try await trigger(functionID, payload: input)
  }
}
