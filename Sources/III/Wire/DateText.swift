/// Dates as ISO 8601 text of the proleptic Gregorian calendar, in UTC, exact in both directions.
///
/// A date is written with the fewest fraction digits from which the same date is read again: none, three or six if these suffice, otherwise
/// more. Years outside 0 to 9999 have a sign and six digits, as in JavaScript.
enum DateText {
  /// 2001-01-01 in seconds since 1970: the reference date of `Date`.
  private static let reference: Int64 = 978_307_200
  private static let years = -999_999...999_999

  // MARK: Writing

  /// The text of a date in seconds since 2001; nil if the number is not finite or its year has more than six digits.
  static func text(of seconds: Double) -> String? {
    guard seconds.magnitude < 4e13 else { return nil }
    var (whole, fraction) = shortest(seconds) ?? exact(seconds)
    whole += reference
    let day = floorDivision(whole, 86_400)
    let second = whole - day * 86_400
    let (year, month, dayOfMonth) = civil(day)
    guard years.contains(Int(year)) else { return nil }
    var text: [UInt8] = []
    text.reserveCapacity(32)
    if (0...9999).contains(year) {
      append(year, 4, to: &text)
    } else {
      text.append(year < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
      append(year < 0 ? -year : year, 6, to: &text)
    }
    for (separator, number) in [
      ("-", month), ("-", dayOfMonth), ("T", second / 3600), (":", second / 60 % 60), (":", second % 60),
    ] as [(Unicode.Scalar, Int64)] {
      text.append(UInt8(ascii: separator))
      append(number, 2, to: &text)
    }
    if !fraction.isEmpty { text.append(UInt8(ascii: ".")) }
    for digit in fraction { text.append(digit + 0x30) }
    text.append(UInt8(ascii: "Z"))
    return String(decoding: text, as: UTF8.self)
  }

  private static func append(_ number: Int64, _ count: Int, to text: inout [UInt8]) {
    var divisor: Int64 = 1
    for _ in 1..<count { divisor *= 10 }
    while divisor > 0 {
      text.append(UInt8(number / divisor % 10) + 0x30)
      divisor /= 10
    }
  }

  /// Whole seconds since 2001 and the fraction digits: none, three or six, if the same date is read from these.
  private static func shortest(_ seconds: Double) -> (Int64, [UInt8])? {
    for (count, scale) in [(0, 1), (3, 1000), (6, 1_000_000)] as [(Int, Int64)] {
      let scaled = ((seconds + Double(reference)) * Double(scale)).rounded()
      guard scaled.magnitude < 0x1p63 else { return nil }
      let whole = floorDivision(Int64(scaled), scale)
      var rest = Int64(scaled) - whole * scale
      var digits: [UInt8] = []
      for _ in 0..<count {
        digits.insert(UInt8(rest % 10), at: 0)
        rest /= 10
      }
      if value(whole - reference, digits) == seconds { return (whole - reference, digits) }
    }
    return nil
  }

  /// The same with enough digits for a double, at least seven.
  private static func exact(_ seconds: Double) -> (Int64, [UInt8]) {
    var description = seconds.magnitude.description
    var (whole, digits) = description.withUTF8 { JSONDecimal($0).parts }
    if digits.isEmpty { digits = [0] }
    if seconds < 0 {
      if digits.contains(where: { $0 != 0 }) {
        digits = complement(digits)
        whole = -whole - 1
      } else {
        whole = -whole
      }
    }
    while digits.count < 7 { digits.append(0) }
    return (whole, digits)
  }

  // MARK: Reading

  /// The seconds since 2001 of a text; nil if it is not a date in ISO 8601 or RFC 3339.
  static func seconds(_ text: UnsafeRawBufferPointer) -> Double? {
    var scanner = Scanner(text: text)
    guard let year = scanner.year(), scanner.take("-"), let month = scanner.number(2), scanner.take("-"),
      let day = scanner.number(2), scanner.take("T"), let hour = scanner.number(2), scanner.take(":"),
      let minute = scanner.number(2), scanner.take(":"), let second = scanner.number(2),
      (1...12).contains(month), day >= 1, day <= days(ofMonth: month, year), hour < 24, minute < 60, second < 60
    else { return nil }
    var fraction: [UInt8] = []
    if scanner.take(".") {
      fraction = scanner.digits()
      if fraction.isEmpty { return nil }
    }
    guard let offset = scanner.zone(), scanner.isAtEnd else { return nil }
    let whole = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
    return value(whole - reference, fraction)
  }

  private struct Scanner {
    let text: UnsafeRawBufferPointer
    var offset = 0

    var isAtEnd: Bool { offset == text.count }

    /// Takes a character; letters are accepted in both cases, as in RFC 3339.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
      let isLetter = character >= "A"
      guard offset < text.count, text[offset] & (isLetter ? 0xDF : 0xFF) == UInt8(ascii: character) else {
        return false
      }
      offset += 1
      return true
    }

    mutating func number(_ count: Int) -> Int64? {
      guard offset + count <= text.count else { return nil }
      var number: Int64 = 0
      for index in offset..<offset + count {
        let digit = text[index] &- 0x30
        guard digit < 10 else { return nil }
        number = number * 10 + Int64(digit)
      }
      offset += count
      return number
    }

    mutating func digits() -> [UInt8] {
      var digits: [UInt8] = []
      while offset < text.count, text[offset] &- 0x30 < 10 {
        digits.append(text[offset] &- 0x30)
        offset += 1
      }
      return digits
    }

    mutating func year() -> Int64? {
      if take("+") { return number(6) }
      if take("-") { return number(6).map { -$0 } }
      return number(4)
    }

    /// The offset from UTC in seconds of `Z`, `+01:00`, `+0100` or `+01`; positive to the east.
    mutating func zone() -> Int64? {
      if take("Z") { return 0 }
      let isEast = take("+")
      guard isEast || take("-"), let hours = number(2), hours < 24 else { return nil }
      var minutes: Int64 = 0
      if take(":") || !isAtEnd {
        guard let number = number(2), number < 60 else { return nil }
        minutes = number
      }
      return (hours * 3600 + minutes * 60) * (isEast ? 1 : -1)
    }
  }

