internal import III

/// The configuration of a `state` trigger: which changes it is about. A member that is absent or null matches all.
struct StateTriggerFilter: Equatable {
  var scope: [UInt8]?
  var key: [UInt8]?
  var conditionFunctionID: [UInt8]?

  init(scope: [UInt8]? = nil, key: [UInt8]? = nil, conditionFunctionID: [UInt8]? = nil) {
    self.scope = scope
    self.key = key
    self.conditionFunctionID = conditionFunctionID
  }

  /// - Throws: The reason, in the words of the real engine's decoder.
  init(_ config: ByteView) throws(InputMismatch) {
    guard var members = ObjectMembers(config) else {
      throw .invalidType(of: config, expected: "struct StateTriggerConfig")
    }
    var found: (condition: ByteView?, key: ByteView?, scope: ByteView?)
    while let member = members.next() {
      if member.isNamed("condition_function_id") {
        found.condition = member.value
      } else if member.isNamed("key") {
        found.key = member.value
      } else if member.isNamed("scope") {
        found.scope = member.value
      }
    }
    conditionFunctionID = try Self.text(found.condition)
    key = try Self.text(found.key)
    scope = try Self.text(found.scope)
  }

  static let schema = BuiltInSchema.object(
    "StateTriggerConfig",
    [
      "condition_function_id": ["type": ["string", "null"]], "key": ["type": ["string", "null"]],
      "scope": ["type": ["string", "null"]],
    ], required: [])

  private static func text(_ json: ByteView?) throws(InputMismatch) -> [UInt8]? {
    guard let json, EditableJSON.Kind(of: json) != .null else { return nil }
    guard JSONText.isString(json) else { throw .invalidType(of: json, expected: "a string") }
    return Array(JSONText.unquote(json).utf8)
  }
}
