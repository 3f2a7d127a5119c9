internal import III

/// The functions of a built-in worker as the cases of an enumeration, in the order in which its manifest lists them.
protocol BuiltInFamily: RawRepresentable<String>, CaseIterable {
  var description: String { get }
  /// What error texts call the input.
  var inputName: String { get }
  /// The members of the input that the function reads.
  var fields: [BuiltInField] { get }
  /// Whether the real engine does not have the functions.
  static var isMockOnly: Bool { get }
  /// The JSON Schema of the result, as `engine::functions::info` shows it.
  var responseSchema: JSONValue { get }
}

extension BuiltInFamily {
  static var isMockOnly: Bool { false }

  /// All functions, as a manifest lists them.
  static var manifestFunctions: [BuiltInFunction] {
    allCases.map {
      BuiltInFunction(
        $0.rawValue, $0.description, input: $0.inputName, fields: $0.fields, responseSchema: $0.responseSchema,
        isMockOnly: isMockOnly)
    }
  }
}