  // MARK: Values

  /// The date of whole seconds since 2001 and a fraction.
  ///
  /// Up to six digits come from clocks and languages that count from 1970, and are rounded in the same way; more digits are those of the
  /// double that `Date` stores.
  private static func value(_ whole: Int64, _ digits: [UInt8]) -> Double? {
    if digits.allSatisfy({ $0 == 0 }) { return Double(whole) }
    if digits.count <= 6 {
      var scaled = whole + reference
      var scale = 1.0
      for digit in digits {
        scaled = scaled * 10 + Int64(digit)
        scale *= 10
      }
      // Both are exact as doubles, so the division rounds once.
      if scaled.magnitude < 1 << 53 { return Double(scaled) / scale - Double(reference) }
      return decimal(whole + reference, digits).map { $0 - Double(reference) }
    }
    return decimal(whole, digits)
  }

  private static func decimal(_ whole: Int64, _ digits: [UInt8]) -> Double? {
    let isNegative = whole < 0
    let magnitude = isNegative ? -(whole + 1) : whole
    let digits = isNegative ? complement(digits) : digits
    var text = Array("\(isNegative ? "-" : "")\(magnitude).".utf8)
    for digit in digits { text.append(digit + 0x30) }
    return Double(String(decoding: text, as: UTF8.self))
  }

  /// The digits of one minus the fraction, which is not zero.
  private static func complement(_ digits: [UInt8]) -> [UInt8] {
    var result = digits
    var borrow = false
    for index in digits.indices.reversed() {
      if borrow {
        result[index] = 9 - digits[index]
      } else if digits[index] != 0 {
        result[index] = 10 - digits[index]
        borrow = true
      }
    }
    return result
  }

  // MARK: Calendar

  private static func floorDivision(_ a: Int64, _ b: Int64) -> Int64 {
    let quotient = a / b
    return a % b < 0 ? quotient - 1 : quotient
  }

  private static func days(ofMonth month: Int64, _ year: Int64) -> Int64 {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }

  /// The days since 1970. Years begin in March, so that the leap day is the last one.
  private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let era = floorDivision(year, 400)
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  private static func civil(_ days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let days = days + 719_468
    let era = floorDivision(days, 146_097)
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1)
  }
}
