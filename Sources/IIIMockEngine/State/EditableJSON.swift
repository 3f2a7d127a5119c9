internal import III

/// A JSON value under change.
///
/// Only the objects that an operation reaches into are taken apart; everything else keeps the sender's bytes, so that
/// the order of members and the spelling of numbers survive an update.
struct EditableJSON {
  private enum Content {
    case raw([UInt8])
    /// Members by the decoded text of their keys.
    case object(OrderedTable<[UInt8], Member>)
  }

  private struct Member {
    /// The key between its quotes, as its sender spelled it.
    let spelledKey: [UInt8]
    var value: EditableJSON
  }

  enum Kind: String {
    case null, boolean, number, string, array, object

    /// - Parameter json: A value without blanks around it.
    init(of json: ByteView) {
      self =
        switch json.isEmpty ? 0 : json[0] {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: .number
        }
    }
  }

  private var content: Content

  /// - Parameter json: A valid value without blanks around it.
  init(_ json: [UInt8]) { content = .raw(json) }

  static var emptyObject: EditableJSON { EditableJSON(Array("{}".utf8)) }
  static var null: EditableJSON { EditableJSON(Array("null".utf8)) }

  var kind: Kind {
    switch content {
    case .object: .object
    case .raw(let json): json.withView { Kind(of: $0) }
    }
  }

  var bytes: [UInt8] {
    if case .raw(let json) = content { return json }
    var output: [UInt8] = []
    write(into: &output)
    return output
  }

  private func write(into output: inout [UInt8]) {
    switch content {
    case .raw(let json): output += json
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      var isFirst = true
      for (_, member) in members {
        if !isFirst { output.append(UInt8(ascii: ",")) }
        isFirst = false
        output.append(UInt8(ascii: "\""))
        output += member.spelledKey
        output += "\":".utf8
        member.value.write(into: &output)
      }
      output.append(UInt8(ascii: "}"))
    }
  }
}

// MARK: Objects

extension EditableJSON {
  /// Puts `{}` in the place of anything that is not an object.
  mutating func makeObject() { if kind != .object { self = .emptyObject } }

  /// The value of a member; `nil` if there is none or this is no object.
  mutating func member(_ key: [UInt8]) -> EditableJSON? {
    takeApart()
    guard case .object(let members) = content else { return nil }
    return members[key]?.value
  }

  /// Sets a member of an object; one that is there keeps its place.
  mutating func setMember(_ key: [UInt8], _ value: EditableJSON) {
    changeMembers { members in
      if members.modify(key, { $0.value = value }) == nil {
        members.set(key, Member(spelledKey: EditableJSON.spelling(of: key), value: value))
      }
    }
  }

  mutating func removeMember(_ key: [UInt8]) { changeMembers { $0.remove(key) } }

  /// Changes a member of an object in place; `nil` if there is none.
  mutating func modifyMember<Result>(_ key: [UInt8], _ body: (inout EditableJSON) -> Result) -> Result? {
    var result: Result?
    changeMembers { members in result = members.modify(key) { body(&$0.value) } }
    return result
  }

  /// Takes over the members of a JSON object; of equal keys the later one counts.
  mutating func merge(_ object: [UInt8]) {
    changeMembers { members in
      object.withView { view in EditableJSON.add(view, to: &members) }
    }
  }

  private mutating func takeApart() {
    guard kind == .object, case .raw(let json) = content else { return }
    var members = OrderedTable<[UInt8], Member>()
    json.withView { view in EditableJSON.add(view, to: &members) }
    content = .object(members)
  }

  private mutating func changeMembers(_ body: (inout OrderedTable<[UInt8], Member>) -> Void) {
    takeApart()
    guard case .object(var members) = content else { return }
    // Only `members` refers to the table now: it is changed in place.
    content = .raw([])
    body(&members)
    content = .object(members)
  }

  private static func add(_ object: ByteView, to members: inout OrderedTable<[UInt8], Member>) {
    guard var found = ObjectMembers(object) else { return }
    while let member = found.next() {
      let key = member.key
      let value = EditableJSON(member.value.array)
      if members.modify(key, { $0.value = value }) == nil {
        members.set(key, Member(spelledKey: member.keyHasEscapes ? member.rawKey.array : key, value: value))
      }
    }
  }

  private static func spelling(of key: [UInt8]) -> [UInt8] {
    Array(JSONText.quoted(String(decoding: key, as: UTF8.self)).dropFirst().dropLast())
  }
}

// MARK: Arrays, strings, numbers

extension EditableJSON {
  /// Adds an element at the end of an array.
  mutating func appendElement(_ value: [UInt8]) {
    guard case .raw(var json) = content else { return }
    content = .raw([])
    json.removeLast()
    let isEmpty = !json.dropFirst().contains { !EditableJSON.isBlank($0) }
    if !isEmpty { json.append(UInt8(ascii: ",")) }
    json += value
    json.append(UInt8(ascii: "]"))
    content = .raw(json)
  }

  /// Adds the text of a JSON string to a string.
  mutating func appendText(_ string: [UInt8]) {
    guard case .raw(var json) = content else { return }
    content = .raw([])
    json.removeLast()
    json += string.dropFirst()
    content = .raw(json)
  }

  /// Adds to a number; `false` if the result is an integer that JSON readers do not keep, or this is no number.
  mutating func add(_ amount: Int128) -> Bool {
    guard case .raw(let json) = content, let value = json.withView({ try? JSONParser.parse($0) })
    else { return false }
    let sum: JSONValue
    switch value {
    case .int(let number): sum = .integer(Int128(number) + amount) ?? .null
    case .uint(let number): sum = .integer(Int128(number) + amount) ?? .null
    case .double(let number): sum = .double(number + Double(amount))
    default: return false
    }
    guard sum != .null else { return false }
    content = .raw(sum.jsonBytes)
    return true
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }
}

extension JSONValue {
  /// An integer between −2^63 and 2^64−1; `nil` beyond.
  static func integer(_ number: Int128) -> JSONValue? {
    if let number = Int64(exactly: number) { return .int(number) }
    return UInt64(exactly: number).map { .uint($0) }
  }
}
