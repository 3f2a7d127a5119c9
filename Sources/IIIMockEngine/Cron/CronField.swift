internal import III

/// One field of a cron expression: its range, and the names that stand for its numbers.
struct CronField {
  let name: String
  let range: ClosedRange<Int>
  /// Names in lower case; those of the months and days of the week.
  var names: [ByteKey: Int] = [:]
  /// Whether `?` may stand for `*`.
  var takesQuestionMark = false

  /// In the order in which an expression has them; the year may be left out.
  static let all = [second, minute, hour, dayOfMonth, month, dayOfWeek, year]

  static let second = CronField(name: "second", range: 0...59)
  static let minute = CronField(name: "minute", range: 0...59)
  static let hour = CronField(name: "hour", range: 0...23)
  static let dayOfMonth = CronField(name: "day of month", range: 1...31, takesQuestionMark: true)
  static let month = CronField(
    name: "month", range: 1...12,
    names: numbered([
      "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
      "december",
    ]))
  /// 1 is Sunday.
  static let dayOfWeek = CronField(
    name: "day of week", range: 1...7,
    names: numbered(["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"])
      .merging(["tues": 3, "thurs": 5]) { name, _ in name },
    takesQuestionMark: true)
  static let year = CronField(name: "year", range: 1970...2100)

  /// Full names and their first three letters, numbered from 1.
  private static func numbered(_ names: [String]) -> [ByteKey: Int] {
    var numbers: [ByteKey: Int] = [:]
    for (index, name) in names.enumerated() {
      numbers[ByteKey(name)] = index + 1
      numbers[ByteKey(String(name.prefix(3)))] = index + 1
    }
    return numbers
  }
}

extension CronField {
  /// The numbers that the text of a field stands for.
  ///
  /// - Throws: What is wrong with it, in words that name the field.
  func numbers(_ text: Substring) throws(CronError) -> CronSet {
    var numbers = CronSet(range)
    for item in text.split(separator: ",", omittingEmptySubsequences: false) {
      try add(item, to: &numbers)
    }
    return numbers
  }

  private func add(_ item: Substring, to numbers: inout CronSet) throws(CronError) {
    let parts = item.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let isStepped = parts.count == 2
    let (first, end) = try bounds(parts[0], isStepped: isStepped)
    guard isStepped else { return numbers.insert(first, through: end, by: 1) }
    guard let step = CronField.number(parts[1]) else {
      throw CronError("\(name): the step in '\(item)' is not a number")
    }
    if step == 0 { throw CronError("\(name): range step cannot be zero") }
    if step > range.upperBound {
      throw CronError("\(name): the step in '\(item)' must be at most \(range.upperBound)")
    }
    // A single number with a step goes on to the end of the field.
    let last = CronField.number(parts[0]) == nil ? end : range.upperBound
    numbers.insert(first, through: last, by: step)
  }

  /// What stands before a step, or alone: all, a number, a name, or a range of numbers or of names.
  private func bounds(_ text: Substring, isStepped: Bool) throws(CronError) -> (first: Int, last: Int) {
    if text == "*" || (text == "?" && takesQuestionMark) { return (range.lowerBound, range.upperBound) }
    if text == "?" { throw CronError("\(name): `?` is allowed in the two day fields only") }
    let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
    let first = try value(ends[0], of: text)
    guard ends.count == 2 else {
      if isStepped && first.isName { throw CronError("\(name): a step cannot follow the name '\(text)'") }
      return (first.number, first.number)
    }
    let last = try value(ends[1], of: text)
    if first.isName != last.isName { throw CronError("\(name): '\(text)' mixes a name and a number") }
    if first.number > last.number { throw CronError("\(name): the range '\(text)' ends before it begins") }
    return (first.number, last.number)
  }

  private func value(_ text: Substring, of item: Substring) throws(CronError) -> (number: Int, isName: Bool) {
    if let number = CronField.number(text) {
      guard range.contains(number) else {
        throw CronError("\(name): \(text) is not between \(range.lowerBound) and \(range.upperBound)")
      }
      return (number, false)
    }
    guard let number = names[ByteKey(text.lowercased())] else {
      throw CronError("\(name): '\(item)' is not a value of this field")
    }
    return (number, true)
  }

  /// Digits only: no sign, as `Int` would take it. What is too large to be stored is out of every range.
  private static func number(_ text: Substring) -> Int? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int(text) ?? .max
  }
}
