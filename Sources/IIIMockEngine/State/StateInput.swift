internal import III

typealias InputMismatch = BuiltInInput.Mismatch

extension InputMismatch {
  static func missing(_ field: String) -> InputMismatch { InputMismatch(reason: "missing field `\(field)`") }

  /// - Parameter json: A valid value without blanks around it.
  static func invalidType(of json: ByteView, expected: String) -> InputMismatch {
    switch EditableJSON.Kind(of: json) {
    case .object: .invalidType(.object(JSONObject()), expected: expected)
    case .array: .invalidType(.array([]), expected: expected)
    default: .invalidType((try? JSONParser.parse(json)) ?? .double(.infinity), expected: expected)
    }
  }
}

/// The input of a state function: the members that it reads, with values as their sender spelled them.
struct StateInput {
  enum Field: String { case scope, key, value, ops }

  private(set) var scope: [UInt8] = []
  private(set) var key: [UInt8] = []
  private(set) var value: [UInt8] = []
  private(set) var operations: [UpdateOperation] = []

  init(scope: [UInt8]) { self.scope = scope }

  /// - Parameters:
  ///   - json: The input; of equal members the last one counts.
  ///   - name: What the input is called where it is no object.
  ///   - fields: The members that are required, in the order in which their absence is reported.
  /// - Throws: The reason, in the words of the real engine's decoder: members of a wrong type by name, then what is
  ///   missing.
  init(_ json: ByteView, named name: String, fields: [Field]) throws(InputMismatch) {
    guard var members = ObjectMembers(json) else { throw .invalidType(of: json, expected: "struct \(name)") }
    var found = Found()
    while let member = members.next() { found.note(member) }
    var present: [Field] = []
    if fields.contains(.key), let json = found.key {
      key = try StateInput.text(json)
      present.append(.key)
    }
    if fields.contains(.ops), let json = found.ops {
      operations = try StateInput.operations(json)
      present.append(.ops)
    }
    if fields.contains(.scope), let json = found.scope {
      scope = try StateInput.text(json)
      present.append(.scope)
    }
    if fields.contains(.value), let json = found.value ?? found.data {
      if found.value != nil && found.data != nil { throw InputMismatch(reason: "duplicate field `value`") }
      value = json.array
      present.append(.value)
    }
    if let missing = fields.first(where: { !present.contains($0) }) { throw .missing(missing.rawValue) }
  }

  private struct Found {
    var scope: ByteView?
    var key: ByteView?
    var value: ByteView?
    /// The other name of `value`.
    var data: ByteView?
    var ops: ByteView?

    mutating func note(_ member: ObjectMembers.Member) {
      if member.isNamed("scope") {
        scope = member.value
      } else if member.isNamed("key") {
        key = member.value
      } else if member.isNamed("value") {
        value = member.value
      } else if member.isNamed("data") {
        data = member.value
      } else if member.isNamed("ops") {
        ops = member.value
      }
    }
  }

  static func text(_ json: ByteView) throws(InputMismatch) -> [UInt8] {
    guard JSONText.isString(json) else { throw .invalidType(of: json, expected: "a string") }
    return Array(JSONText.unquote(json).utf8)
  }

  static func operations(_ json: ByteView) throws(InputMismatch) -> [UpdateOperation] {
    guard var elements = ArrayElements(json) else { throw .invalidType(of: json, expected: "a sequence") }
    var operations: [UpdateOperation] = []
    while let element = elements.next() { operations.append(try UpdateOperation(element)) }
    return operations
  }
}
