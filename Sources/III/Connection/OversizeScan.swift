/// What was read from a message that was too large to be stored.
struct OversizedMessage: Equatable {
  var kind: FrameKind?
  var invocationID: UUID128?
  var functionID: String?
  /// Its size in bytes.
  var count: Int
}

/// Finds the type and the ids of a JSON message that arrives in parts and is not stored, at any position in it.
///
/// It tracks strings and nesting, and keeps only the short strings at the top level. It does not check that the message is valid.
struct OversizeScan {
  private enum Place {
    /// Before a member's name.
    case name
    /// After a name, before the value.
    case value
    /// Within a value that is skipped, or after a value.
    case other
  }

  private var count = 0
  private var depth = 0
  private var place = Place.other
  private var isInString = false
  private var isEscaped = false
  /// The top-level string that is being read, without its quotes; `nil` within any other string.
  private var text: [UInt8]?
  private var hasEscapes = false
  private var name: [UInt8] = []
  private var members: [String: String] = [:]

  /// Longer strings are skipped.
  private static let longest = 4 << 10
  private static let names: Set<String> = ["type", "invocation_id", "function_id"]

  /// What has been found so far.
  var message: OversizedMessage {
    OversizedMessage(
      kind: members["type"].flatMap { type in Array("\"\(type)\"".utf8).withView { FrameKind(value: $0) } },
      invocationID: members["invocation_id"].flatMap { UUID128($0) }, functionID: members["function_id"], count: count)
  }

  mutating func read(_ part: ByteView) {
    count += part.count
    for byte in part.unsafeBytes {
      if isInString { readString(byte) } else { readStructure(byte) }
    }
  }

  private mutating func readString(_ byte: UInt8) {
    if isEscaped {
      isEscaped = false
    } else if byte == UInt8(ascii: "\\") {
      isEscaped = true
      hasEscapes = true
    } else if byte == UInt8(ascii: "\"") {
      isInString = false
      if text != nil { endText() }
      return
    }
    guard let length = text?.count else { return }
    if length < Self.longest { text?.append(byte) } else { text = nil }
  }

  private mutating func endText() {
    let bytes = text ?? []
    text = nil
    switch place {
    case .name: name = bytes
    case .value:
      let key = String(decoding: name, as: UTF8.self)
      if Self.names.contains(key), members[key] == nil {
        members[key] =
          hasEscapes ? bytes.withUnsafeBytes { JSONText.text(of: $0) } : String(decoding: bytes, as: UTF8.self)
      }
      place = .other
    case .other: break
    }
  }

  private mutating func readStructure(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: "\""):
      isInString = true
      hasEscapes = false
      text = depth == 1 && place != .other ? [] : nil
    case UInt8(ascii: "{"), UInt8(ascii: "["):
      depth += 1
      place = depth == 1 && byte == UInt8(ascii: "{") ? .name : .other
    case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
    case UInt8(ascii: ",") where depth == 1: place = .name
    case UInt8(ascii: ":") where depth == 1: place = .value
    default: break
    }
  }
}
