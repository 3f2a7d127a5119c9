internal import III

extension UpdateOperation {
  /// What is wrong with the operation itself, whatever it is applied to; the first problem found.
  var problem: UpdateProblem? {
    if let problem = pathProblem { return problem }
    guard case .merge(let value) = action else { return nil }
    return value.withView { UpdateOperation.problem(ofMerging: $0) }
  }

  private static let maxPathDepth = 32
  private static let maxSegmentBytes = 256
  private static let maxMergeKeys = 1024
  private static let maxMergeDepth = 16

  /// Names that a JavaScript worker could not merge into an object without changing all of its objects.
  private static let forbiddenNames = ["__proto__", "constructor", "prototype"].map { Array($0.utf8) }

  private var pathProblem: UpdateProblem? {
    func problem(_ code: String, _ message: String) -> UpdateProblem {
      UpdateProblem(code: "\(name).path.\(code)", message: message)
    }
    if path.count > Self.maxPathDepth {
      return problem("too_deep", "Path depth \(path.count) exceeds maximum of \(Self.maxPathDepth)")
    }
    for segment in path {
      if segment.isEmpty { return problem("empty_segment", "Path contains an empty segment") }
      if segment.count > Self.maxSegmentBytes {
        return problem(
          "segment_too_long", "Path segment of \(segment.count) bytes exceeds maximum of \(Self.maxSegmentBytes)")
      }
      if Self.forbiddenNames.contains(segment) {
        let text = String(decoding: segment, as: UTF8.self)
        return problem("proto_polluted", "Path segment '\(text)' is not allowed (prototype pollution).")
      }
    }
    return nil
  }

  private static func problem(ofMerging value: ByteView) -> UpdateProblem? {
    func problem(_ code: String, _ message: String) -> UpdateProblem {
      UpdateProblem(code: "merge.value.\(code)", message: message)
    }
    guard var members = ObjectMembers(value) else {
      return problem("not_an_object", "Merge value must be a JSON object")
    }
    var keys: Set<[UInt8]> = []
    while let member = members.next() { keys.insert(member.key) }
    if keys.count > maxMergeKeys {
      return problem(
        "too_many_keys", "Merge value has \(keys.count) top-level keys, exceeds maximum of \(maxMergeKeys)")
    }
    if let name = forbiddenNames.first(where: { keys.contains($0) }) {
      let text = String(decoding: name, as: UTF8.self)
      return problem("proto_polluted", "Merge value top-level key \"\(text)\" is a prototype-pollution sink")
    }
    let depth = nestingDepth(of: value)
    if depth > maxMergeDepth {
      return problem("too_deep", "Merge value JSON nesting depth \(depth) exceeds maximum of \(maxMergeDepth)")
    }
    return nil
  }

  /// How many arrays and objects are inside one another at the deepest place of a valid value.
  private static func nestingDepth(of json: ByteView) -> Int {
    var depth = 0
    var deepest = 0
    var isInString = false
    var isEscaped = false
    for byte in json.unsafeBytes {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["):
        depth += 1
        deepest = max(deepest, depth)
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      default: break
      }
    }
    return deepest
  }
}
