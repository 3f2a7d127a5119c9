/// Reading members: required ones and optional ones.
extension Envelope {
  /// The problem with a message whose `type` is missing or unknown.
  package var typeProblem: FrameProblem {
    guard self[.type].isPresent else { return .missingType }
    guard let type = text(.type) else { return .wrongType(.type, expected: "a string") }
    return .unknownType(String(type.prefix(64)))
  }

  /// Throws if one of the fields occurs twice, because it is then ambiguous.
  @inline(__always) func refuseRepeated(_ fields: @autoclosure () -> [Field]) throws(FrameProblem) {
    if repeated != 0 { try refuse(fields()) }
  }

  private func refuse(_ fields: [Field]) throws(FrameProblem) {
    for field in fields where isRepeated(field) { throw .repeated(field) }
  }

  /// The value of a required member; may be null.
  @inline(__always) func requiredValue(_ field: Field) throws(FrameProblem) -> ByteView {
    guard has(field) else { throw .missing(field) }
    return bytes[self[field]]
  }

  /// The value of a member; `nil` if it is absent or null.
  @inline(__always) package func value(_ field: Field) -> ByteView? {
    guard has(field) else { return nil }
    let value = bytes[self[field]]
    return value.isNull ? nil : value
  }

  @inline(__always) func requiredString(_ field: Field) throws(FrameProblem) -> WireString {
    guard let string = WireString(try requiredValue(field), hasEscapes: hasEscapes(field)) else {
      throw .wrongType(field, expected: "a string")
    }
    return string
  }

  /// The string of a member; `nil` if it is absent or null.
  @inline(__always) func string(_ field: Field) throws(FrameProblem) -> WireString? {
    guard let value = value(field) else { return nil }
    guard let string = WireString(value, hasEscapes: hasEscapes(field)) else {
      throw .wrongType(field, expected: "a string")
    }
    return string
  }

  @inline(__always) func requiredID(_ field: Field) throws(FrameProblem) -> UUID128 {
    guard let id = UUID128(try requiredString(field)) else { throw .notAnID(field) }
    return id
  }

  /// The UUID of a member; `nil` if it is absent or null.
  @inline(__always) func id(_ field: Field) throws(FrameProblem) -> UUID128? {
    guard let string = try string(field) else { return nil }
    guard let id = UUID128(string) else { throw .notAnID(field) }
    return id
  }

  /// The text of a string; `nil` if there is none.
  package func text(_ field: Field) -> String? {
    guard let value = value(field) else { return nil }
    return WireString(value, hasEscapes: hasEscapes(field))?.text
  }
}

extension ByteView {
  /// Whether these bytes are the value null.
  var isNull: Bool { count == 4 && self[0] == 0x6E }
}

extension UUID128 {
  init?(_ string: WireString) {
    if string.hasEscapes { self.init(string.text) } else { self.init(string.inner) }
  }
}
