internal import III

/// The functions with which a test in any language reads and sets state, also where its worker may not call `state::…`.
/// A strict engine does not have them.
enum StateControl: String, BuiltInFamily {
  case set = "mock::state::set"
  case get = "mock::state::get"
  case list = "mock::state::list"

  var description: String {
    switch self {
    case .set: "Set the value of a key, as state::set does"
    case .get: "Get the value of a key"
    case .list: "List the keys and values of a scope; without one, all scopes"
    }
  }

  var inputName: String {
    switch self {
    case .set: StateFunction.set.inputName
    case .get: StateFunction.get.inputName
    case .list: "StateListInput"
    }
  }

  var fields: [BuiltInField] {
    let key: [BuiltInField] = [.init("scope", .string, isRequired: true), .init("key", .string, isRequired: true)]
    switch self {
    case .set: return key + [.init("value", .any, isRequired: true)]
    case .get: return key
    case .list: return [.init("scope", .string)]
    }
  }

  var responseSchema: JSONValue { true }
  static var isMockOnly: Bool { true }
}

extension StateWorker {
  /// Executes a `mock::state::…` function.
  func control(
    _ kind: StateControl, _ function: BuiltInFunction, _ call: BuiltInCall
  ) throws(BuiltInInput.Mismatch) -> BuiltInReply {
    let input = try call.input(of: function)
    try input.refuseUnknown(function.fields)
    switch kind {
    case .set: return try perform(.set, function, call)
    case .get: return try perform(.get, function, call)
    case .list:
      guard let scope = try input.string("scope") else { return try perform(.listGroups, function, call) }
      return entries(of: Array(scope.utf8))
    }
  }
}

/// Listings that name the key of each value.
enum KeyedListing {
  /// `{"entries":[{"key":…,"value":…}]}`; values as their sender spelled them.
  ///
  /// - Parameter name: What the key is called.
  static func json(_ name: String, _ entries: OrderedTable<[UInt8], [UInt8]>) -> [UInt8] {
    var output = Array("{\"entries\":[".utf8)
    var isFirst = true
    for (key, value) in entries {
      output += "\(isFirst ? "" : ","){\"\(name)\":".utf8
      output += JSONText.quoted(String(decoding: key, as: UTF8.self))
      output += ",\"value\":".utf8
      output += value
      output.append(UInt8(ascii: "}"))
      isFirst = false
    }
    return output + Array("]}".utf8)
  }
}

extension BuiltInReply {
  /// A listing of values as one of entries, where the keys are not known: another engine has them, or a function.
  func namingNoKeys(_ name: String) -> BuiltInReply {
    guard case .bytes(let json) = self else { return self }
    let values = json.withView { try? JSONParser.parse($0) }?.arrayValue ?? []
    return .json([
      "entries": .array(
        values.map { value in
          var entry: JSONObject = ["value": value]
          entry[name] = JSONValue.null
          return .object(entry)
        })
    ])
  }
}
