internal import III

/// The functions of one of the engine's own workers: what listings tell of each, and how its input is called. How they
/// are executed stands with the router, for they reach into what it holds.
protocol BuiltInFamily: RawRepresentable<String>, CaseIterable, Sendable {
  /// The worker, which listings name as the functions' owner.
  static var owner: String { get }

  var description: String { get }
  /// What the input is called in errors.
  var inputName: String { get }
  /// What it reads of its input.
  var fields: [BuiltInField] { get }
  /// The JSON Schema of its result, as `engine::functions::info` shows it.
  var responseSchema: JSONValue { get }
}

extension BuiltInFamily {
  /// The JSON Schema of its input, as `engine::functions::info` shows it.
  var requestSchema: JSONValue {
    var properties = JSONObject()
    for field in fields { properties[field.name] = field.schema }
    return BuiltInSchema.object(inputName, properties, required: fields.filter(\.isRequired).map(\.name))
  }

  /// The function's entry in the function table.
  func entry(_ function: BuiltIn) -> FunctionEntry {
    FunctionEntry(
      name: FunctionName(rawValue), target: .builtIn(function), description: description,
      requestFormat: requestSchema.jsonBytes, responseFormat: responseSchema.jsonBytes)
  }
}
