internal import III

/// What the JSON Schemas of all built-in functions have in common.
enum BuiltInSchema {
  static let dialect = "http://json-schema.org/draft-07/schema#"

  static func object(
    _ title: some StringProtocol, _ properties: JSONObject, required: [String]
  ) -> JSONValue {
    var schema: JSONObject = [
      "$schema": .string(dialect), "title": .string(String(title)), "type": "object",
      "properties": .object(properties),
    ]
    if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
    return .object(schema)
  }

  /// The schema of an input, from the members that its function reads.
  static func object(_ title: String, fields: [BuiltInField]) -> JSONValue {
    var properties = JSONObject()
    for field in fields { properties[field.name] = field.schema }
    return object(title, properties, required: fields.filter(\.isRequired).map(\.name))
  }
}
