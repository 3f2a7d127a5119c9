/// The middle of some values, 0 of none.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  if sorted.isEmpty { return 0 }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/// The value below which `share` of them lie, 0 of none.
func percentile(_ values: [UInt64], _ share: Double) -> Double {
  let sorted = values.sorted()
  if sorted.isEmpty { return 0 }
  return Double(sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))])
}

extension Double {
  /// With so many digits behind the point.
  func text(_ digits: Int) -> String {
    if !isFinite { return "–" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    let scaled = (self * scale).rounded()
    let whole = (scaled / scale).rounded(.towardZero)
    let sign = scaled < 0 && whole == 0 ? "-" : ""
    if digits == 0 { return sign + Int(whole).grouped }
    var fraction = String(Int(abs(scaled - whole * scale).rounded()))
    while fraction.count < digits { fraction = "0" + fraction }
    return sign + Int(whole).grouped + "." + fraction
  }
}

extension Int {
  /// With a comma at every thousand.
  var grouped: String {
    var rest = String(magnitude)
    var groups: [String] = []
    while rest.count > 3 {
      groups.insert(String(rest.suffix(3)), at: 0)
      rest.removeLast(3)
    }
    groups.insert(rest, at: 0)
    return (self < 0 ? "-" : "") + groups.joined(separator: ",")
  }
}
