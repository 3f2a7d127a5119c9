internal import III

/// The input of a stream function: the members that it reads, with values as their sender spelled them.
struct StreamInput: Equatable {
  enum Field: String, CaseIterable {
    case data
    case groupID = "group_id"
    /// An optional string.
    case id
    case itemID = "item_id"
    case ops
    case streamName = "stream_name"
    case type
  }

  private(set) var stream: [UInt8] = []
  private(set) var group: [UInt8] = []
  private(set) var item: [UInt8] = []
  /// The id of an event that is sent; `nil` if it is about no item.
  private(set) var id: [UInt8]?
  private(set) var type: [UInt8] = []
  private(set) var data: [UInt8] = []
  private(set) var operations: [UpdateOperation] = []
  /// The operations as they were sent: JSON.
  private(set) var operationsJSON: [UInt8] = []

  /// The input of reading a group, or an item of it.
  init(stream: [UInt8], group: [UInt8], item: [UInt8]? = nil) {
    self.stream = stream
    self.group = group
    self.item = item ?? []
  }

  /// - Parameters:
  ///   - json: The input; of equal members the last one counts.
  ///   - name: What the input is called where it is no object.
  ///   - fields: The members that are read, in the order in which their absence is reported.
  /// - Throws: The reason, in the words of the real engine's decoder: members of a wrong type by name, then what is
  ///   missing.
  init(_ json: ByteView, named name: String, fields: [Field]) throws(InputMismatch) {
    guard var members = ObjectMembers(json) else { throw .invalidType(of: json, expected: "struct \(name)") }
    var found: [Field: ByteView] = [:]
    while let member = members.next() {
      if let field = Field(of: member), fields.contains(field) { found[field] = member.value }
    }
    // In the order of the names.
    for field in Field.allCases { if let value = found[field] { try read(field, value) } }
    if let missing = fields.first(where: { $0 != .id && found[$0] == nil }) { throw .missing(missing.rawValue) }
  }

  private mutating func read(_ field: Field, _ value: ByteView) throws(InputMismatch) {
    switch field {
    case .data: data = value.array
    case .groupID: group = try StateInput.text(value)
    case .id: id = EditableJSON.Kind(of: value) == .null ? nil : try StateInput.text(value)
    case .itemID: item = try StateInput.text(value)
    case .ops:
      operations = try StateInput.operations(value)
      operationsJSON = value.array
    case .streamName: stream = try StateInput.text(value)
    case .type: type = try StateInput.text(value)
    }
  }

  /// The input as it is passed on: its documented members only.
  func payload(_ fields: [Field]) -> [UInt8] {
    var output: [UInt8] = [UInt8(ascii: "{")]
    for field in Field.allCases where fields.contains(field) {
      if output.count > 1 { output.append(UInt8(ascii: ",")) }
      output += "\"\(field.rawValue)\":".utf8
      output += json(field)
    }
    output.append(UInt8(ascii: "}"))
    return output
  }

  private func json(_ field: Field) -> [UInt8] {
    switch field {
    case .data: data
    case .groupID: StreamInput.quoted(group)
    case .id: id.map(StreamInput.quoted) ?? Array("null".utf8)
    case .itemID: StreamInput.quoted(item)
    case .ops: operationsJSON
    case .streamName: StreamInput.quoted(stream)
    case .type: StreamInput.quoted(type)
    }
  }

  static func quoted(_ text: [UInt8]) -> [UInt8] { JSONText.quoted(String(decoding: text, as: UTF8.self)) }

  static func == (a: StreamInput, b: StreamInput) -> Bool { a.payload(Field.allCases) == b.payload(Field.allCases) }
}

extension StreamInput.Field {
  fileprivate init?(of member: ObjectMembers.Member) {
    self.init(rawValue: String(decoding: member.key, as: UTF8.self))
  }
}
