/// An outline together with its bytes: reads members as a kind of message requires them.
package struct FrameMembers {
  package let envelope: Envelope
  package let bytes: ByteView

  package init(_ envelope: Envelope, _ bytes: ByteView) {
    self.envelope = envelope
    self.bytes = bytes
  }

  /// Why the message's `type` names no kind.
  package var typeProblem: FrameProblem {
    let range = envelope[.type]
    guard range.isPresent else { return .missingType }
    guard let type = WireString(bytes[range]) else { return .wrongType(.type, expected: "a string") }
    return .unknownType(String(type.text.prefix(64)))
  }

  /// Throws if one of the fields stands twice: it would not be clear which one counts.
  func refuseRepeated(_ fields: Envelope.Field...) throws(FrameProblem) {
    for field in fields where envelope.isRepeated(field) { throw .repeated(field) }
  }

  /// Any value, null included, that must be there.
  func requiredValue(_ field: Envelope.Field) throws(FrameProblem) -> ByteView {
    let range = envelope[field]
    guard range.isPresent else { throw .missing(field) }
    return bytes[range]
  }

  /// Any value; null is none.
  func value(_ field: Envelope.Field) -> ByteView? {
    let range = envelope[field]
    guard range.isPresent else { return nil }
    let value = bytes[range]
    return value.isNull ? nil : value
  }

  func requiredString(_ field: Envelope.Field) throws(FrameProblem) -> WireString {
    guard let string = WireString(try requiredValue(field)) else { throw .wrongType(field, expected: "a string") }
    return string
  }

  /// A string; null is none.
  func string(_ field: Envelope.Field) throws(FrameProblem) -> WireString? {
    guard let value = value(field) else { return nil }
    guard let string = WireString(value) else { throw .wrongType(field, expected: "a string") }
    return string
  }

  func requiredID(_ field: Envelope.Field) throws(FrameProblem) -> UUID128 {
    guard let id = UUID128(try requiredString(field)) else { throw .notAnID(field) }
    return id
  }

  /// A UUID; null is none.
  func id(_ field: Envelope.Field) throws(FrameProblem) -> UUID128? {
    guard let string = try string(field) else { return nil }
    guard let id = UUID128(string) else { throw .notAnID(field) }
    return id
  }
}

extension ByteView {
  /// Whether the value whose bytes these are is null.
  var isNull: Bool { count == 4 && self[0] == 0x6E }
}

extension UUID128 {
  init?(_ string: WireString) {
    if string.hasEscapes { self.init(string.text) } else { self.init(string.inner) }
  }
}
