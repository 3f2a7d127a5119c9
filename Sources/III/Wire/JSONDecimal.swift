/// The digits and the exponent of a decimal number, written in the engines' format: without an exponent from 1e-5 to below 1e16.
struct JSONDecimal {
  private let isNegative: Bool
  private let digits: [UInt8]
  /// The position of the decimal point: the value is `0.DIGITS` times ten to this power.
  private let point: Int

  /// Reads the `description` of a finite floating-point value.
  init(_ text: UnsafeBufferPointer<UInt8>) {
    var digits: [UInt8] = []
    digits.reserveCapacity(20)
    var fraction = 0
    var exponent = 0
    var isNegative = false
    var isFraction = false
    var offset = 0
    loop: while offset < text.count {
      let byte = text[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "-"): isNegative = true
      case UInt8(ascii: "."): isFraction = true
      case UInt8(ascii: "e"):
        exponent = Int(String(decoding: UnsafeBufferPointer(rebasing: text[offset...]), as: UTF8.self)) ?? 0
        break loop
      default:
        if isFraction { fraction += 1 }
        if byte != 0x30 || !digits.isEmpty { digits.append(byte) }
      }
    }
    var point = digits.count - fraction + exponent
    while digits.last == 0x30 { digits.removeLast() }
    if digits.isEmpty {
      digits = [0x30]
      point = 1
    }
    self.isNegative = isNegative
    self.digits = digits
    self.point = point
  }

  /// The whole part, which must fit, and the digits after the decimal point.
  var parts: (whole: Int64, fraction: [UInt8]) {
    var whole: Int64 = 0
    for index in 0..<max(point, 0) { whole = whole * 10 + (index < digits.count ? Int64(digits[index] &- 0x30) : 0) }
    let zeros = [UInt8](repeating: 0, count: max(-point, 0))
    return (whole, zeros + digits.dropFirst(max(point, 0)).map { $0 &- 0x30 })
  }

  func write(into buffer: inout JSONBuffer) {
    if isNegative { buffer.append(UInt8(ascii: "-")) }
    switch point {
    case 1...16:
      for index in 0..<max(point, digits.count) {
        if index == point { buffer.append(UInt8(ascii: ".")) }
        buffer.append(index < digits.count ? digits[index] : 0x30)
      }
      if digits.count <= point { buffer.append(".0") }
    case -4...0:
      buffer.append("0.")
      for _ in point..<0 { buffer.append(0x30 as UInt8) }
      for digit in digits { buffer.append(digit) }
    default:
      buffer.append(digits[0])
      if digits.count > 1 {
        buffer.append(UInt8(ascii: "."))
        for digit in digits.dropFirst() { buffer.append(digit) }
      }
      buffer.append("e")
      if point > 0 { buffer.append(UInt8(ascii: "+")) }
      buffer.append(Int64(point - 1))
    }
  }
}
