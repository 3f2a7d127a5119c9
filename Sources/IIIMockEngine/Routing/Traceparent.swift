internal import III

/// A W3C `traceparent`: https://www.w3.org/TR/trace-context/#traceparent-header
struct Traceparent: Equatable {
  let traceID: String
  let spanID: String
  let flags: String

  private init(traceID: String, spanID: String, flags: String) {
    self.traceID = traceID
    self.spanID = spanID
    self.flags = flags
  }

  /// `nil` if the text without blanks around it is not a valid header.
  init?(_ text: String) {
    let parts = text.drop { $0 == " " || $0 == "\t" }.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 4 else { return nil }
    let flags = parts.count == 4 ? parts[3].prefix { $0 != " " && $0 != "\t" } : parts[3]
    guard Traceparent.isHex(parts[0], 2), parts[0] != "ff", parts.count == 4 || parts[0] != "00",
      Traceparent.isHex(parts[1], 32), parts[1].contains(where: { $0 != "0" }),
      Traceparent.isHex(parts[2], 16), parts[2].contains(where: { $0 != "0" }), Traceparent.isHex(flags, 2)
    else { return nil }
    traceID = String(parts[1])
    spanID = String(parts[2])
    self.flags = String(flags)
  }

  private static func isHex(_ text: Substring, _ count: Int) -> Bool {
    text.utf8.count == count && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
  }

  /// The first span of a new trace, sampled.
  ///
  /// - Parameter newID: Gives ids.
  static func random(_ newID: () -> UUID128) -> Traceparent {
    let id = newID()
    return Traceparent(traceID: hex(id.high, 16) + hex(id.low, 16), spanID: hex(newID().low, 16), flags: "01")
  }

  /// A new span of the same trace.
  func child(_ newID: () -> UUID128) -> Traceparent {
    Traceparent(traceID: traceID, spanID: Traceparent.hex(newID().low, 16), flags: flags)
  }

  private static func hex(_ value: UInt64, _ count: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: count - text.count) + text
  }

  /// The header as a JSON string.
  var quoted: [UInt8] { Array("\"00-\(traceID)-\(spanID)-\(flags)\"".utf8) }
}
