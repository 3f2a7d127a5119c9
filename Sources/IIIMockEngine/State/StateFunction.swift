internal import III

/// The functions of `iii-state`.
enum StateFunction: String, CaseIterable {
  case set = "state::set"
  case get = "state::get"
  case delete = "state::delete"
  case update = "state::update"
  case list = "state::list"
  case listGroups = "state::list_groups"

  var description: String {
    switch self {
    case .set: "Set the value of a key."
    case .get: "Get the value of a key."
    case .delete: "Delete a key; the answer is the removed value."
    case .update: "Change the value of a key by operations, atomically."
    case .list: "List the values of a scope."
    case .listGroups: "List all scopes."
    }
  }

  var inputName: String {
    switch self {
    case .set: "StateSetInput"
    case .get: "StateGetInput"
    case .delete: "StateDeleteInput"
    case .update: "StateUpdateInput"
    case .list: "StateGetGroupInput"
    case .listGroups: "StateListGroupsInput"
    }
  }

  /// The members of the input, in the order in which their absence is reported.
  var fields: [StateInput.Field] {
    switch self {
    case .set: [.scope, .key, .value]
    case .get, .delete: [.scope, .key]
    case .update: [.scope, .key, .ops]
    case .list: [.scope]
    case .listGroups: []
    }
  }

  /// The failure of an operation that could not be carried out.
  func failure(_ reason: String) -> InvocationFailure {
    InvocationFailure(code: failureCode, message: "\(failureText): \(reason)")
  }

  /// The failure of an operation that another engine could not carry out.
  func failure(_ reason: RelayFailure) -> InvocationFailure {
    failure("\(failureText) via bridge: \(reason.bridgeText)")
  }

  private var failureCode: String {
    switch self {
    case .set: "SET_ERROR"
    case .get: "GET_ERROR"
    case .delete: "DELETE_ERROR"
    case .update: "UPDATE_ERROR"
    case .list: "LIST_ERROR"
    case .listGroups: "LIST_GROUPS_ERROR"
    }
  }

  private var failureText: String {
    switch self {
    case .set: "Failed to set value"
    case .get: "Failed to get value"
    case .delete: "Failed to delete value"
    case .update: "Failed to update value"
    case .list: "Failed to list values"
    case .listGroups: "Failed to list groups"
    }
  }

  var manifestFunction: BuiltInFunction {
    BuiltInFunction(
      rawValue, description, input: inputName, requestSchema: requestSchema, responseSchema: responseSchema)
  }

  private var requestSchema: JSONValue {
    var properties = JSONObject()
    for field in fields {
      properties[field.rawValue] =
        switch field {
        case .scope, .key: ["type": "string"]
        case .value: true
        case .ops: ["type": "array", "items": StateFunction.operationSchema]
        }
    }
    return BuiltInSchema.object(inputName, properties, required: fields.map(\.rawValue))
  }

  static var operationSchema: JSONValue {
    [
      "type": "object",
      "properties": [
        "type": ["type": "string", "enum": ["set", "merge", "increment", "decrement", "append", "remove"]],
        "path": ["anyOf": [["type": "string"], ["type": "array", "items": ["type": "string"]], ["type": "null"]]],
        "value": true, "by": ["type": "integer"],
      ], "required": ["type"],
    ]
  }

  private var responseSchema: JSONValue {
    switch self {
    case .get, .delete: return true
    case .list: return ["type": "array", "items": true]
    case .listGroups:
      return BuiltInSchema.object(
        "StateListGroupsResult", ["groups": ["type": "array", "items": ["type": "string"]]], required: ["groups"])
    case .set:
      return BuiltInSchema.object("SetResult", ["new_value": true, "old_value": true], required: ["new_value"])
    case .update:
      let problem: JSONValue = [
        "type": "object",
        "properties": [
          "code": ["type": "string"], "doc_url": ["type": "string"], "message": ["type": "string"],
          "op_index": ["type": "integer"],
        ],
      ]
      return BuiltInSchema.object(
        "UpdateResult",
        ["new_value": true, "old_value": true, "errors": ["type": "array", "items": problem]], required: ["new_value"])
    }
  }
}
