internal import III

extension UpdateOperation {
  /// Reads one element of `ops`.
  ///
  /// - Throws: The reason, in the words of the real engine's decoder: the type first, then the members by name, then
  ///   what is missing.
  init(_ json: ByteView) throws(InputMismatch) {
    guard EditableJSON.Kind(of: json) == .object else {
      throw .invalidType(of: json, expected: "internally tagged enum UpdateOp")
    }
    let members = Members(json)
    let type = try members.type()
    switch type {
    case "set":
      let path = try members.requiredKey()
      self.init(action: .set(value: members.value ?? Array("null".utf8)), path: path)
    case "merge", "append":
      let path = try members.path()
      guard let value = members.value else { throw .missing("value") }
      self.init(action: type == "merge" ? .merge(value: value) : .append(value: value), path: path)
    case "increment", "decrement":
      let by = try members.integer()
      let path = try members.requiredKey()
      guard let by else { throw .missing("by") }
      self.init(action: type == "increment" ? .increment(by: by) : .decrement(by: by), path: path)
    case "remove": self.init(action: .remove, path: try members.requiredKey())
    default:
      throw InputMismatch(
        reason: "unknown variant `\(type)`, expected one of "
          + "`set`, `merge`, `increment`, `decrement`, `append`, `remove`")
    }
  }

  /// The members of an operation that its decoder knows; of equal keys the last one counts.
  private struct Members {
    private var typeJSON: ByteView?
    private var pathJSON: ByteView?
    private var byJSON: ByteView?
    private var valueJSON: ByteView?

    init(_ json: ByteView) {
      guard var members = ObjectMembers(json) else { return }
      while let member = members.next() {
        if member.isNamed("type") {
          typeJSON = member.value
        } else if member.isNamed("path") {
          pathJSON = member.value
        } else if member.isNamed("by") {
          byJSON = member.value
        } else if member.isNamed("value") {
          valueJSON = member.value
        }
      }
    }

    var value: [UInt8]? { valueJSON?.array }

    func type() throws(InputMismatch) -> String {
      guard let typeJSON else { throw .missing("type") }
      guard JSONText.isString(typeJSON) else { throw .invalidType(of: typeJSON, expected: "variant identifier") }
      return JSONText.unquote(typeJSON)
    }

    /// One key; the empty string is the root.
    func requiredKey() throws(InputMismatch) -> [[UInt8]] {
      guard let pathJSON else { throw .missing("path") }
      guard JSONText.isString(pathJSON) else { throw .invalidType(of: pathJSON, expected: "a string") }
      return Members.key(pathJSON)
    }

    /// One key, several, or none.
    func path() throws(InputMismatch) -> [[UInt8]] {
      guard let pathJSON, EditableJSON.Kind(of: pathJSON) != .null else { return [] }
      if JSONText.isString(pathJSON) { return Members.key(pathJSON) }
      let mismatch = InputMismatch(reason: "data did not match any variant of untagged enum MergePath")
      guard var elements = ArrayElements(pathJSON) else { throw mismatch }
      var path: [[UInt8]] = []
      while let element = elements.next() {
        guard JSONText.isString(element) else { throw mismatch }
        path.append(Array(JSONText.unquote(element).utf8))
      }
      return path
    }

    private static func key(_ json: ByteView) -> [[UInt8]] {
      let text = JSONText.unquote(json)
      return text.isEmpty ? [] : [Array(text.utf8)]
    }

    func integer() throws(InputMismatch) -> Int64? {
      guard let byJSON else { return nil }
      switch try? JSONParser.parse(byJSON) {
      case .int(let number)?: return number
      case .uint(let number)?: throw InputMismatch(reason: "invalid value: integer `\(number)`, expected i64")
      default: throw .invalidType(of: byJSON, expected: "i64")
      }
    }
  }
}
