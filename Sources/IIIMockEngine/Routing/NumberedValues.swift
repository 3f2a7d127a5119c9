/// Values under small numbers that stay the same until the value is removed; then the number is used again.
struct NumberedValues<Value> {
  private var values: [Value?] = []
  private var free: [UInt32] = []

  var count: Int { values.count - free.count }

  /// For how many values memory is held.
  var capacity: Int { values.count }

  /// The values, in the order of their numbers.
  var all: [Value] { values.compactMap { $0 } }

  /// Whether memory for many more values is held than there are. Numbers cannot move, so the owner builds its table
  /// again; what that costs was paid by as many removals.
  var isSparse: Bool { values.count >= 4096 && count < values.count / 8 }

  mutating func insert(_ value: consuming Value) -> UInt32 {
    if let number = free.popLast() {
      values[Int(number)] = consume value
      return number
    }
    values.append(consume value)
    return UInt32(values.count - 1)
  }

  subscript(number: UInt32) -> Value? {
    get { values[Int(number)] }
    _modify { yield &values[Int(number)] }
  }

  /// Removes a value; `nil` if there is none, or never was.
  mutating func remove(_ number: UInt32) -> Value? {
    // Taken and not read: a value holds references, and a copy would count them up and down.
    guard Int(number) < values.count, let value = values[Int(number)].take() else { return nil }
    free.append(number)
    return value
  }
}
