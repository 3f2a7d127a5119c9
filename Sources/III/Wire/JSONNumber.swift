/// A number of a JSON text: its spelling and its value.
struct JSONNumber {
  /// The offset of its first byte.
  var start: Int
  var count = 0
  var isNegative = false
  /// Whether it has no fraction and no exponent.
  var isIntegral = true
  /// All digits as one integer, to be multiplied by ten to `exponent`; invalid if `isLong`.
  private(set) var digits: UInt64 = 0
  var exponent = 0
  /// Whether there are more digits than fit.
  private(set) var isLong = false

  init(start: Int) { self.start = start }

  @inline(__always) mutating func append(_ digit: UInt8) {
    if digits < 1_000_000_000_000_000_000 {
      digits = digits &* 10 &+ UInt64(digit)
    } else {
      appendSlowly(digit)
    }
  }

  private mutating func appendSlowly(_ digit: UInt8) {
    let (product, overflow) = digits.multipliedReportingOverflow(by: 10)
    let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
    if isLong || overflow || carry {
      isLong = true
    } else {
      digits = sum
    }
  }

  /// The value, if it is an integer that fits; nil for `-0`.
  @inline(__always) var int64: Int64? {
    guard isIntegral, !isLong else { return nil }
    if !isNegative { return Int64(exactly: digits) }
    if digits == 0 { return nil }
    return digits <= UInt64(Int64.max) + 1 ? Int64(truncatingIfNeeded: 0 &- digits) : nil
  }

  /// The value, if it is an integer that fits.
  @inline(__always) var uint64: UInt64? { isIntegral && !isLong && !isNegative ? digits : nil }

  /// Whether it is certainly in the range of doubles, without computing it.
  @inline(__always) var isSurelyFinite: Bool { !isLong && exponent < 280 }

  /// The nearest double; nil if that is infinite.
  func double(in cursor: JSONCursor) -> Double? {
    // Exact by Clinger's argument: both operands are exact doubles, and one operation rounds once.
    if !isLong, digits <= 1 << 53, exponent.magnitude <= 22 {
      let power = Self.powersOfTen[Int(exponent.magnitude)]
      let value = exponent < 0 ? Double(digits) / power : Double(digits) * power
      return isNegative ? -value : value
    }
    guard let value = Double(String(decoding: cursor.slice(start, count), as: UTF8.self)), value.isFinite else {
      return nil
    }
    return value
  }

  /// The conversion of a number to an integer type.
  enum Integer<T> {
    case value(T)
    case fraction
    case outOfRange
  }

  /// The number with the spelling `text`, which was validated, as an integer: computed from its digits and never through a double, so that
  /// `1.0` and `9007199254740993e0` are exact.
  static func integer<T: FixedWidthInteger>(_ text: UnsafeRawBufferPointer, as type: T.Type) -> Integer<T> {
    var digits: [UInt8] = []
    var fractionCount = 0
    var offset = 0
    let isNegative = text.first == UInt8(ascii: "-")
    if isNegative { offset = 1 }
    var isFraction = false
    while offset < text.count, text[offset] | 0x20 != UInt8(ascii: "e") {
      let byte = text[offset]
      offset += 1
      if byte == UInt8(ascii: ".") {
        isFraction = true
      } else {
        if isFraction { fractionCount += 1 }
        if byte != 0x30 || !digits.isEmpty { digits.append(byte &- 0x30) }
      }
    }
    var exponent = 0
    if offset < text.count {
      offset += 1
      let isNegative = text[offset] == UInt8(ascii: "-")
      for byte in text[offset...] where byte &- 0x30 < 10 { exponent = min(exponent * 10 + Int(byte &- 0x30), 1 << 48) }
      if isNegative { exponent = -exponent }
    }
    exponent -= fractionCount
    while digits.last == 0 {
      digits.removeLast()
      exponent += 1
    }
    if digits.isEmpty { return .value(0) }
    if exponent < 0 { return .fraction }
    // No integer type here has more than 39 digits.
    if digits.count + exponent > 40 { return .outOfRange }
    var value: T = 0
    for place in 0..<digits.count + exponent {
      let digit = T(place < digits.count ? digits[place] : 0)
      let (product, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, carry) =
        isNegative ? product.subtractingReportingOverflow(digit) : product.addingReportingOverflow(digit)
      if overflow || carry { return .outOfRange }
      value = sum
    }
    return .value(value)
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20,
    1e21, 1e22,
  ]
}
