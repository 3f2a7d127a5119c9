extension Duration {
  /// Whole nanoseconds, rounded up, so that no timer fires early. A negative duration is zero, an infinite one the largest number.
  package var nanoseconds: UInt64 {
    let (seconds, attoseconds) = components
    guard seconds >= 0, attoseconds >= 0 else { return 0 }
    let (whole, overflow) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
    let (sum, carry) = whole.addingReportingOverflow((UInt64(attoseconds) + 999_999_999) / 1_000_000_000)
    return overflow || carry ? .max : sum
  }

  /// Whole milliseconds, rounded up; at least 1 for any duration above zero.
  package var milliseconds: UInt64 {
    let nanoseconds = self.nanoseconds
    return nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 == 0 ? 0 : 1)
  }

  package static func nanoseconds(clamping value: UInt64) -> Duration {
    .nanoseconds(Int64(clamping: value))
  }
}

extension UInt64 {
  /// The moment `span` after this one; the largest number if it would overflow.
  package func advanced(by span: Duration) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(span.nanoseconds)
    return overflow ? .max : sum
  }
}
