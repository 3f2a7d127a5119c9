import III

/// A trigger type that fires when `ring` is called, and triggers of any worker's type.
struct InteropTriggers: Sendable {
  let worker: III
  let prefix: String
  private let bells = Bells()
  private let triggers = Triggers()

  init(worker: III, prefix: String) {
    self.worker = worker
    self.prefix = prefix
  }

  private struct Config: Codable, Sendable {
    let note: String?
    let refuse: String?
  }

  /// What the handler was told, as `bells` shows it.
  private struct Bell: Codable, Sendable {
    let id: String
    let function: String
    let config: Config
    let metadata: JSONValue?

    init(_ trigger: TriggerConfig<Config>) {
      id = trigger.id
      function = trigger.functionID
      config = trigger.config
      metadata = trigger.metadata
    }
  }

  private struct Refusal: Error, CustomStringConvertible { let description: String }

  private struct Told: Codable, Sendable {
    var registered: [Bell] = []
    var unregistered: [Bell] = []
  }

  private actor Bells: TriggerHandler {
    private(set) var inForce: [String: Bell] = [:]
    private(set) var told = Told()

    func registerTrigger(_ trigger: TriggerConfig<Config>) async throws {
      if let reason = trigger.config.refuse { throw Refusal(description: reason) }
      inForce[trigger.id] = Bell(trigger)
      told.registered.append(Bell(trigger))
    }

    func unregisterTrigger(_ trigger: TriggerConfig<Config>) async throws {
      inForce[trigger.id] = nil
      told.unregistered.append(Bell(trigger))
    }
  }

  private actor Triggers {
    private var byName: [String: Trigger] = [:]
    func add(_ trigger: Trigger, named name: String) { byName[name] = trigger }
    func remove(_ name: String) -> Trigger? { byName.removeValue(forKey: name) }
    func error(of name: String) -> IIIInvocationError? { byName[name]?.registrationError }
  }

  private struct Binding: Codable, Sendable {
    let name, type, function: String
    let config: JSONValue
    let metadata: JSONValue?
  }
  private struct Name: Codable, Sendable { let name: String }
  private struct Note: Codable, Sendable { let note: String? }
  private struct Complaint: Codable, Sendable { let code, message: String }

  func register() throws {
    try worker.registerTriggerType(
      RegisterTriggerTypeInput(id: "\(prefix)::bell", description: "rings when told to"), handler: bells)
    try worker.registerFunction("\(prefix)::ring") { (_: JSONValue) async throws -> Void in
      for bell in await bells.inForce.values {
        try await worker.trigger(bell.function, payload: Note(note: bell.config.note), action: .void())
      }
    }
    try worker.registerFunction("\(prefix)::bells") { (_: JSONValue) async throws -> Told in await bells.told }
    try worker.registerFunction("\(prefix)::bind") { (input: Binding) async throws -> Void in
      let trigger = try worker.registerTrigger(
        RegisterTriggerInput(
          type: input.type, functionID: input.function, config: input.config, metadata: input.metadata))
      await triggers.add(trigger, named: input.name)
    }
    try worker.registerFunction("\(prefix)::unbind") { (input: Name) async throws -> Void in
      await triggers.remove(input.name)?.unregister()
    }
    try worker.registerFunction("\(prefix)::complaint") { (input: Name) async throws -> Complaint? in
      await triggers.error(of: input.name).map { Complaint(code: $0.code, message: $0.message) }
    }
  }
}
