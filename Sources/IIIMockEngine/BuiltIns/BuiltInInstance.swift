internal import III

/// A built-in worker of one engine, with what the engine knows of it.
struct BuiltInInstance {
  let id: BuiltInID
  let worker: any BuiltInWorker
  let manifest: BuiltInManifest
  /// The manifest's functions that this engine has, each with its number in the manifest.
  let functions: [BuiltInFunction]
  private let offersMockTypes: Bool

  init(_ worker: any BuiltInWorker, id: BuiltInID, compatibility: Compatibility) {
    self.id = id
    self.worker = worker
    manifest = worker.manifest
    offersMockTypes = compatibility.offersMockFunctions
    functions = manifest.functions.enumerated().compactMap { number, function in
      guard compatibility.offersMockFunctions || !function.isMockOnly else { return nil }
      var function = function
      function.number = number
      return function
    }
  }

  /// Whether the engine has nothing of the worker: its functions are this engine's own, and the engine is strict.
  var isLeftOut: Bool {
    worker is RemovedWorker || functions.isEmpty && !manifest.functions.isEmpty && manifest.triggerTypes.isEmpty
  }

  /// The functions as entries of the engine's table.
  var entries: [FunctionEntry] {
    functions.enumerated().map { index, function in
      FunctionEntry(
        name: FunctionName(function.id), target: .builtIn(BuiltInTarget(worker: id, function: UInt16(index))),
        description: function.description, requestFormat: function.requestSchema.jsonBytes,
        responseFormat: function.responseSchema == .null ? nil : function.responseSchema.jsonBytes)
    }
  }

  var triggerTypes: [TriggerType] {
    manifest.triggerTypes.filter { offersMockTypes || !$0.isMockOnly }.map {
      TriggerType(
        id: ByteKey($0.id), description: $0.description, requestFormat: $0.requestSchema?.jsonBytes,
        callFormat: $0.callSchema?.jsonBytes, provider: .builtIn(id))
    }
  }
}

/// What is in the place of a built-in worker that a changed configuration has removed.
final class RemovedWorker: BuiltInWorker {
  let manifest = BuiltInManifest(name: "")

  func call(
    _ function: BuiltInFunction, _ call: BuiltInCall, _ kernel: borrowing KernelView
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply { .failure(.stopped) }
}
