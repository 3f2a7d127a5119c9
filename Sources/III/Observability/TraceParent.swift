/// The position of a span in its trace, and its W3C form: https://www.w3.org/TR/trace-context/
struct TraceParent: Sendable, Equatable {
  var traceID: UUID128
  var spanID: UInt64
  /// Whether the trace is recorded.
  var isSampled = true

  init(traceID: UUID128, spanID: UInt64, isSampled: Bool = true) {
    self.traceID = traceID
    self.spanID = spanID
    self.isSampled = isSampled
  }

  /// Reads a `traceparent`: `nil` if it is not valid. Versions after 00 may have further parts.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    let hyphen = UInt8(ascii: "-")
    guard bytes.count >= 55, bytes[2] == hyphen, bytes[35] == hyphen, bytes[52] == hyphen,
      let version = Self.number(bytes[0..<2]), version != 0xFF,
      bytes.count == 55 || version > 0 && bytes[55] == hyphen,
      let high = Self.number(bytes[3..<19]), let low = Self.number(bytes[19..<35]), high | low != 0,
      let spanID = Self.number(bytes[36..<52]), spanID != 0, let flags = Self.number(bytes[53..<55])
    else { return nil }
    traceID = UUID128(high: high, low: low)
    self.spanID = spanID
    isSampled = flags & 1 == 1
  }

  /// The value of lower-case hexadecimal digits.
  private static func number(_ digits: ArraySlice<UInt8>) -> UInt64? {
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
      default: return nil
      }
    }
    return value
  }

  /// The `traceparent` that a call carries.
  var text: String { "00-\(traceIDText)-\(spanIDText)-\(isSampled ? "01" : "00")" }

  var traceIDText: String { traceID.high.hexDigits + traceID.low.hexDigits }
  var spanIDText: String { spanID.hexDigits }
}
