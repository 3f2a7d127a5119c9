internal import III

/// What one instance of a built-in worker provides.
struct BuiltInManifest {
  /// The worker's name, as in the configuration file; listings show it as the owner of the functions.
  var name: String
  var functions: [BuiltInFunction] = []
  var triggerTypes: [BuiltInTriggerType] = []
  /// Whether `workerChanged` is called.
  var observesWorkers = false
  /// Whether `received(binary:from:)` is called.
  var readsBinaryMessages = false
  /// Paths on the listeners for workers whose requests go to `admit`.
  var paths: [Path] = []

  enum Path {
    case exactly(String)
    /// Every path that begins so.
    case below(String)
  }
}

/// A function of a built-in worker, as the manifest describes it.
struct BuiltInFunction {
  let id: String
  let description: String
  /// What error texts call the input, as `StateSetInput`.
  let inputName: String
  /// The members of the input that the function reads.
  let fields: [BuiltInField]
  /// JSON Schemas, as `engine::functions::info` shows them; `null` for a function that shows none of its result.
  let requestSchema: JSONValue
  let responseSchema: JSONValue
  /// Whether the real engine does not have this function: a strict engine leaves it out.
  let isMockOnly: Bool
  /// The function's place in its manifest: set by the engine. A worker whose functions are the cases of an enumeration
  /// finds the case by it.
  var number = 0

  /// - Parameter requestSchema: Made from `fields` if it is left out.
  init(
    _ id: String, _ description: String, input inputName: String, fields: [BuiltInField] = [],
    requestSchema: JSONValue? = nil, responseSchema: JSONValue = true, isMockOnly: Bool = false
  ) {
    self.id = id
    self.description = description
    self.inputName = inputName
    self.fields = fields
    self.requestSchema = requestSchema ?? BuiltInSchema.object(inputName, fields: fields)
    self.responseSchema = responseSchema
    self.isMockOnly = isMockOnly
  }
}

/// A trigger type of a built-in worker.
struct BuiltInTriggerType {
  let id: String
  let description: String
  /// The JSON Schema of a trigger's configuration.
  var requestSchema: JSONValue?
  /// The JSON Schema of what a trigger's function is called with.
  var callSchema: JSONValue?
  /// Whether a strict engine does not have the type.
  var isMockOnly = false
}

/// Identifies an instance of a built-in worker in one engine.
struct BuiltInID: Hashable, Sendable {
  let index: UInt16
}

/// Identifies a function of a built-in worker in one engine. Trivial to copy: every call looks at a function's target.
struct BuiltInTarget: Hashable, Sendable {
  let worker: BuiltInID
  let function: UInt16
}
