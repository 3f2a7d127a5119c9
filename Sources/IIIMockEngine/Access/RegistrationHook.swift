internal import III

/// A registration that a hook is asked about: what the hook is told, and what its answer may change.
///
/// The texts are as the worker sent them, before the session's prefix is put in front.
enum HookedRegistration: Equatable {
  case function(id: String, description: String?, metadata: [UInt8]?)
  case triggerType(id: String, description: String)
  case trigger(id: String, type: String, functionID: String, config: [UInt8], metadata: [UInt8]?)

  /// The payload of the hook's call.
  ///
  /// - Parameter context: The session's context, as JSON.
  func input(context: [UInt8]) -> [UInt8] {
    var object = JSONObjectText()
    switch self {
    case .function(let id, let description, let metadata):
      object.add("function_id", text: id)
      object.add("description", text: description)
      object.add("metadata", raw: metadata)
    case .triggerType(let id, let description):
      object.add("trigger_type_id", text: id)
      object.add("description", text: description)
    case .trigger(let id, let type, let functionID, let config, let metadata):
      object.add("trigger_id", text: id)
      object.add("trigger_type", text: type)
      object.add("function_id", text: functionID)
      object.add("config", raw: config)
      object.add("metadata", raw: metadata)
    }
    object.add("context", raw: context)
    return object.bytes
  }

  /// The registration as the hook's answer changes it; nil if the answer denies it.
  ///
  /// Only an object allows a registration. Members of other types than those expected change nothing; `metadata` and
  /// `config` replace also where they are null.
  func applying(_ answer: JSONValue?) -> HookedRegistration? {
    guard case .object(let members)? = answer else { return nil }
    switch self {
    case .function(let id, let description, let metadata):
      return .function(
        id: members.text("function_id") ?? id, description: members.text("description") ?? description,
        metadata: members["metadata"].map(\.jsonBytes) ?? metadata)
    case .triggerType(let id, let description):
      return .triggerType(
        id: members.text("trigger_type_id") ?? id, description: members.text("description") ?? description)
    case .trigger(let id, let type, let functionID, let config, let metadata):
      return .trigger(
        id: members.text("trigger_id") ?? id, type: members.text("trigger_type") ?? type,
        functionID: members.text("function_id") ?? functionID,
        config: members["config"].map(\.jsonBytes) ?? config, metadata: metadata)
    }
  }

  /// What a developer may not expect of an applied answer: changed ids, and a null that erases.
  func surprises(after applied: HookedRegistration) -> [String] {
    var texts: [String] = []
    func changed(_ what: String, _ old: String, _ new: String) {
      if !old.utf8.elementsEqual(new.utf8) { texts.append("\(what) '\(old)' became '\(new)'") }
    }
    switch (self, applied) {
    case (.function(let id, _, let metadata), .function(let newID, _, let newMetadata)):
      changed("function", id, newID)
      if metadata != nil, newMetadata == Self.null { texts.append("null erased the metadata of function '\(newID)'") }
    case (.triggerType(let id, _), .triggerType(let newID, _)): changed("trigger type", id, newID)
    case (
      .trigger(let id, let type, let function, let config, _),
      .trigger(let newID, let newType, let new, let newConfig, _)
    ):
      changed("trigger", id, newID)
      changed("trigger type", type, newType)
      changed("the trigger's function", function, new)
      if config != Self.null, newConfig == Self.null { texts.append("null erased the config of trigger '\(newID)'") }
    default: break
    }
    return texts
  }

  private static let null = Array("null".utf8)
}

/// The input of a middleware function.
struct MiddlewareInput {
  let functionID: ByteView
  /// The caller's payload, as it was sent.
  let payload: ByteView
  /// `{"type":"void"}`, `{"type":"enqueue","queue":"q"}`, or nil.
  let action: [UInt8]?
  let context: [UInt8]

  var bytes: [UInt8] {
    var object = JSONObjectText()
    object.add("function_id", raw: functionID.array)
    object.add("payload", raw: payload.array)
    object.add("action", raw: action)
    object.add("context", raw: context)
    return object.bytes
  }
}

/// Writes an object from members whose values are JSON already.
private struct JSONObjectText {
  private(set) var members: [UInt8] = []

  var bytes: [UInt8] { [UInt8(ascii: "{")] + members + [UInt8(ascii: "}")] }

  /// A value of nil is written as null.
  mutating func add(_ name: StaticString, raw value: [UInt8]?) {
    if !members.isEmpty { members.append(UInt8(ascii: ",")) }
    members.append(UInt8(ascii: "\""))
    members.append(contentsOf: ByteView(name).unsafeBytes)
    members.append(contentsOf: "\":".utf8)
    members.append(contentsOf: value ?? Array("null".utf8))
  }

  mutating func add(_ name: StaticString, text: String?) { add(name, raw: text.map(JSONText.quoted)) }
}

extension JSONObject {
  fileprivate func text(_ key: String) -> String? { if case .string(let text)? = self[key] { text } else { nil } }
}
