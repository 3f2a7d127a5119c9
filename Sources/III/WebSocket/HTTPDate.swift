/// Dates in HTTP headers (RFC 9110 §5.6.7, IMF-fixdate), computed without a library.
package enum HTTPDate {
  /// A date such as `Sun, 06 Nov 1994 08:49:37 GMT`, from seconds since 1970 in UTC.
  package static func text(secondsSinceEpoch: Int64) -> String {
    let (days, second) = floorDivision(secondsSinceEpoch, 86_400)
    let (year, month, day) = civil(days)
    // Day 0 was a Thursday.
    let weekday = Int(floorDivision(days + 4, 7).remainder)
    let names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    let time = "\(pad(second / 3600, 2)):\(pad(second / 60 % 60, 2)):\(pad(second % 60, 2))"
    return "\(names[weekday]), \(pad(day, 2)) \(months[Int(month) - 1]) \(pad(year, 4)) \(time) GMT"
  }

  /// The Gregorian date of a day, counted in eras of 400 years that begin in March.
  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, dayOfEra) = floorDivision(days + 719_468, 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
  }

  private static func floorDivision(_ value: Int64, _ divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }

  private static func pad(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
  }
}
