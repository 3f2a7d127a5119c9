/// A day of the Gregorian calendar in UTC.
struct UTCDate: Equatable {
  var year: Int
  /// 1 to 12.
  var month: Int
  /// 1 to 31.
  var day: Int

  init(year: Int, month: Int, day: Int) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// - Parameter days: Days since 1 January 1970.
  init(daysSince1970 days: Int) {
    // Years that begin in March, so that the leap day is the last one; 400 of them are an era of 146,097 days.
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  var daysSince1970: Int {
    let year = month <= 2 ? self.year - 1 : self.year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    return era * 146_097 + dayOfEra - 719_468
  }

  static func daysIn(month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

/// Moments as RFC 3339 text in UTC, as the real engine writes them: `2026-01-01T00:00:05.001234567+00:00`.
enum UTCTime {
  static let nanosecondsPerSecond: UInt64 = 1_000_000_000

  /// - Parameter nanoseconds: Since 1970. The fraction has 0, 3, 6 or 9 digits.
  static func text(nanoseconds: UInt64) -> String {
    let seconds = Int(nanoseconds / nanosecondsPerSecond)
    let date = UTCDate(daysSince1970: seconds / 86_400)
    let time = seconds % 86_400
    var text = padded(date.year, 4) + "-" + padded(date.month, 2) + "-" + padded(date.day, 2)
    text += "T" + padded(time / 3600, 2) + ":" + padded(time / 60 % 60, 2) + ":" + padded(time % 60, 2)
    var fraction = Int(nanoseconds % nanosecondsPerSecond)
    if fraction != 0 {
      var digits = 9
      while digits > 3 && fraction % 1000 == 0 {
        fraction /= 1000
        digits -= 3
      }
      text += "." + padded(fraction, digits)
    }
    return text + "+00:00"
  }

  private static func padded(_ number: Int, _ digits: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}
