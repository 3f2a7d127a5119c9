internal import III

extension Router {
  /// What `engine::workers-available` tells.
  enum WorkerEvent: String {
    case connected = "worker_connected"
    case metadataUpdated = "worker_metadata_updated"
    case disconnected = "worker_disconnected"
  }

  /// How often the functions are compared with those before.
  static let functionsPollInterval = Duration.seconds(5)

  /// Tells who wants to know of workers; each event is a call of its own.
  mutating func fire(_ event: WorkerEvent, of worker: UUID128, _ output: some RouterOutput) {
    let triggers = self.triggers.triggers(of: .workersAvailable)
    guard !triggers.isEmpty else { return }
    let data: JSONValue = ["event": .string(event.rawValue), "worker_id": .string(worker.description)]
    fire(triggers, data, output)
  }

  /// Compares the ids of functions with those of the last time: changes that cancelled out are none.
  mutating func pollFunctions(_ output: some RouterOutput) {
    guard functions.takeChange() else { return }
    let triggers = self.triggers.triggers(of: .functionsAvailable)
    guard !triggers.isEmpty else { return }
    fire(triggers, ["event": "functions_changed", "functions": .array(functionRows)], output)
  }

  mutating func fire(_ triggers: [TriggerEntry], _ data: JSONValue, _ output: some RouterOutput) {
    let bytes = data.jsonBytes
    for trigger in triggers { call(trigger.functionID, bytes, metadata: trigger.metadata, output) }
  }

  /// A call of the engine's own: no caller, no time-out, and nobody to hear the answer.
  private mutating func call(
    _ functionID: ByteKey, _ data: [UInt8], metadata: [UInt8]?, _ output: some RouterOutput
  ) {
    guard let entry = functions.entry(functionID) else {
      output.note(.warning("a trigger's function is missing: \(functionID)"))
      return
    }
    switch entry.target {
    case .builtIn(let function): _ = data.withView { call(function, $0, from: .none, output) }
    case .worker(let callee):
      let id = UUID128.random()
      _ = invocations.insert(id, caller: .none, callee: callee, name: entry.name, trace: nil, at: output.now)
      count(1, callee)
      let metadata = compatibility.forwardsMetadata ? metadata : nil
      entry.name.quoted.withView { name in
        data.withView { data in
          (metadata ?? []).withView { view in
            _ = output.send(
              .invocation(
                .init(
                  id: id, functionID: name, data: data, caller: nil, trace: trace.ownHeaders,
                  metadata: metadata == nil ? nil : view)),
              to: callee)
          }
        }
      }
    }
  }
}
