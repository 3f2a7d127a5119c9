internal import III

/// Times as nanoseconds since 1970. Workers may send any number, so arithmetic saturates.
extension UInt64 {
  func addingClamping(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  func multipliedClamping(by factor: UInt64) -> UInt64 {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }

  /// Milliseconds, given as nanoseconds.
  init(milliseconds: UInt64) { self = milliseconds.multipliedClamping(by: 1_000_000) }

  /// Seconds, given as nanoseconds.
  init(seconds: UInt64) { self = seconds.multipliedClamping(by: 1_000_000_000) }

  var milliseconds: UInt64 { self / 1_000_000 }
}

extension JSONValue {
  /// A number of any size.
  static func number(_ number: UInt64) -> JSONValue { Int64(exactly: number).map { .int($0) } ?? .uint(number) }

  /// The string, or null.
  static func text(_ text: String?) -> JSONValue { text.map { .string($0) } ?? .null }
}
