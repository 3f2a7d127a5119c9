/// Numbers of a field's range, as bits.
struct CronSet: Equatable, Sendable {
  let range: ClosedRange<Int>
  private var words: [UInt64]

  /// No numbers.
  init(_ range: ClosedRange<Int>) {
    self.range = range
    words = Array(repeating: 0, count: range.count / 64 + 1)
  }

  mutating func insert(_ first: Int, through last: Int, by step: Int) {
    for number in stride(from: first, through: last, by: step) where range.contains(number) {
      let bit = number - range.lowerBound
      words[bit / 64] |= 1 << UInt64(bit % 64)
    }
  }

  func contains(_ number: Int) -> Bool {
    guard range.contains(number) else { return false }
    let bit = number - range.lowerBound
    return words[bit / 64] & 1 << UInt64(bit % 64) != 0
  }

  /// The smallest number that is not below `minimum`.
  func first(from minimum: Int) -> Int? {
    guard minimum <= range.upperBound else { return nil }
    let bit = max(minimum, range.lowerBound) - range.lowerBound
    var word = bit / 64
    var bits = words[word] & (~0 << UInt64(bit % 64))
    while bits == 0 {
      word += 1
      guard word < words.count else { return nil }
      bits = words[word]
    }
    return range.lowerBound + word * 64 + bits.trailingZeroBitCount
  }
}
