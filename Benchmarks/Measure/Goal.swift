/// What a figure must reach, and whether it does.
enum Goal {
  case atMost(Double)
  case atLeast(Double)
  /// For information.
  case none

  func verdict(_ value: Double, digits: Int = 2) -> String {
    if !value.isFinite { return "" }
    switch self {
    case .atMost(let limit): return (value <= limit ? "≤ " : "MISSED: ≤ ") + limit.text(digits)
    case .atLeast(let limit): return (value >= limit ? "≥ " : "MISSED: ≥ ") + limit.text(digits)
    case .none: return ""
    }
  }
}
