internal import III

/// The functions of `iii-stream`.
enum StreamFunction: String, CaseIterable {
  case set = "stream::set"
  case get = "stream::get"
  case delete = "stream::delete"
  case update = "stream::update"
  case list = "stream::list"
  case listGroups = "stream::list_groups"
  case listAll = "stream::list_all"
  case send = "stream::send"

  var description: String {
    switch self {
    case .set: "Set an item of a stream; those who watch it are told."
    case .get: "Get an item of a stream."
    case .delete: "Delete an item of a stream; those who watch it are told."
    case .update: "Change an item of a stream by operations, atomically."
    case .list: "List the items of a group."
    case .listGroups: "List the groups of a stream."
    case .listAll: "List all streams with their groups."
    case .send: "Send an event to those who watch a group or an item; nothing is stored."
    }
  }

  var inputName: String {
    switch self {
    case .set: "StreamSetInput"
    case .get: "StreamGetInput"
    case .delete: "StreamDeleteInput"
    case .update: "StreamUpdateInput"
    case .list: "StreamListInput"
    case .listGroups: "StreamListGroupsInput"
    case .listAll: "StreamListAllInput"
    case .send: "StreamSendInput"
    }
  }

  /// The members of the input, in the order in which their absence is reported.
  var fields: [StreamInput.Field] {
    switch self {
    case .set: [.streamName, .groupID, .itemID, .data]
    case .get, .delete: [.streamName, .groupID, .itemID]
    case .update: [.streamName, .groupID, .itemID, .ops]
    case .list: [.streamName, .groupID]
    case .listGroups: [.streamName]
    case .listAll: []
    case .send: [.streamName, .groupID, .id, .type, .data]
    }
  }

  /// The function that serves a stream in place of the store, where somebody has registered it; `nil` for operations that
  /// no such function replaces.
  func customID(for stream: [UInt8]) -> ByteKey? {
    if self == .listAll || self == .send { return nil }
    return ByteKey("\(rawValue)(\(String(decoding: stream, as: UTF8.self)))")
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
    case .set: "STREAM_SET_ERROR"
    case .get: "STREAM_GET_ERROR"
    case .delete: "STREAM_DELETE_ERROR"
    case .update: "STREAM_UPDATE_ERROR"
    case .list: "STREAM_GET_GROUP_ERROR"
    case .listGroups: "STREAM_LIST_GROUPS_ERROR"
    case .listAll: "STREAM_LIST_ALL_ERROR"
    case .send: "STREAM_SEND_ERROR"
    }
  }

  private var failureText: String {
    switch self {
    case .set: "Failed to set value"
    case .get: "Failed to get value"
    case .delete: "Failed to delete value"
    case .update: "Failed to update value"
    case .list: "Failed to get group"
    case .listGroups: "Failed to list groups"
    case .listAll: "Failed to list stream"
    case .send: "Failed to send event"
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
        case .streamName, .groupID, .itemID, .type: ["type": "string"]
        case .id: ["type": ["string", "null"]]
        case .data: true
        case .ops: ["type": "array", "items": StateFunction.operationSchema]
        }
    }
    return BuiltInSchema.object(
      inputName, properties, required: fields.filter { $0 != .id }.map(\.rawValue))
  }

  private var responseSchema: JSONValue {
    switch self {
    case .set, .update:
      BuiltInSchema.object(
        self == .set ? "StreamSetResult" : "StreamUpdateResult", ["old_value": true, "new_value": true],
        required: ["old_value", "new_value"])
    case .delete: BuiltInSchema.object("StreamDeleteResult", ["old_value": true], required: ["old_value"])
    case .list: ["type": "array", "items": true]
    case .listGroups: ["type": "array", "items": ["type": "string"]]
    case .listAll:
      BuiltInSchema.object(
        "StreamListAllResult",
        [
          "count": ["type": "integer", "minimum": 0],
          "stream": [
            "type": "array",
            "items": [
              "type": "object",
              "properties": ["id": ["type": "string"], "groups": ["type": "array", "items": ["type": "string"]]],
              "required": ["id", "groups"],
            ],
          ],
        ], required: ["count", "stream"])
    case .get: true
    case .send: .null
    }
  }
}
